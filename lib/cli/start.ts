// `npm start`: Lola's progression, one stage after the other, on the same samples and seed; then one table.
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { STAGES } from '../estimators/stages.js';
import { DEFAULT_SEED } from '../sampling/seed.js';
import { CancelledError, InvalidArgumentError } from '../errors.js';
import { describeMachine } from '../machine.js';
import { readCount } from './flags.js';
import { interruptible } from './interrupt.js';
import { EXIT } from './exit.js';
import { estimateWithProgress, type Report } from './pi.js';
import { table } from './table.js';
import { addWatchFlags, localThreads, startWatch, type WatchFlags } from './watch.js';

interface StartFlags extends WatchFlags {
  readonly samples: string;
  readonly json?: string;
}

export function addStart(program: Command): void {
  const command = program.command('start');
  addWatchFlags(command)
    .description("run Lola's progression on this machine: every stage, the same samples, one integer")
    .option('--samples <N>', 'random points for each stage; everyone in the room takes the same', '1e10')
    .option('--json <FILE>', 'also write { machine, stages } to FILE')
    .action(runStart);
}

async function runStart(flags: StartFlags): Promise<void> {
  const samples = readCount('--samples', flags.samples, 0);
  if (flags.json !== undefined) write(flags.json, ''); // a file that cannot be written is refused before the work
  const watch = await startWatch("Lola's pi: all stages", flags);
  const { signal, release } = interruptible();
  const reports: Report[] = [];
  say(
    `Lola estimates pi from ${samples} random points, seed ${DEFAULT_SEED}, with each stage of the lesson.`,
  );
  try {
    for (const stage of Object.keys(STAGES).filter((name) => name !== 'slurm')) {
      // Slurm's needs a cluster; all others run on any machine.
      say(`  ${stage} ...`);
      watch.startStage(stage, localThreads(stage, undefined));
      const options = { seed: DEFAULT_SEED, signal, onEvent: watch.onEvent };
      reports.push(await estimateWithProgress(stage, samples, options));
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!(error instanceof CancelledError)) {
      await watch.finish(false);
      throw error;
    }
  } finally {
    release();
    if (flags.json !== undefined)
      write(flags.json, `${JSON.stringify({ machine: describeMachine(), stages: reports }, null, 2)}\n`);
  }
  process.stdout.write(`\n${progression(reports)}\n`);
  if (signal.aborted) {
    say('Stopped. The table shows what was done.');
    process.exitCode = EXIT.interrupted;
  } else if (new Set(reports.map(({ inside }) => inside)).size > 1) {
    say('The stages do not agree: this is a bug, please report it with the table above.');
    process.exitCode = EXIT.failed;
  } else say(NEXT);
  await watch.finish(!signal.aborted);
}

/** The table: what each stage found and how long it took. Speed-up is against the serial stage, executor up. */
function progression(reports: readonly Report[]): string {
  const [first] = reports;
  const head = ['stage', 'workers', 'inside', 'pi', 'standard error', 'seconds', 'speed-up'];
  const rows = reports.map((report) => [
    report.interrupted ? `${report.stage} (stopped)` : report.stage,
    String(report.workers),
    String(report.inside),
    report.pi.toFixed(7),
    report.standardError.toExponential(1),
    report.seconds.toFixed(2),
    report.interrupted ? '-' : (first.seconds / report.seconds).toFixed(2),
  ]);
  return table(head, rows);
}

const NEXT = `One integer at every stage. What to do next:
  npm run notebooks                             the lesson, notebook by notebook, in your own Jupyter
  npx lola pi --stage pool --workers 4          one stage with your own flags (npx lola pi --help)
  npx lola race                                 the stages in turn, several times: speed-ups you can trust
  npx lola doctor                               what this machine has`;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new InvalidArgumentError(
      `--json: cannot write '${file}': ${(cause as Error).message}. Name a file in a folder that is there.`,
    );
  }
}
