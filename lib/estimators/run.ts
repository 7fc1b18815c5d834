// What every stage shares: options and result, the clock, an executor of its own where none is given, and what is kept
// when a run is stopped.
import { CancelledError, InvalidArgumentError, checkInteger } from '../errors.js';
import { piOf, standardErrorOf } from '../sampling/estimate.js';
import { partition, type Part } from '../sampling/partition.js';
import { DEFAULT_SEED, keyOfSeed, type Key } from '../sampling/seed.js';
import type { Executor, ExecutorEvent, RunOptions } from '../task/executor.js';
import type { Kernel, Task, TypedArray, Value } from '../task/task.js';

/** What every stage may be given. */
export interface EstimateOptions {
  /** A safe integer or a text; absent means 2017. */
  readonly seed?: number | string;
  /** Threads to start where no executor is given; absent means the cores allotted to this process. */
  readonly workers?: number;
  /** An executor that is up already; it stays open. Without it the stage starts its own and closes it. */
  readonly executor?: Executor;
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
  const { seed = DEFAULT_SEED, kernel = 'reference', signal, onEvent, onProgress } = options;
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

/** One task a piece: count the samples inside. */
export function* countTasks(key: Key, pieces: Iterable<Part>): Generator<Task> {
  for (const { start, samples } of pieces) {
    yield { key: `count-${start}`, operation: 'countInside', input: { key, start, samples } };
  }
}

/** Adds up counts. */
export function sum(counts: readonly Value[]): number {
  return (counts as readonly number[]).reduce((total, count) => total + count, 0);
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
