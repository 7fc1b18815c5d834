// `npm run kernel`: registers this clone's kernel with the reader's Jupyter, so that VS Code, or a Jupyter started
// elsewhere, finds it. `npm run kernel -- --remove` undoes that, and touches nothing that this command did not write.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';
import { jupyterFolder } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const MARK = 'lolas-pi'; // in the metadata of what we write: the clone that it serves
const HELP = `Usage: npm run kernel [-- --remove]

Registers this clone's TypeScript kernel for VS Code, or for a Jupyter started elsewhere.
  --remove   undo it
  --help     print this text
Exit code: 0 done, 1 another kernel is in the way, 2 unknown flag.
`;

/** What is registered there: 'nothing', 'ours' (of any clone) or 'another'. */
function registered(file) {
  if (!existsSync(file)) return 'nothing';
  try {
    return JSON.parse(readFileSync(file, 'utf8')).metadata[MARK] === undefined ? 'another' : 'ours';
  } catch {
    return 'another';
  }
}

function register(file) {
  if (registered(file) === 'another') {
    say(
      `${file} is there, and this command did not write it. It can stay: started in this clone, tslab runs the`,
    );
    say("clone's own copy. To have it replaced: `jupyter kernelspec remove tslab`, then run this again.");
    return 1;
  }
  prepare();
  const folder = join(root, 'jupyter', 'kernels', 'tslab');
  const spec = JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8'));
  // Absolute paths: what is started from a desktop knows neither this folder nor, often, this Node.
  const argv = spec.argv.map((arg) =>
    arg.replace(/^node$/, process.execPath).replace('{resource_dir}', folder),
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...spec, argv, metadata: { [MARK]: root } }, null, 2)}\n`);
  say(`registered the kernel '${spec.display_name}' in ${file}`);
  say(
    'Run this again after this clone has moved, or after a change of Node. To undo it: npm run kernel -- --remove',
  );
  return 0;
}

function remove(file) {
  const found = registered(file);
  if (found === 'another') say(`${file} stays: this command did not write it.`);
  if (found === 'nothing') say(`nothing to remove: there is no ${file}`);
  if (found !== 'ours') return found === 'another' ? 1 : 0;
  unlinkSync(file);
  if (readdirSync(dirname(file)).length === 0) rmdirSync(dirname(file));
  say(`removed ${file}`);
  return 0;
}

function say(text) {
  process.stdout.write(`lolas-pi: ${text}\n`);
}

function main(args) {
  const unknown = args.find((arg) => arg !== '--remove' && arg !== '--help');
  if (unknown !== undefined) {
    process.stderr.write(`npm run kernel: unknown argument '${unknown}'. Known: --remove, --help.\n`);
    return 2;
  }
  if (args.includes('--help')) process.stdout.write(HELP);
  else return change(args.includes('--remove') ? remove : register);
  return 0;
}

/** Without a home, or in one that is read-only, says so. */
function change(act) {
  try {
    const folder = jupyterFolder(process.platform, process.env, homedir);
    return act(join(folder, 'kernels', 'tslab', 'kernel.json'));
  } catch (error) {
    if (error.code === undefined) throw error;
    const remedy = 'Set HOME or JUPYTER_DATA_DIR to a folder that you may write to.';
    process.stderr.write(`npm run kernel: ${error.message}. ${remedy}\n`);
    return 1;
  }
}

process.exitCode = main(process.argv.slice(2));
