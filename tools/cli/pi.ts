// `lola pi`: one stage, one estimate.
import type { Command } from 'commander';
import { InvalidArgumentError } from '../../lib/errors.js';
import type { Estimate } from '../../lib/estimators/run.js';
import { STAGES, type StageOptions } from '../../lib/estimators/stages.js';
import { allottedCores, childrenPeakMemoryBytes, forgetPeakMemory, peakMemoryBytes } from '../../lib/machine.js';
import { allowedThreads } from '../slurm/login-node.js';
import { clock } from '../../lib/task/executor.js';
import { EXIT } from './exit.js';
import { readChoice, readCount, readSeed } from './flags.js';
import { interruptible } from './interrupt.js';
import { progressBar } from './progress.js';
import { addWatchFlags, startWatch, type WatchFlags } from './watch.js';
import { addWhereFlags, readWhereFlags, warn, type WhereFlags } from './whereabouts.js';

interface PiFlags extends WhereFlags, WatchFlags {
  readonly stage: string;
  readonly samples: string;
  readonly workers?: string;
  readonly seed: string;
  readonly kernel?: string;
  readonly chunk?: string;
  readonly form?: string;
  readonly optimize?: string;
  readonly json?: boolean;
}

/** An estimate and the memory it took: what `--json` prints. */
export interface Report extends Estimate {
  readonly peakMemoryBytes: number;
}

export function addPi(program: Command): void {
  const command = program
    .command('pi')
    .description('estimate pi with one stage of the lesson')
    .option('--stage <NAME>', `one of ${Object.keys(STAGES).join(', ')}`, 'serial')
    .option('--samples <N>', 'random points, as 1000000, 1e9 or 1_000_000', '1e8')
    .option('--workers <P>', 'threads (absent: the cores you are allotted; serial has one)')
    .option('--seed <S>', 'a number or a text; the same seed gives the same count at every stage', '2017')
    .option(
      '--kernel <NAME>',
      'simd (compiled to machine code) or reference (plain TypeScript); one count from both',
    )
    .option(
      '--chunk <C>',
      'arrays: elements in a chunk, as 1e6; -1 for one chunk of all (absent: chosen for you)',
    )
    .option('--form <NAME>', 'chunked: sum, or index (the gathering of indices that the lesson began with)')
    .option('--optimize <ON>', 'arrays: on fuses the steps of a chunk into one task, off runs each by itself')
    .option('--json', 'print one JSON object instead of text');
  addWatchFlags(addWhereFlags(command)).action(runPi);
}

async function runPi(flags: PiFlags): Promise<void> {
  const stage = readChoice('--stage', flags.stage, Object.keys(STAGES));
  const samples = readCount('--samples', flags.samples, 0); // the estimator says why 0 is too few
  const asked = flags.workers === undefined ? undefined : readCount('--workers', flags.workers);
  const workers = threadsHere(stage, flags) ? allowedThreads(asked ?? allottedCores(), warn) : asked;
  const seed = readSeed(flags.seed);
  const kernel =
    flags.kernel === undefined
      ? undefined
      : readChoice('--kernel', flags.kernel, ['simd', 'reference'] as const);
  const options = {
    workers,
    seed,
    kernel,
    ...readArrayFlags(stage, flags),
    ...readClusterFlags(stage, flags),
  };
  const watch = await startWatch(`Lola's pi: ${stage}`, flags);
  const { signal, release } = interruptible();
  let done = false;
  try {
    const { onEvent } = watch;
    // A pool tells only of threads that work: that the others are there, too, is told here.
    const threads = stage === 'serial' ? 1 : (workers ?? allottedCores());
    if (stage === 'serial' || stage === 'pool' || stage === 'chunked')
      onEvent?.({ type: 'joined', worker: 'local', threads, time: clock() });
    const report = await estimateWithProgress(stage, samples, { ...options, signal, onEvent });
    process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : describe(report, samples));
    if (report.interrupted) process.exitCode = EXIT.interrupted;
    done = !report.interrupted;
  } finally {
    release();
    await watch.finish(done);
  }
}

/** Whether the stage's threads run on this machine, and there may be several. */
function threadsHere(stage: string, flags: PiFlags): boolean {
  return stage === 'distributed'
    ? readWhereFlags(flags) === undefined
    : stage === 'pool' || stage === 'chunked';
}

