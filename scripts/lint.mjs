// `npm run lint` checks, `npm run format` (--write) mends: prettier, eslint and the types of lib, test and site.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';
import { installHere } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(root, 'scripts', 'lint');
const write = process.argv.includes('--write');

function run(command, args, cwd = root) {
  return spawnSync(command, args, { cwd, stdio: 'inherit' }).status === 0;
}
const node = (file, ...args) => run(process.execPath, [file, ...args]);

prepare();
if (!existsSync(join(tools, 'node_modules'))) installHere(tools);
const module = (...parts) => join(tools, 'node_modules', ...parts);
const passed = [
  node(module('prettier', 'bin', 'prettier.cjs'), write ? '--write' : '--check', '--log-level', 'warn', '.'),
  node(module('eslint', 'bin', 'eslint.js'), ...(write ? ['--fix'] : []), '.'),
  ...['test', 'site'].map((folder) =>
    node(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, folder)),
  ),
];
process.exit(passed.every(Boolean) ? 0 : 1);
