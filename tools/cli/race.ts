// `lola race`, and `npm start`, its short form: the stages against one another on this machine, in turn, each in a
// process of its own.
import { Option, type Command } from 'commander';
import { CancelledError, InvalidArgumentError } from '../../lib/errors.js';
import { STAGES } from '../../lib/estimators/index.js';
import { describeMachine } from '../../lib/machine.js';
import { handIn, joinRoom } from '../../room/client.js';
import { entryOf, type BoardEntry } from '../measure/board.js';
import type { RaceResult, RaceRun, Racer } from '../measure/race-file.js';
import {
  disagreements,
  findingsOf,
  progressionOf,
  racersOf,
  roundSamples,
  tableOfRace,
} from '../measure/race.js';
import { machineLine } from '../measure/text.js';
import { allowedThreads } from '../slurm/login-node.js';
import { EXIT } from './exit.js';
import { countOption, readChoice, readCount, readSeed } from './flags.js';
import { interruptible } from './interrupt.js';
import { outputFile } from './output.js';
import { progressBar } from './progress.js';
import { lineOf } from './race-line.js';
import { racePage } from './race-page.js';
import { RacerProcess } from './racer.js';
import { table } from './table.js';
import { beside } from './beside.js';
import { warn } from './whereabouts.js';

/** A run that would take longer is left out of a sweep (s). */
const MOST_SECONDS = 30;
const CALIBRATION = 1e7;
/** Slurm's stage needs a cluster; all others run on any machine. */
const RACED = Object.keys(STAGES).filter((stage) => stage !== 'slurm');

interface RaceFlags {
  readonly stages: readonly string[];
  readonly samples?: number;
  readonly sweep?: readonly number[];
  readonly workers?: readonly number[];
  readonly repeats: number;
  readonly seed: number | string;
  readonly nickname?: string;
  readonly predict?: number;
  readonly json?: string;
  readonly report?: string;
  readonly room?: string;
  readonly line?: boolean;
}

/** What differs between the race and its short form. */
interface Form {
  readonly name: string;
  readonly description: string;
  readonly workers: (cores: number) => readonly number[];
  readonly repeats: number;
  /** How long a race should take without --samples (s). */
  readonly aimSeconds: number;
  readonly table: (result: RaceResult) => string[][];
  readonly laws: boolean;
  readonly next: string;
}

const RACE: Form = {
  name: 'race',
  description: 'race the stages on this machine: in turn, cold and warm, with speed-ups, memory and charts',
  workers: powersUpTo,
  repeats: 5,
  aimSeconds: 40,
  table: tableOfRace,
  laws: true,
  next: '',
};

const START: Form = {
  name: 'start',
  description: "run Lola's progression on this machine: every stage, the same samples, one integer",
  workers: (cores) => [cores],
  repeats: 3,
  aimSeconds: 25,
  table: progressionOf,
  laws: false,
  next: `What to do next:
  npm run lesson                                the lesson in your browser (npm run notebooks: in your Jupyter)
  npx lola pi --stage pool --workers 4          one stage with your own flags (npx lola pi --help)
  npx lola race                                 with 1, 2, 4 ... workers: memory, CPU time, efficiency, Amdahl's law
  npx lola doctor                               what this machine has
`,
};

export const addRace = (program: Command) => addForm(program, RACE);
export const addStart = (program: Command) => addForm(program, START);

function addForm(program: Command, form: Form): void {
  const stages = new Option('--stages <LIST>', 'for example serial,pool').default(RACED, RACED.join(','));
  const sweep = new Option('--sweep <A..B>', 'every power of ten from A to B: shows where the stages cross');
  const readStages = listOf((text) => readChoice('--stages', text, RACED));
  const readWorkers = listOf((text) => readCount('--workers', text));
  program
    .command(form.name)
    .description(form.description)
    .addOption(stages.argParser(readStages))
    .addOption(countOption('--samples <N>', 'random points (default: as many as fit this machine)'))
    .addOption(sweep.argParser(readSweep).conflicts('samples'))
    .option('--workers <LIST>', 'how many: 1,2,4 (default: up to your allotted cores)', readWorkers)
    .addOption(countOption('--repeats <R>', 'warm runs of each').default(form.repeats))
    .option('--seed <S>', 'a number or a text, the same for all', readSeed, 2017)
    .option('--nickname <NAME>', 'the name that `lola board` shows', readNickname)
    .option('--predict <S>', 'the best speed-up that you predict', readPrediction)
    .option('--json <FILE>', 'also write the result as JSON, for `lola board`')
    .option('--line', 'also print one line for your instructor to paste into `lola board`')
    .option('--report <FILE>', 'also write an HTML page with table and charts')
    .option('--room <ADDRESS>', 'hand the best speed-ups to a room: http://192.168.1.5:8700/#ABCDE')
    .action((flags: RaceFlags) => runRace(flags, form));
}

