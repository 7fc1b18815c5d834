// `node scripts/record-slurm.mjs`: runs notebook 07 on a Slurm of its own and keeps what its commands printed, in
// episodes/recorded/slurm.json, for readers who have no Slurm.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine } from './machine.mjs';
import { prepare } from './prepare.mjs';
import { startSlurmHere, whyNoSlurm } from './test-slurm.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'episodes', 'recorded', 'slurm.json');
/** The longest that a cell may take on a machine that is busy (ms). */
const CELL_MS = 600_000;

/** Runs the notebook where Slurm is, and gives its commands with what they printed. */
async function play(env, home) {
  const { runnerImport } = await import('vite');
  const file = join(root, 'test', 'support', 'notebook-runner.ts');
  const { module } = await runnerImport(file, { configFile: false, root, logLevel: 'error' });
  const notebook = JSON.parse(readFileSync(join(root, 'notebooks', '07-slurm.ipynb'), 'utf8'));
  const { cells, problems } = await module.runNotebook(notebook, {
    env: { ...env, HOME: home, LOLA_QUICK: undefined },
    cellTimeoutMs: CELL_MS,
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return cells.flatMap((cell) => stepsOf(module.textOf(cell)));
}

/** A cell prints '$ command' and then what that printed, once or several times. */
function stepsOf(text) {
  return text.split(/^\$ /m).flatMap((part, i) => {
    if (i === 0) return []; // what was printed before any command
    const end = part.indexOf('\n');
    const [command, printed] = end < 0 ? [part, ''] : [part.slice(0, end), part.slice(end + 1)];
    if (/^\(exit code/m.test(printed)) throw new Error(`'${command}' failed:\n${printed}`);
    return [{ command, text: printed.trimEnd() }];
  });
}

/** A recording is for everyone: no folder, host, address, user or token of this machine is in it. */
function scrubbed(text, home) {
  const own = Object.values(networkInterfaces()).flat();
  const addresses = own.filter(({ internal }) => !internal).map(({ address }) => address);
  const replaced = [
    [home, '~'],
    [root.replace(/\/$/, ''), '~/lolas-pi'],
    [process.execPath, 'node'],
    ...addresses.map((address, i) => [address, `10.0.0.${i + 1}`]),
    [hostname(), 'login'],
  ].reduce((clean, [found, short]) => clean.replaceAll(found, short), text);
  const columns = replaced.replace(
    new RegExp(`(?<=\\s)${userInfo().username.slice(0, 8)}(?=\\s)`, 'g'),
    'lola',
  );
  const clean = columns.replace(/\b(token=)[\w-]+/g, '$1...');
  const left = /\/(home|root|tmp|work|usr)\/(?!bin\/env)\S*|\b[0-9a-f]{64}\b/.exec(clean)?.[0];
  if (left) throw new Error(`this would tell something of this machine: ${left}\nin: ${clean}`);
  return clean;
}

async function main() {
  const reason = whyNoSlurm();
  if (reason) throw new Error(reason);
  prepare();
  const { env, stop } = await startSlurmHere({ cores: 2 });
  const home = mkdtempSync(join(tmpdir(), 'lola-home-'));
  try {
    const steps = await play(env, home);
    const { cpu, coresAllotted, node } = machine();
    const version = spawnSync('sbatch', ['--version'], { env, encoding: 'utf8' }).stdout.trim().split(' ')[1];
    const recording = {
      date: new Date().toISOString().slice(0, 10),
      machine: { cpu, cores: coresAllotted, node },
      slurm: version,
      steps: steps.map(({ command, text }) => ({ command, text: scrubbed(text, home) })),
    };
    mkdirSync(join(root, 'episodes', 'recorded'), { recursive: true });
    writeFileSync(target, `${JSON.stringify(recording, null, 2)}\n`);
  } finally {
    await stop();
    rmSync(home, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`record-slurm: ${error.message}\n`);
  process.exitCode = 1;
}
