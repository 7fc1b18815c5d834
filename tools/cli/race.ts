// `lola race`, and `npm start`, its short form: the stages against one another on this machine, in turn, each in a
// process of its own.
import { Option, type Command } from 'commander';
import { CancelledError, InvalidArgumentError } from '../../lib/errors.js';
import { STAGES } from '../../lib/estimators/stages.js';
import { describeMachine } from '../../lib/machine.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import type { RaceResult, Racer } from '../measure/race-file.js';
import {
  disagreements,
  findingsOf,
  progressionOf,
  racersOf,
  roundSamples,
  tableOfRace,
} from '../measure/race.js';
import { machineLine } from '../measure/text.js';
import { EXIT } from './exit.js';
import { countOption, readChoice, readCount, readSeed } from './flags.js';
import { interruptible } from './interrupt.js';
import { outputFile } from './output.js';
import { progressBar } from './progress.js';
import { raceSection } from './race-page.js';
import { RacerProcess } from './racer.js';
import { table } from './table.js';
import { addWatchFlags, startWatch, type WatchFlags } from './watch.js';

/** A run that would take longer is left out of a sweep (s). */
const MOST_SECONDS = 30;
const CALIBRATION = 1e7;
/** Slurm's stage needs a cluster; all others run on any machine. */
const RACED = Object.keys(STAGES).filter((stage) => stage !== 'slurm');

interface RaceFlags extends WatchFlags {
  readonly stages: readonly string[];
  readonly samples?: number;
  readonly sweep?: readonly number[];
  readonly workers?: readonly number[];
  readonly repeats: number;
  readonly seed: number | string;
  readonly nickname?: string;
  readonly predict?: number;
  readonly json?: string;
}

/** What differs between the race and its short form. */
interface Form {
  readonly workers: (cores: number) => readonly number[];
  /** If no number of samples is given, the race is to take about this long (s). */
  readonly aimSeconds: number;
  readonly table: (result: RaceResult) => string[][];
  readonly laws: boolean;
  readonly next: string;
}

const WHOLE: Form = { workers: powersUpTo, aimSeconds: 40, table: tableOfRace, laws: true, next: '' };

const SHORT: Form = {
  workers: (cores) => [cores],
  aimSeconds: 25,
  table: progressionOf,
  laws: false,
  next: `What to do next:
  npm run notebooks                             the lesson, notebook by notebook, in your own Jupyter
  npx lola pi --stage pool --workers 4          one stage with your own flags (npx lola pi --help)
  npx lola race                                 with 1, 2, 4 ... workers: memory, CPU time, efficiency, Amdahl's law
  npx lola doctor                               what this machine has
`,
};

export function addRace(program: Command): void {
  const command = program
    .command('race')
    .description(
      'race the stages on this machine: in turn, cold and warm, with speed-ups, memory and charts',
    );
  addFlags(command, '1, 2, 4 ... up to the cores you are allotted', 5).action((flags: RaceFlags) =>
    runRace(flags, WHOLE),
  );
}

export function addStart(program: Command): void {
  const command = program
    .command('start')
    .description("run Lola's progression on this machine: every stage, the same samples, one integer");
  addFlags(command, 'the cores you are allotted', 3).action((flags: RaceFlags) => runRace(flags, SHORT));
}

function addFlags(command: Command, workers: string, repeats: number): Command {
  const stages = new Option('--stages <LIST>', 'which, as serial,pool').default(RACED, RACED.join(','));
  const sweep = new Option('--sweep <A..B>', 'every power of ten from A to B: shows where the stages cross');
  command
    .addOption(stages.argParser(listOf((text) => readChoice('--stages', text, RACED))))
    .addOption(
      countOption('--samples <N>', 'random points for each run (default: as many as fit this machine)'),
    )
    .addOption(sweep.argParser(readSweep).conflicts('samples'))
    .option(
      '--workers <LIST>',
      `numbers of workers, as 1,2,4 (default: ${workers})`,
      listOf((text) => readCount('--workers', text)),
    )
    .addOption(countOption('--repeats <R>', 'warm runs of each').default(repeats))
    .option('--seed <S>', 'a number or a text, the same for all', readSeed, 2017)
    .option('--nickname <NAME>', 'the name that `lola board` shows', readNickname)
    .option('--predict <S>', 'the best speed-up that you predict', readPrediction)
    .option('--json <FILE>', 'also write the result as JSON, for `lola board`');
  return addWatchFlags(command);
}

