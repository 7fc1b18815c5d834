// `node scripts/record-slurm.mjs`: runs notebook 07 on a Slurm of its own and keeps what its commands printed, in
// episodes/recorded/slurm.json, for readers who have no Slurm.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNotebookFile } from './notebook-file.mjs';
import { prepare } from './prepare.mjs';
import { machineFacts, today } from './record/facts.mjs';
import { scrubbed, thisPlace } from './record/private.mjs';
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
  const notebook = readNotebookFile(join(root, 'notebooks', '07-slurm.ipynb'), 'notebooks/07-slurm.ipynb');
  const { cells, problems } = await module.runNotebook(notebook, {
    env: { ...env, HOME: home, LOLA_QUICK: undefined },
    cellTimeoutMs: CELL_MS,
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return cells.flatMap((cell) => stepsOf(module.textOf(cell)));
}

/** A line that a cell of notebook 07 prints itself, after its commands: the learner's prediction. */
const CELLS_OWN = /^seconds: you predicted .*\n?/gm;

/** A cell prints '$ command' and then what that printed, once or several times. */
export function stepsOf(text) {
  return text.split(/^\$ /m).flatMap((part, i) => {
    if (i === 0) return []; // what was printed before any command
    const end = part.indexOf('\n');
    const [command, rest] = end < 0 ? [part, ''] : [part.slice(0, end), part.slice(end + 1)];
    const printed = rest.replace(CELLS_OWN, ''); // the cell prints it again when the command is replayed
    if (/^\(exit code/m.test(printed)) throw new Error(`'${command}' failed:\n${printed}`);
    return [{ command, text: printed.trimEnd() }];
  });
}

/**
 * What a command printed, as from a home and a login node of the lesson's own.
 * @throws {EpisodeError} where it tells of this machine
 */
export function cleaned({ command, text }, home, { replaced, names } = thisPlace()) {
  const own = { ...replaced, [root.replace(/\/$/, '')]: '~/lolas-pi', [home]: '~', [hostname()]: 'login' };
  const plain = text.replace(/\blola-lesson-\d+/g, 'lola-lesson'); // an earlier session's folder may be there
  const user = new RegExp(`(?<=\\s)${userInfo().username.slice(0, 8)}(?=\\s)`, 'g'); // a column of squeue's
  return { command, text: scrubbed(plain.replace(user, 'lola'), `'${command}'`, { replaced: own, names }) };
}

async function main() {
  const reason = whyNoSlurm();
  if (reason) throw new Error(reason);
  prepare();
  const { env, stop } = await startSlurmHere({ cores: 2 });
  const home = mkdtempSync(join(tmpdir(), 'lola-home-'));
  const lessons = () => readdirSync(root).filter((name) => name.startsWith('lola-lesson'));
  const before = lessons();
  try {
    const steps = await play(env, home);
    const version = spawnSync('sbatch', ['--version'], { env, encoding: 'utf8' }).stdout.trim().split(' ')[1];
    const recording = {
      date: today(),
      machine: machineFacts(),
      slurm: version,
      steps: steps.map((step) => cleaned(step, home)),
    };
    mkdirSync(join(root, 'episodes', 'recorded'), { recursive: true });
    writeFileSync(target, `${JSON.stringify(recording, null, 2)}\n`);
  } finally {
    await stop();
    const made = lessons().filter((name) => !before.includes(name));
    for (const folder of [home, ...made.map((name) => join(root, name))])
      rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`record-slurm: ${error.message}\n`);
    process.exitCode = 1;
  }
}
