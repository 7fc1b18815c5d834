// `npm run test:browser`: the dashboard and the site in a real browser. Its tools are installed here, apart from a learner's packages.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepare } from '../../scripts/prepare.mjs';
import { spawnable } from '../../scripts/systems.mjs';
import { HOW_TO_INSTALL, findChromium } from './chromium.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

if (!findChromium()) {
  console.log(`browser tests skipped: no Chromium or Chrome was found. ${HOW_TO_INSTALL}`);
  process.exit(0);
}
prepare();
if (!existsSync(`${here}node_modules`))
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], here);
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '-c', 'test/browser/vitest.config.js'], root);

function run(command, args, cwd) {
  const { status } = spawnSync(...spawnable(process.platform, command, args, { cwd, stdio: 'inherit' }));
  if (status !== 0) process.exit(status ?? 1);
}
