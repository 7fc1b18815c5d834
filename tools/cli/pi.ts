// `lola pi`: one stage, one estimate.
import type { Command } from 'commander';
import { InvalidArgumentError } from '../../lib/errors.js';
import { STAGES, type Estimate, type StageOptions } from '../../lib/estimators/index.js';
import { allottedCores } from '../../lib/machine.js';
import { originalMemory } from '../measure/laws.js';
import { childrenPeakMemoryBytes, forgetPeakMemory, peakMemoryBytes } from '../measure/memory.js';
import { allowedThreads } from '../slurm/login-node.js';
import { EXIT } from './exit.js';
import { choiceOption, countOption, readCount, readSeed } from './flags.js';
import { interruptible } from './interrupt.js';
import { progressBar } from './progress.js';
import { addWatchFlags, startWatch, type Watch, type WatchFlags } from './watch.js';
import { addWhereFlags, readWhereFlags, warn, type WhereFlags } from './whereabouts.js';

interface PiFlags extends WhereFlags, WatchFlags {
  readonly stage: string;
  readonly samples: number;
  readonly workers?: number;
  readonly seed: number | string;
  readonly kernel?: 'simd' | 'reference';
  readonly chunk?: number;
  readonly form?: 'sum' | 'index';
  readonly optimize?: 'on' | 'off';
  readonly json?: boolean;
}

const KERNELS = ['simd', 'reference'];
const WHERE = ['scheduler', 'schedulerFile'];
const ARRAY_STAGES = ['chunked', 'distributed', 'slurm'];
/** Flags that only some stages understand, and those stages. */
const STAGES_OF: { readonly [flag: string]: readonly string[] } = {
  chunk: ARRAY_STAGES,
  optimize: ARRAY_STAGES,
  form: ['chunked'],
  scheduler: ['distributed'],
  schedulerFile: ['distributed'],
};

export function addPi(program: Command): void {
  const command = program
    .command('pi')
    .description('estimate pi with one stage of the lesson')
    .addOption(choiceOption('--stage <NAME>', 'how to compute', Object.keys(STAGES)).default('serial'))
    .addOption(countOption('--samples <N>', 'random points: 1e9, or 1_000_000').default(1e8, '1e8'))
    .addOption(countOption('--workers <P>', 'threads (default: your allotted cores)').conflicts(WHERE))
    .option('--seed <S>', 'a number or a text; every stage gives the same count for it', readSeed, 2017)
    .addOption(choiceOption('--kernel <NAME>', 'simd: compiled; reference: TypeScript; same count', KERNELS))
    .option('--chunk <C>', 'arrays: elements in a chunk, such as 1e6; -1 for a single chunk', readChunk)
    .addOption(choiceOption('--form <NAME>', 'chunked: sum the points, or list them', ['sum', 'index']))
    .addOption(choiceOption('--optimize <ON>', 'arrays: fuse the steps of a chunk', ['on', 'off']))
    .option('--json', 'print one JSON object instead of text');
  addWatchFlags(addWhereFlags(command)).action(runPi);
}

function readChunk(text: string): number {
  return text === '-1' ? -1 : readCount('--chunk', text);
}

async function runPi(flags: PiFlags): Promise<void> {
  const { stage, samples } = flags;
  const options = optionsOf(flags);
  const { signal, release } = interruptible(); // before anything is there to be taken back
  let watch: Watch | undefined;
  let done = false;
  try {
    watch = await startWatch(`Lola's pi: ${stage}`, flags);
    const report = await estimateWithProgress(stage, samples, { ...options, signal, onEvent: watch.onEvent });
    process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : describe(report, samples));
    if (report.interrupted) process.exitCode = EXIT.interrupted;
    done = !report.interrupted;
  } finally {
    release();
    await watch?.finish(done);
  }
}

/** What the flags mean for the stage. @throws InvalidArgumentError for a flag that the stage would ignore */
function optionsOf(flags: PiFlags): StageOptions {
  const { stage, workers, seed, kernel, chunk, form, optimize } = flags;
  for (const [name, stages] of Object.entries(STAGES_OF)) {
    if (flags[name as keyof PiFlags] === undefined || stages.includes(stage)) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new InvalidArgumentError(
      `${flag} belongs to --stage ${stages.join(' or ')}, got --stage ${stage}. Leave it out, or change the stage.`,
    );
  }
  const scheduler = readWhereFlags(flags);
  // A cluster of its own is started here, unless a scheduler is named.
  const threadsHere = stage === 'pool' || stage === 'chunked' || (stage === 'distributed' && !scheduler);
  return {
    workers: threadsHere ? allowedThreads(workers ?? allottedCores(), warn) : workers,
    chunks: chunk,
    optimize: optimize && optimize === 'on',
    ...{ seed, kernel, form, scheduler },
  };
}

/** An estimate and the memory it took: what `--json` prints. */
interface Report extends Estimate {
  readonly peakMemoryBytes: number;
}

/** Runs a stage with a progress bar on the terminal and measures its peak memory. */
async function estimateWithProgress(stage: string, samples: number, options: StageOptions): Promise<Report> {
  const estimate = await STAGES[stage]();
  forgetPeakMemory();
  const bar = await progressBar(stage, samples);
  let workersBytes = 0; // of a cluster's processes, which are gone when the stage is
  const look = () => (workersBytes = childrenPeakMemoryBytes());
  options.signal?.addEventListener('abort', look);
  const onProgress = (done: number) => {
    bar.update(done);
    if (done >= samples) look();
  };
  try {
    const result = await estimate(samples, { ...options, onProgress });
    return { ...result, peakMemoryBytes: peakMemoryBytes() + workersBytes };
  } finally {
    bar.stop();
  }
}

/** The original's lines, corrected: memory as measured, the error, the rate. */
function describe(report: Report, asked: number): string {
  const { stage, samples, seed, workers, inside, pi, standardError, seconds, startupSeconds, kernel } =
    report;
  const mb = (bytes: number, digits: number) => `${(bytes / 2 ** 20).toFixed(digits)} MB`;
  const lines = [
    `[${stage} version] required memory ${mb(originalMemory(samples).promised, 3)} by the original's formula (three arrays); measured at the peak: ${mb(report.peakMemoryBytes, 0)}`,
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