async function runRace(flags: RaceFlags, form: Form): Promise<void> {
  const machine = describeMachine();
  const { stages, nickname, predict, seed, repeats } = flags;
  const wanted = flags.workers ?? form.workers(machine.coresAllotted);
  const most = allowedThreads(Math.max(...wanted), warn);
  const workers = [...new Set(wanted.map((count) => Math.min(count, most)))];
  const { racers, notMeasured } = racersOf(stages, workers, machine.coresAllotted);
  const result: RaceResult = {
    format: 'lolas-pi.race.1',
    ...{ nickname, prediction: predict, machine, seed, repeats, interrupted: false },
    ...{ runs: [], notMeasured, memory: [] },
  };
  const write = flags.json === undefined ? undefined : outputFile('--json', flags.json);
  const report = flags.report === undefined ? undefined : outputFile('--report', flags.report);
  if (flags.room !== undefined) await joinRoom(flags.room, nickname);
  const { signal, release } = interruptible();
  let failure: unknown;
  try {
    const sizes = flags.sweep ?? [flags.samples ?? (await fittingSamples(racers, repeats, form.aimSeconds))];
    await race(result, racers, sizes, signal);
  } catch (error) {
    failure = error;
  }
  release();
  result.interrupted = failure instanceof CancelledError;
  const failed = failure !== undefined && !result.interrupted;
  if (!failed) tell(result, form);
  const entry = entryOf(result);
  if (flags.line && entry.stage !== undefined) process.stdout.write(`\n${lineOf(entry)}\n`);
  else if (flags.line) warn('--line: no speed-up was measured here, so there is no line.');
  if (write) await beside('--json', () => write(`${JSON.stringify(result, null, 1)}\n`));
  if (report) await beside('--report', () => report(racePage(result, form.laws)));
  if (failed) throw failure;
  if (flags.room !== undefined) await beside('--room', () => handInBest(entry));
}

/** Hands the speed-ups of the best stage to the room. */
async function handInBest({ stage, samples, prediction, points }: BoardEntry): Promise<void> {
  if (stage === undefined) return warn('--room: no speed-up was measured here, so the room gets none.');
  await handIn({ stage, samples, prediction, points: [...points] });
}

/** Prints what was measured, and sets the exit code. */
function tell(result: RaceResult, form: Form): void {
  const [head, ...rows] = form.table(result);
  const findings = findingsOf(result, form.laws).join('\n');
  process.stdout.write(`${machineLine(result.machine)}\n\n${table(head, rows)}\n\n${findings}\n`);
  if (result.interrupted) process.exitCode = EXIT.interrupted;
  else if (disagreements(result).length > 0) process.exitCode = EXIT.failed;
  else process.stderr.write(form.next);
}

/** How many samples make all rounds last about so long. They are tried here, so that no racer is warm before the race. */
async function fittingSamples(
  racers: readonly Racer[],
  repeats: number,
  aimSeconds: number,
): Promise<number> {
  const estimate = await STAGES.serial();
  await estimate(CALIBRATION, {}); // compiles it
  const { seconds } = await estimate(CALIBRATION, {});
  const threadRounds = racers.reduce((sum, { workers }) => sum + 1 / workers, 0) * (repeats + 1);
  return roundSamples((CALIBRATION * aimSeconds) / (seconds * Math.max(1, threadRounds)));
}

/** Runs a race of each size. Every run is written into `result` as it ends. @throws CancelledError; what a racer threw */
async function race(
  result: RaceResult,
  racers: readonly Racer[],
  sizes: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const processes: RacerProcess[] = [];
  try {
    for (const racer of racers) processes.push(await RacerProcess.start(racer, result.seed, signal));
    for (const samples of racers.length > 0 ? sizes : []) {
      const expected = expectedSeconds(result.runs.slice(-racers.length), samples);
      if (sizes.length === 1 || expected <= MOST_SECONDS) await runSize(result, processes, samples);
      else {
        const reason = `a run would take about ${expected.toFixed(0)} s here; pass --samples ${samples} to run it anyway`;
        result.notMeasured.push({ samples, reason });
      }
    }
  } finally {
    for (const { racer, peakBytes } of processes)
      if (peakBytes !== undefined) result.memory.push({ ...racer, peakBytes });
    await Promise.all(processes.map((each) => each.end()));
  }
}

/** All racers in turn, so that a slow moment of the machine affects all of them. */
async function runSize(
  { repeats, runs }: RaceResult,
  processes: readonly RacerProcess[],
  samples: number,
): Promise<void> {
  const rounds = runs.length === 0 ? repeats + 1 : repeats; // the first run of each process is its cold one
  process.stderr.write(`${samples} samples: ${processes.length} racers, ${rounds} runs each\n`);
  const all = rounds * processes.length;
  const bar = await progressBar(`race of ${samples} samples`, all);
  try {
    for (let done = 0; done < all; bar.update(++done))
      runs.push(await processes[done % processes.length].run(samples));
  } finally {
    bar.stop();
  }
}

/** From the slowest of the last runs; time grows with the samples at most. */
function expectedSeconds(last: readonly RaceRun[], samples: number): number {
  return Math.max(0, ...last.map((run) => (run.seconds * samples) / run.samples));
}

function powersUpTo(cores: number): number[] {
  const powers = Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, k) => 2 ** k);
  return powers.includes(cores) ? powers : [...powers, cores];
}

/** Reads a list without repeats, as 1,2,4. */
function listOf<T>(read: (text: string) => T): (text: string) => T[] {
  return (text) => [...new Set(text.split(',').map(read))];
}

function readSweep(text: string): number[] {
  const [from, to, ...rest] = text.split('..');
  if (to === undefined || rest.length > 0)
    throw new InvalidArgumentError(`--sweep must be two numbers as 1e4..1e9, got '${text}'.`);
  const [first, last] = [readCount('--sweep', from), readCount('--sweep', to)];
  if (first > last) throw new InvalidArgumentError(`--sweep must go up, got '${text}'. Write 1e4..1e9.`);
  const sizes = [];
  for (let size = first; size <= last; size *= 10) sizes.push(size);
  return sizes;
}

function readNickname(text: string): string {
  if (text !== '' && text.length <= 40) return text;
  throw new InvalidArgumentError(`--nickname must have 1 to 40 characters, got '${text.slice(0, 60)}'.`);
}

function readPrediction(text: string): number {
  const prediction = Number(text);
  if (prediction > 0 && Number.isFinite(prediction)) return prediction;
  throw new InvalidArgumentError(
    `--predict must be a number above 0, got '${text}'. Write 1.8 for 1.8 times as fast.`,
  );
}
