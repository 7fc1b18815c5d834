// `lola race`, and `npm start`, its short form: the stages against one another on this machine, in turn, each in a
// process of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CancelledError, InvalidArgumentError } from '../../lib/errors.js';
import { STAGES } from '../../lib/estimators/stages.js';
import { describeMachine } from '../../lib/machine.js';
import {
  disagreements,
  findingsOf,
  machineLine,
  progressionOf,
  raceSection,
  racersOf,
  roundSamples,
  tableOfRace,
} from '../measure/race.js';
import type { NotMeasured, RaceResult, RaceRun, Racer } from '../measure/race.js';
import { mistakes, type Schema } from '../measure/schema.js';
import { EXIT } from './exit.js';
import { readChoice, readCount, readSeed } from './flags.js';
import { interruptible } from './interrupt.js';
import { progressBar } from './progress.js';
import { RacerProcess } from './racer.js';
import { table } from './table.js';
import { addWatchFlags, startWatch, type Watch, type WatchFlags } from './watch.js';

/** A run that would take longer is left out of a sweep (s). */
const MOST_SECONDS = 30;
const CALIBRATION = 1e7;
/** Slurm's stage needs a cluster; all others run on any machine. */
const RACED = Object.keys(STAGES).filter((stage) => stage !== 'slurm');

interface RaceFlags extends WatchFlags {
  readonly stages: string;
  readonly samples?: string;
  readonly sweep?: string;
  readonly workers?: string;
  readonly repeats: string;
  readonly seed: string;
  readonly nickname?: string;
  readonly predict?: string;
  readonly json?: string;
}

/** What differs between the race and its short form. */
interface Form {
  readonly workers: (cores: number) => readonly number[];
  /** Where no number of samples is given, the race is to take about this long (s). */
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
  addFlags(command, '1, 2, 4 ... up to the cores you are allotted', '5').action((flags: RaceFlags) =>
    runRace(flags, WHOLE),
  );
}

export function addStart(program: Command): void {
  const command = program
    .command('start')
    .description("run Lola's progression on this machine: every stage, the same samples, one integer");
  addFlags(command, 'the cores you are allotted', '3').action((flags: RaceFlags) => runRace(flags, SHORT));
}

function addFlags(command: Command, workers: string, repeats: string): Command {
  command
    .option('--stages <LIST>', 'which, as serial,pool', RACED.join(','))
    .option('--samples <N>', 'random points for each run (absent: as many as fit this machine)')
    .option(
      '--sweep <A..B>',
      'every power of ten from A to B instead, as 1e4..1e9: shows where the stages cross',
    )
    .option('--workers <LIST>', `numbers of workers, as 1,2,4 (absent: ${workers})`)
    .option('--repeats <R>', 'warm runs of each', repeats)
    .option('--seed <S>', 'a number or a text, the same for all', '2017')
    .option('--nickname <NAME>', 'the name that `lola board` shows')
    .option('--predict <S>', 'the best speed-up that you predict')
    .option('--json <FILE>', 'also write the result as JSON (tools/measure/race.schema.json)');
  return addWatchFlags(command);
}

async function runRace(flags: RaceFlags, form: Form): Promise<void> {
  const machine = describeMachine();
  const stages = flags.stages.split(',').map((stage) => readChoice('--stages', stage, RACED));
  const workers =
    flags.workers?.split(',').map((text) => readCount('--workers', text)) ??
    form.workers(machine.coresAllotted);
  const repeats = readCount('--repeats', flags.repeats);
  const sizes = sizesOf(flags);
  const { racers, notMeasured } = racersOf(
    [...new Set(stages)],
    [...new Set(workers)],
    machine.coresAllotted,
  );
  const result: Kept = {
    format: 'lolas-pi.race.1',
    ...readPerson(flags),
    machine,
    seed: readSeed(flags.seed),
    repeats,
    interrupted: false,
    runs: [],
    memory: [],
    notMeasured,
  };
  if (flags.json !== undefined) write(flags.json, ''); // refused before the work
  const watch = await startWatch("Lola's pi: a race", flags);
  const { signal, release } = interruptible();
  try {
    await new Race(result, racers, signal, watch).run(sizes ?? form.aimSeconds);
  } catch (error) {
    if (error instanceof CancelledError) result.interrupted = true;
    else {
      await watch.finish(false, raceSection(result, form.laws));
      throw error;
    }
  } finally {
    release();
    if (flags.json !== undefined) write(flags.json, `${JSON.stringify(result, null, 1)}\n`);
  }
  tell(result, form);
  await watch.finish(!result.interrupted, raceSection(result, form.laws));
}

/** Prints what was measured, and sets the exit code. */
function tell(result: RaceResult, form: Form): void {
  const [head, ...rows] = form.table(result);
  process.stdout.write(
    `${machineLine(result.machine)}\n\n${table(head, rows)}\n\n${findingsOf(result, form.laws).join('\n')}\n`,
  );
  if (result.interrupted) process.exitCode = EXIT.interrupted;
  else if (disagreements(result).length > 0) process.exitCode = EXIT.failed;
  else process.stderr.write(form.next);
}

/** The result while it grows. */
type Kept = Omit<RaceResult, 'runs' | 'memory' | 'notMeasured' | 'interrupted'> & {
  interrupted: boolean;
  readonly runs: RaceRun[];
  readonly notMeasured: NotMeasured[];
  readonly memory: (Racer & { peakBytes: number })[];
};

/** The runs of a race, written into `result` as they end. */
class Race {
  private readonly children = new Map<Racer, RacerProcess>();

  constructor(
    private readonly result: Kept,
    private readonly racers: readonly Racer[],
    private readonly signal: AbortSignal,
    private readonly watch: Watch,
  ) {}

