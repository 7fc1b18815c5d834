// `npm run test:soak`: 100 000 simulated clusters with faults (npm test has 200); a number of your own as argument.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const given = process.argv[2] ?? '100000';
if (!/^[1-9]\d*$/.test(given) || process.argv.length > 3) {
  process.stderr.write(
    `test:soak takes one number of simulations, got '${process.argv.slice(2).join(' ')}'.\n`,
  );
  process.exit(2);
}
prepare();
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/simulation'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
  env: { ...process.env, LOLA_SIMULATIONS: given },
});
process.exit(status ?? 1);