/** The stages with arrays, and the flags that only they, or only one of them, can mean. */
const ARRAY_STAGES = ['chunked', 'distributed', 'slurm'];
const STAGES_OF_FLAG = { chunk: ARRAY_STAGES, optimize: ARRAY_STAGES, form: ['chunked'] };

/** Flags for arrays; a stage that would ignore one refuses it. */
function readArrayFlags(stage: string, flags: PiFlags): StageOptions {
  for (const [flag, stages] of Object.entries(STAGES_OF_FLAG)) {
    if (flags[flag as keyof typeof STAGES_OF_FLAG] === undefined || stages.includes(stage)) continue;
    throw new InvalidArgumentError(
      `--${flag} belongs to --stage ${stages.join(' or ')}, got --stage ${stage}. Leave it out, or change the stage.`,
    );
  }
  const { chunk, form, optimize } = flags;
  return {
    ...(chunk === undefined ? {} : { chunks: chunk === '-1' ? -1 : readCount('--chunk', chunk) }),
    ...(form === undefined ? {} : { form: readChoice('--form', form, ['sum', 'index'] as const) }),
    ...(optimize === undefined
      ? {}
      : { optimize: readChoice('--optimize', optimize, ['on', 'off'] as const) === 'on' }),
  };
}

/** Where the scheduler is, for the stage that asks one; a cluster of its own is started where neither flag is given. */
function readClusterFlags(stage: string, flags: PiFlags): StageOptions {
  const where = readWhereFlags(flags);
  if (where === undefined) return {};
  if (stage !== 'distributed') {
    throw new InvalidArgumentError(
      `--scheduler belongs to --stage distributed, got --stage ${stage}. Leave it out, or change the stage.`,
    );
  }
  if (flags.workers !== undefined) {
    throw new InvalidArgumentError(
      `--workers does not go with --scheduler, got ${flags.workers}: the workers are those that joined it.`,
    );
  }
  return { scheduler: where };
}

/** How often the memory of a cluster's processes is looked at (ms). */
const LOOK_MS = 500;

/** Runs a stage with a progress bar on the terminal and measures its peak memory. */
export async function estimateWithProgress(
  stage: string,
  samples: number,
  options: StageOptions,
): Promise<Report> {
  const estimate = await STAGES[stage]();
  forgetPeakMemory();
  const bar = await progressBar(stage, samples);
  let workersBytes = 0; // of processes that are gone when the stage is
  let looked = 0;
  const onProgress = (done: number) => {
    bar.update(done);
    if (stage !== 'distributed' || (done < samples && performance.now() - looked < LOOK_MS)) return;
    looked = performance.now();
    workersBytes = Math.max(workersBytes, childrenPeakMemoryBytes());
  };
  try {
    const result = await estimate(samples, { ...options, onProgress });
    return { ...result, peakMemoryBytes: peakMemoryBytes() + workersBytes };
  } finally {
    bar.stop();
  }
}

/** The lines of the lesson, put right: memory as measured, the error, the rate. */
function describe(report: Report, asked: number): string {
  const { stage, samples, seed, workers, inside, pi, standardError, seconds, startupSeconds, kernel } =
    report;
  const lessonMemory = (samples * 4 * 3) / 2 ** 20;
  const lines = [
    `[${stage} version] required memory ${lessonMemory.toFixed(3)} MB as the lesson computes it (three arrays); measured: ${(report.peakMemoryBytes / 2 ** 20).toFixed(0)} MB at its peak`,
    `[${stage} version] pi is ${pi.toFixed(6)} from ${samples} samples`,
    `[using ${String(workers).padStart(3)} ${workers === 1 ? 'worker ' : 'workers'}] ${inside} of them inside, seed ${seed}, kernel ${kernel}`,
    `standard error ${standardError.toPrecision(2)}; pi is off by ${Math.abs(pi - Math.PI).toPrecision(2)}`,
    `${seconds.toFixed(3)} s and ${startupSeconds.toFixed(3)} s to start: ${rate(samples / seconds)} samples per second`,
  ];
  if (report.interrupted)
    lines.unshift(`stopped after ${samples} of ${asked} samples; this is their estimate:`);
  return `${lines.join('\n')}\n`;
}

function rate(perSecond: number): string {
  const [value, unit] = perSecond >= 1e6 ? [perSecond / 1e6, ' million'] : [perSecond, ''];
  return `${new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value)}${unit}`;
}
