// Computes arrays and numbers, on any executor.
import { InvalidArgumentError, show } from '../errors.js';
import { newArray } from '../task/interpret.js';
import type { DType, TypedArray } from '../task/operations.js';
import { ChunkedArray, LazyNumber } from './array.js';
import { bytesOf, type ArrayNode } from './node.js';
import { plan } from './plan.js';
import { runLayers, type ComputeOptions } from './run.js';

/** An array or a number that is not computed yet. */
export type Lazy = ChunkedArray | LazyNumber;

/** What compute gives for each array and number. */
export type Computed<T extends readonly Lazy[]> = {
  -readonly [i in keyof T]: T[i] extends ChunkedArray ? TypedArray : number;
};

const LARGE_BYTES = 2 ** 25; // worth a word before they come

/**
 * Computes arrays and numbers, one after the other: `const [count, mean] = await compute(a, b, { executor })`.
 *
 * Tasks are made as the executor draws them. Fused, a hundred thousand chunks take the memory of their results only.
 * @throws InvalidArgumentError for invalid arguments, or if an array exceeds limitBytes; TaskError if a task threw (its
 *   message names array, operation and chunk); what the executor throws
 */
export async function compute<T extends readonly Lazy[]>(
  ...given: readonly [...T, ComputeOptions]
): Promise<Computed<T>> {
  const options = optionsOf(given);
  const wanted = given.slice(0, -1) as readonly Lazy[];
  const plans = wanted.map(({ node }) => plan(node, options.optimize));
  const tasks = plans.flat().reduce((sum, layer) => sum + layer.node.chunks.sizes.length, 0);
  let done = 0;
  const onDone = (): void => options.onProgress?.(++done, tasks);
  for (const lazy of wanted) if (lazy instanceof ChunkedArray) checkSize(lazy, options);
  const results: (number | TypedArray)[] = [];
  for (const [i, lazy] of wanted.entries()) {
    const { node } = lazy;
    const values = node.op === 'data' ? [node.values.slice()] : await runLayers(plans[i], options, onDone);
    const isNumber = lazy instanceof LazyNumber;
    results.push(
      isNumber ? numberOf(node, values as number[]) : concatenate(node.dtype, values as TypedArray[]),
    );
  }
  return results as Computed<T>;
}

function optionsOf(given: readonly unknown[]): ComputeOptions {
  const isLazy = (value: unknown): boolean => value instanceof ChunkedArray || value instanceof LazyNumber;
  const options = given[given.length - 1] as ComputeOptions;
  if (isLazy(options) || typeof options?.executor?.run !== 'function')
    throw new InvalidArgumentError(
      `compute: the last argument must hold an executor, got ${show(options)}. Pass { executor: await startSerial() }.`,
    );
  if (given.length === 1)
    throw new InvalidArgumentError('compute: got nothing to compute. Pass arrays, or x.sum().');
  const wrong = given.slice(0, -1).findIndex((value) => !isLazy(value));
  if (wrong < 0) return options;
  throw new InvalidArgumentError(
    `compute: argument ${wrong + 1} must be a chunked array or a number computed from one, got ${show(given[wrong])}. Make one with fromArray.`,
  );
}

/** Reports a large array before it is computed, and refuses one that is too large. */
function checkSize(array: ChunkedArray, options: ComputeOptions): void {
  const { onReport = console.warn, limitBytes = 2 ** 30 } = options;
  const { node, dtype, key } = array;
  if (node.op === 'data') return;
  const bytes = bytesOf(dtype, node.chunks.length);
  const size = `${Number.isNaN(array.length) ? 'up to ' : ''}${describeBytes(bytes)}`;
  const text = `compute: this brings ${size} to the caller (${key}); did you mean .sum()?`;
  if (bytes > limitBytes)
    throw new InvalidArgumentError(
      `${text} It is more than limitBytes, ${describeBytes(limitBytes)}: raise that if you mean it.`,
    );
  if (bytes >= LARGE_BYTES) onReport(text);
}

/** Bytes as people read them, in powers of ten: '62.8 MB'. */
export function describeBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  const [unit, size] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / size).toFixed(1)} ${unit}`;
}

/** A number from the shares of all chunks. */
function numberOf({ name, chunks }: ArrayNode, shares: readonly number[]): number {
  const merge = name === 'min' ? Math.min : name === 'max' ? Math.max : (a: number, b: number) => a + b;
  const total = reduceTree(shares, merge);
  return name === 'mean' ? total / chunks.length : total;
}

/**
 * Reduces each half, then both results: rounding errors grow only with the height of the tree. The caller climbs the
 * tree, because sending two numbers costs more than adding them. No shares at all give 0.
 */
function reduceTree(shares: readonly number[], merge: (a: number, b: number) => number): number {
  if (shares.length < 2) return shares[0] ?? 0;
  const middle = shares.length >>> 1;
  return merge(reduceTree(shares.slice(0, middle), merge), reduceTree(shares.slice(middle), merge));
}

function concatenate(dtype: DType, chunks: readonly TypedArray[]): TypedArray {
  if (chunks.length === 1) return chunks[0];
  const starts = [0];
  for (const { length } of chunks) starts.push(starts[starts.length - 1] + length);
  const whole = newArray(dtype, starts[chunks.length]);
  chunks.forEach((chunk, c) => whole.set(chunk, starts[c]));
  return whole;
}
