// What every stage shares: options and result, the clock, an executor of its own where none is given, and what is kept
// when a run is stopped.
import { CancelledError, InvalidArgumentError, checkInteger } from '../errors.js';
import { piOf, standardErrorOf } from '../sampling/estimate.js';
import { partition, type Part } from '../sampling/partition.js';
import { DEFAULT_SEED, keyOfSeed, type Key } from '../sampling/seed.js';
import { checkKernel } from '../task/check.js';
import type { Evaluation } from '../task/evaluate.js';
import type { Executor, ExecutorEvent, RunOptions } from '../task/executor.js';
import { insideExpression } from '../task/inside.js';
import { simdSupported } from '../simd/wasm.js';
import type { Kernel, Task, TypedArray, Value } from '../task/task.js';

/** What every stage may be given. */
export interface EstimateOptions {
  /** A safe integer or a text; absent means 2017. */
  readonly seed?: number | string;
  /** Threads to start where no executor is given; absent means the cores allotted to this process. */
  readonly workers?: number;
  /** An executor that is up already; it stays open. Without it the stage starts its own and closes it. */
  readonly executor?: Executor;
  /** Absent: 'simd' where this machine has it, else 'reference'. Both give the same count. */
  readonly kernel?: Kernel;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ExecutorEvent) => void;
  /** Called as pieces are done, with the samples counted so far. */
  readonly onProgress?: (samples: number) => void;
}

/** What every stage gives. */
export interface Estimate {
  readonly stage: string;
  /** Samples counted: those asked for, or fewer where the run was interrupted. */
  readonly samples: number;
  readonly seed: number | string;
  readonly workers: number;
  readonly kernel: Kernel;
  readonly inside: number;
  readonly pi: number;
  readonly standardError: number;
  /** From the call to the result, with the executor up. */
  readonly seconds: number;
  /** What starting the executor took; 0 where one was given. */
  readonly startupSeconds: number;
  readonly interrupted: boolean;
}

/** What a stage's own lines are handed. */
export interface StageContext {
  readonly executor: Executor;
  readonly key: Key;
  readonly kernel: Kernel;
  readonly watch: RunOptions;
}

/**
 * Runs a stage: `count` gives the number of samples inside.
 * @throws InvalidArgumentError for samples, seed or workers that cannot be meant; what the executor throws
 */
export async function runStage(
  stage: string,
  samples: number,
  options: EstimateOptions,
  start: () => Promise<Executor>,
  count: (context: StageContext) => Promise<number>,
): Promise<Estimate> {
  checkSamples(samples);
  const { seed = DEFAULT_SEED, signal, onEvent, onProgress } = options;
  const kernel = chooseKernel(options.kernel);
  const key = keyOfSeed(seed);
  const began = performance.now();
  const executor = options.executor ?? (await start());
  const startupSeconds = options.executor ? 0 : (performance.now() - began) / 1000;
  const done = { samples: 0, inside: 0 };
  const onResult = (value: Value, task: Task) => {
    done.samples += samplesOf(task);
    done.inside += typeof value === 'number' ? value : (value as TypedArray).length; // a count, or the indices of those inside
    onProgress?.(done.samples);
  };
  const workers = executor.workers;
  const called = performance.now();
  let interrupted = false;
  let seconds: number;
  try {
    done.inside = await count({ executor, key, kernel, watch: { signal, onEvent, onResult } });
    done.samples = samples;
  } catch (error) {
    if (!(error instanceof CancelledError) || done.samples === 0) throw error;
    interrupted = true; // what is counted is kept: the samples of any piece are as good as those of another
  } finally {
    seconds = (performance.now() - called) / 1000;
    if (!options.executor) await executor.close();
  }
  const { inside } = done;
  const pi = { pi: piOf(inside, done.samples), standardError: standardErrorOf(inside, done.samples) };
  return {
    stage,
    samples: done.samples,
    seed,
    workers,
    kernel,
    inside,
    ...pi,
    seconds,
    startupSeconds,
    interrupted,
  };
}

/** Samples in a piece: 50 to 200 ms of work, so that Ctrl-C, progress and an even finish come by themselves. */
const PIECE: { readonly [kernel in Kernel]: number } = { simd: 1e8, reference: 3e7 };

/** Cuts the samples into pieces, as many for each worker as for the next. */
export function piecesOf(samples: number, workers: number, kernel: Kernel): Iterable<Part> {
  return partition(samples, workers * Math.max(1, Math.ceil(samples / (workers * PIECE[kernel]))));
}

/** One task a piece: count the samples inside. Compiled, it is an expression; the reference is countInside itself. */
export function* countTasks(
  { key, kernel }: Pick<StageContext, 'key' | 'kernel'>,
  pieces: Iterable<Part>,
): Generator<Task> {
  const expression = insideExpression(key);
  for (const { start, samples } of pieces) {
    const name = `count-${start}`;
    if (kernel === 'reference') yield { key: name, operation: 'countInside', input: { key, start, samples } };
    else {
      const evaluation: Evaluation = { expression, start, length: samples, chunks: [], kernel };
      yield { key: name, operation: 'evaluate', input: evaluation as unknown as Value };
    }
  }
}

/** Adds up counts. */
export function sum(counts: readonly Value[]): number {
  return (counts as readonly number[]).reduce((total, count) => total + count, 0);
}

/** What counts where nothing is said, and whether what was asked for is there. */
function chooseKernel(asked: Kernel | undefined): Kernel {
  if (asked === undefined) return simdSupported() ? 'simd' : 'reference';
  checkKernel(asked);
  if (asked === 'simd' && !simdSupported()) {
    throw new InvalidArgumentError(
      "kernel 'simd' is not supported by this Node. Leave it out, or take 'reference'.",
    );
  }
  return asked;
}

function samplesOf({ input }: Task): number {
  const { samples, length } = input as { samples?: number; length?: number };
  return samples ?? length ?? 0;
}

function checkSamples(samples: number): void {
  if (samples === 0) {
    throw new InvalidArgumentError(
      'samples must be at least 1, got 0: an estimate from nothing would be 0/0. Ask for 1 or more.',
    );
  }
  checkInteger('samples', samples, 1, 'Ask for a whole number of samples, such as 1e6.');
}