async function runRace(flags: RaceFlags, form: Form): Promise<void> {
  const machine = describeMachine();
  const cores = machine.coresAllotted;
  const { stages, workers = form.workers(cores), samples, sweep, nickname, predict, seed, repeats } = flags;
  const { racers, notMeasured } = racersOf(stages, workers, cores);
  const result: RaceResult = {
    format: 'lolas-pi.race.1',
    ...{ nickname, prediction: predict, machine, seed, repeats, interrupted: false },
    ...{ runs: [], memory: [], notMeasured },
  };
  const write = flags.json === undefined ? undefined : outputFile('--json', flags.json);
  const watch = await startWatch("Lola's pi: a race", flags);
  const { signal, release } = interruptible();
  let failure: unknown;
  try {
    await new Race(result, racers, signal, watch.onEvent).run(
      sweep ?? (samples === undefined ? form.aimSeconds : [samples]),
    );
  } catch (error) {
    failure = error;
  }
  release();
  result.interrupted = failure instanceof CancelledError;
  write?.(`${JSON.stringify(result, null, 1)}\n`);
  const failed = failure !== undefined && !result.interrupted;
  if (!failed) tell(result, form);
  await watch.finish(failure === undefined, raceSection(result, form.laws));
  if (failed) throw failure;
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

/** The runs of a race, written into `result` as they end. */
class Race {
  private readonly processes: RacerProcess[] = [];

  constructor(
    private readonly result: RaceResult,
    private readonly racers: readonly Racer[],
    private readonly signal: AbortSignal,
    private readonly onEvent?: (event: ExecutorEvent) => void,
  ) {}

  /** @param given numbers of samples, or about how long the race is to take (s) */
  async run(given: readonly number[] | number): Promise<void> {
    if (this.racers.length === 0) return;
    try {
      for (const racer of this.racers) this.processes.push(await this.start(racer, this.onEvent));
      const sizes = typeof given === 'number' ? [await this.fittingSamples(given)] : given;
      for (const samples of sizes) {
        const expected = this.expectedSeconds(samples);
        if (sizes.length === 1 || expected <= MOST_SECONDS) await this.runSize(samples);
        else {
          const reason = `a run would take about ${expected.toFixed(0)} s here; --samples ${samples} insists`;
          this.result.notMeasured.push({ samples, reason });
        }
      }
    } finally {
      for (const { racer, peakBytes } of this.processes)
        if (peakBytes !== undefined) this.result.memory.push({ ...racer, peakBytes });
      await Promise.all(this.processes.map((each) => each.end()));
    }
  }

  /** All racers in turn, so that a slow moment of the machine meets all of them. */
  private async runSize(samples: number): Promise<void> {
    const { repeats, runs } = this.result;
    const rounds = runs.length === 0 ? repeats + 1 : repeats; // the first run of each process is its cold one
    process.stderr.write(`${samples} samples: ${this.racers.length} racers, ${rounds} runs each\n`);
    const bar = await progressBar(`race of ${samples} samples`, rounds * this.racers.length);
    try {
      for (let done = 0; done < rounds * this.racers.length; bar.update(++done))
        runs.push(await this.processes[done % this.racers.length].run(samples));
    } finally {
      bar.stop();
    }
  }

  /** From the slowest racer's last runs; time grows with the samples at most. */
  private expectedSeconds(samples: number): number {
    const last = this.result.runs.slice(-this.racers.length);
    return Math.max(0, ...last.map((run) => (run.seconds * samples) / run.samples));
  }

  /** So many samples that all rounds take about so long. No racer's cold run is spent on finding out. */
  private async fittingSamples(aimSeconds: number): Promise<number> {
    const [first] = this.racers;
    const scout = await this.start(first);
    try {
      await scout.run(CALIBRATION);
      const { seconds } = await scout.run(CALIBRATION);
      const threads = this.racers.reduce((sum, { workers }) => sum + first.workers / workers, 0);
      return roundSamples((CALIBRATION * aimSeconds) / (seconds * threads * (this.result.repeats + 1)));
    } finally {
      await scout.end();
    }
  }

  private start(racer: Racer, onEvent?: (event: ExecutorEvent) => void): Promise<RacerProcess> {
    return RacerProcess.start(racer, this.result.seed, this.signal, onEvent);
  }
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
