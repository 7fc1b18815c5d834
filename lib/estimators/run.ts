// What the stages share: options and result, the clock, an executor of their own, and what a stopped run keeps.
import { CancelledError, InvalidArgumentError, checkInteger } from '../errors.js';
import { piOf, standardErrorOf } from '../sampling/estimate.js';
import { partition, type Part } from '../sampling/partition.js';
import { DEFAULT_SEED, keyOfSeed, type Key } from '../sampling/seed.js';
import { simdSupported } from '../simd/wasm.js';
import { checkKernel, type Evaluation } from '../task/evaluate.js';
import type { Executor, RunOptions } from '../task/executor.js';
import { insideExpression } from '../task/inside.js';
import type { Kernel, TypedArray } from '../task/operations.js';
import type { Task, Value } from '../task/task.js';

/** Options of every stage. */
export interface EstimateOptions extends Pick<RunOptions, 'signal' | 'onEvent'> {
  /** A safe integer or a text (default 2017). */
  readonly seed?: number | string;
  /** Threads to start if you give no executor (default: the cores allotted to this process). */
  readonly workers?: number;
  /** An executor that is up already. It stays open. Without it the stage starts its own and closes it. */
  readonly executor?: Executor;
  /** The engine (default: 'simd' if this machine supports it, else 'reference'). Both give the same count. */
  readonly kernel?: Kernel;
  /** Called as pieces are done, with the samples counted so far. */
  readonly onProgress?: (samples: number) => void;
}

/** The result of every stage. */
export interface Estimate {
  readonly stage: string;
  /** Samples counted: all that you asked for, or fewer if the run was interrupted. */
  readonly samples: number;
  readonly seed: number | string;
  readonly workers: number;
  readonly kernel: Kernel;
  readonly inside: number;
  readonly pi: number;
  readonly standardError: number;
  /** From the call to the result, with the executor up. */
  readonly seconds: number;
  /** What it took to start the executor; 0 if you gave one. */
  readonly startupSeconds: number;
  readonly interrupted: boolean;
}

/** What a stage needs to count. */
export interface StageContext {
  readonly executor: Executor;
  readonly key: Key;
  readonly kernel: Kernel;
  readonly watch: RunOptions;
}

/** A stage's own lines: they return the number of samples inside. */
type Count = (context: StageContext) => Promise<number>;

/**
 * Runs a stage.
 * @throws InvalidArgumentError for invalid samples, seed or workers; what the executor throws
 */
export async function runStage(
  stage: string,
  samples: number,
  options: EstimateOptions,
  start: () => Promise<Executor>,
  count: Count,
): Promise<Estimate> {
  checkInteger('samples', samples, 1, 'Ask for 1 or more: an estimate from none would be 0/0.');
  const { seed = DEFAULT_SEED } = options;
  const kernel = chooseKernel(options.kernel);
  const key = keyOfSeed(seed);
  const began = performance.now();
  const executor = options.executor ?? (await start());
  const { workers } = executor;
  const called = performance.now();
  const startupSeconds = options.executor ? 0 : (called - began) / 1000;
  try {
    const counts = await countOrKeep(samples, { executor, key, kernel }, options, count);
    const seconds = (performance.now() - called) / 1000;
    const pi = piOf(counts.inside, counts.samples);
    const standardError = standardErrorOf(counts.inside, counts.samples);
    return { stage, seed, workers, kernel, ...counts, pi, standardError, seconds, startupSeconds };
  } finally {
    if (!options.executor) await executor.close();
  }
}

/** Counts. If the signal stops it, what is counted is kept: the samples of any piece are as good as all others. */
async function countOrKeep(
  samples: number,
  context: Omit<StageContext, 'watch'>,
  { signal, onEvent, onProgress }: EstimateOptions,
  count: Count,
): Promise<Pick<Estimate, 'samples' | 'inside' | 'interrupted'>> {
  const kept = { samples: 0, inside: 0, interrupted: true };
  const onResult = (value: Value, { input }: Task) => {
    const piece = input as { samples?: number; length?: number };
    kept.samples += piece.samples ?? piece.length ?? 0;
    kept.inside += typeof value === 'number' ? value : (value as TypedArray).length; // a count, or indices
    return onProgress?.(kept.samples);
  };
  try {
    const inside = await count({ ...context, watch: { signal, onEvent, onResult } });
    return { samples, inside, interrupted: false };
  } catch (error) {
    if (error instanceof CancelledError && kept.samples > 0) return kept;
    throw error;
  }
}

/** Samples in a piece: 50 to 200 ms of work, for quick answers to Ctrl-C, steady progress and an even finish. */
const PIECE: { readonly [kernel in Kernel]: number } = { simd: 1e8, reference: 3e7 };

/** Cuts the samples into pieces, the same number for each worker. */
export function piecesOf(samples: number, workers: number, kernel: Kernel): Iterable<Part> {
  return partition(samples, workers * Math.max(1, Math.ceil(samples / (workers * PIECE[kernel]))));
}

/** For each piece a task that counts its samples inside: an expression for 'simd', countInside for 'reference'. */
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

function chooseKernel(wanted: Kernel | undefined): Kernel {
  if (wanted === undefined) return simdSupported() ? 'simd' : 'reference';
  checkKernel(wanted);
  if (wanted === 'reference' || simdSupported()) return wanted;
  throw new InvalidArgumentError("kernel 'simd' is not supported here. Leave it out, or take 'reference'.");
}