  /** @param given numbers of samples, or about how long the race is to take (s) */
  async run(given: readonly number[] | number): Promise<void> {
    if (this.racers.length === 0) return;
    try {
      for (const racer of this.racers) this.children.set(racer, await this.startChild(racer, this.watch));
      const sizes = typeof given === 'number' ? [await this.fittingSamples(given)] : given;
      for (const samples of sizes) {
        const expected = this.expectedSeconds(samples);
        if (sizes.length > 1 && expected > MOST_SECONDS) {
          this.result.notMeasured.push({
            samples,
            reason: `a run would take about ${expected.toFixed(0)} s here; --samples ${samples} insists`,
          });
        } else await this.runSize(samples);
      }
    } finally {
      await Promise.all([...this.children.values()].map((child) => child.end()));
    }
  }

  /** All racers in turn, so that a slow moment of the machine meets all of them. */
  private async runSize(samples: number): Promise<void> {
    const { repeats, runs } = this.result;
    const rounds = runs.length === 0 ? repeats + 1 : repeats; // the first run of each process is its cold one
    process.stderr.write(`${samples} samples: ${this.racers.length} racers, ${rounds} runs each\n`);
    const bar = await progressBar(`race of ${samples} samples`, rounds * this.racers.length);
    try {
      for (let round = 0, done = 0; round < rounds; round++) {
        for (const [racer, child] of this.children) {
          runs.push(await child.run(samples));
          this.note(racer, child.peakBytes);
          bar.update(++done);
        }
      }
    } finally {
      bar.stop();
    }
  }

  private note(racer: Racer, peakBytes: number | undefined): void {
    const { memory } = this.result;
    const at = memory.findIndex(({ stage, workers }) => stage === racer.stage && workers === racer.workers);
    if (peakBytes !== undefined) memory.splice(at < 0 ? memory.length : at, 1, { ...racer, peakBytes });
  }

  /** From the slowest racer's last runs; time grows with the samples at most. */
  private expectedSeconds(samples: number): number {
    const last = this.result.runs.slice(-this.racers.length);
    return Math.max(0, ...last.map((run) => (run.seconds * samples) / run.samples));
  }

  /** So many samples that all rounds take about so long; nobody's cold run is spent on finding out. */
  private async fittingSamples(aimSeconds: number): Promise<number> {
    const [first] = this.racers;
    const scout = await this.startChild(first);
    try {
      await scout.run(CALIBRATION);
      const { seconds } = await scout.run(CALIBRATION);
      const threads = this.racers.reduce((sum, { workers }) => sum + first.workers / workers, 0);
      return roundSamples((CALIBRATION * aimSeconds) / (seconds * threads * (this.result.repeats + 1)));
    } finally {
      await scout.end();
    }
  }

  private startChild(racer: Racer, watch?: Watch): Promise<RacerProcess> {
    return RacerProcess.start(racer, this.result.seed, this.signal, watch?.onEvent);
  }
}

function powersUpTo(cores: number): number[] {
  const powers = Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, k) => 2 ** k);
  return powers.includes(cores) ? powers : [...powers, cores];
}

function sizesOf({ samples, sweep }: RaceFlags): number[] | undefined {
  if (samples !== undefined && sweep !== undefined)
    throw new InvalidArgumentError('--samples and --sweep exclude one another. Leave one out.');
  if (samples !== undefined) return [readCount('--samples', samples)];
  if (sweep === undefined) return undefined;
  const [from, to, ...rest] = sweep.split('..');
  if (to === undefined || rest.length > 0)
    throw new InvalidArgumentError(`--sweep must be two numbers as 1e4..1e9, got '${sweep}'.`);
  const [first, last] = [readCount('--sweep', from), readCount('--sweep', to)];
  if (first > last) throw new InvalidArgumentError(`--sweep must go up, got '${sweep}'. Write 1e4..1e9.`);
  const sizes = [];
  for (let size = first; size <= last; size *= 10) sizes.push(size);
  return sizes;
}

function readPerson({ nickname, predict }: RaceFlags): { nickname?: string; prediction?: number } {
  if (nickname !== undefined && (nickname === '' || nickname.length > 40))
    throw new InvalidArgumentError(
      `--nickname must have 1 to 40 characters, got '${nickname.slice(0, 60)}'.`,
    );
  const prediction = predict === undefined ? undefined : Number(predict);
  if (prediction !== undefined && !(prediction > 0 && Number.isFinite(prediction)))
    throw new InvalidArgumentError(
      `--predict must be a number above 0, got '${predict}'. Write 1.8 for 1.8 times as fast.`,
    );
  return {
    ...(nickname === undefined ? {} : { nickname }),
    ...(prediction === undefined ? {} : { prediction }),
  };
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new InvalidArgumentError(
      `race: cannot write '${file}': ${(cause as Error).message}. Name a file in a folder that is there.`,
    );
  }
}

/**
 * Reads a result that `lola race --json` wrote, here or elsewhere.
 * @throws InvalidArgumentError with the first mistakes where the file does not keep the schema
 */
export function readRace(file: string): RaceResult {
  const schema = JSON.parse(
    readFileSync(new URL('../measure/race.schema.json', import.meta.url), 'utf8'),
  ) as Schema;
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new InvalidArgumentError(
      `${file}: ${(cause as Error).message}. Give a file that lola race --json wrote.`,
    );
  }
  const found = mistakes(given, schema);
  if (found.length > 0)
    throw new InvalidArgumentError(
      `${file} is no result of a race: ${found.slice(0, 3).join('; ')}. Give a file that lola race --json wrote.`,
    );
  return given as RaceResult;
}
