// Arrays and numbers become values, on any executor.
import { InvalidArgumentError, show } from '../errors.js';
import { mergeMoments } from '../task/program.js';
import type { TypedArray } from '../task/task.js';
import { ChunkedArray, LazyNumber, noElements } from './array.js';
import { largest } from './chunks.js';
import { fuse } from './fuse.js';
import { lower, nameOf, type Graph, type Lazy, type Root } from './lower.js';
import { ITEM_BYTES, dataNode } from './node.js';
import { concatenate, pieceOf, runGraph, type Results, type WalkOptions } from './run.js';

/** What compute and persist may be given. */
export interface ComputeOptions extends WalkOptions {
  /** Hears what will be large before it is brought to the caller; console.warn where none is given. */
  readonly onReport?: (text: string) => void;
  /** Arrays of more bytes are refused; 2^30 where none is given. */
  readonly limitBytes?: number;
  /** Whether to fuse (see fuse); true where none is given. */
  readonly optimize?: boolean;
}

/** What compute gives for each thing asked for. */
export type Computed<T extends readonly Lazy[]> = {
  -readonly [i in keyof T]: T[i] extends LazyNumber ? number : TypedArray;
};

/** Arrays of so many bytes are worth a word before they come. */
const LARGE_BYTES = 2 ** 25;
const LIMIT_BYTES = 2 ** 30;

/**
 * Computes arrays and numbers, what they have in common once: `const [count, mean] = await compute(a, b, { executor })`.
 *
 * Tasks are made as the executor draws them. Where fusion leaves one task a chunk, a hundred thousand chunks take the
 * memory of their numbers; where tasks read other tasks' chunks, these stay with the caller, a few at a time.
 * @throws InvalidArgumentError where an argument cannot be meant or what is asked for exceeds limitBytes; TaskError
 *   where a task threw: its message names array, operation and chunk; what the executor throws
 */
export async function compute<T extends readonly Lazy[]>(
  ...given: readonly [...T, ComputeOptions]
): Promise<Computed<T>> {
  const { roots, results } = await run('compute', given);
  return roots.map((root) => {
    return root.reduction ? numberOf(root, results) : concatenate(root.dtype, chunksFor(root, results));
  }) as Computed<T>;
}

/**
 * Computes arrays and keeps their chunks in this process: gives arrays of known chunk sizes, from which one can go on.
 * @throws as compute does
 */
export async function persist<T extends readonly ChunkedArray[]>(
  ...given: readonly [...T, ComputeOptions]
): Promise<{ -readonly [i in keyof T]: ChunkedArray }> {
  const number = given.find((lazy) => lazy instanceof LazyNumber);
  if (number)
    throw new InvalidArgumentError(`persist: keeps arrays, got ${String(number)}. Use compute for numbers.`);
  const { roots, results } = await run('persist', given);
  return roots.map((root) => {
    return new ChunkedArray(dataNode('persist', root.dtype, chunksFor(root, results)));
  }) as { -readonly [i in keyof T]: ChunkedArray };
}

/** The graph that compute would run: lowered, and fused unless that is switched off. */
export function plan(wanted: readonly Lazy[], optimize = true): Graph {
  const graph = lower(wanted);
  return optimize ? fuse(graph) : graph;
}

async function run(
  caller: string,
  given: readonly unknown[],
): Promise<{ roots: readonly Root[]; results: Results }> {
  const options = given[given.length - 1] as ComputeOptions;
  const wanted = given.slice(0, -1) as readonly Lazy[];
  const isLazy = (value: unknown): boolean => value instanceof ChunkedArray || value instanceof LazyNumber;
  if (isLazy(options) || typeof options?.executor?.run !== 'function') {
    const remedy = 'Pass { executor: await startSerial() }.';
    throw new InvalidArgumentError(
      `${caller}: the last argument must hold an executor, got ${show(options)}. ${remedy}`,
    );
  }
  if (wanted.length === 0)
    throw new InvalidArgumentError(`${caller}: got nothing to compute. Pass arrays, or x.sum().`);
  const wrong = wanted.findIndex((value) => !isLazy(value));
  if (wrong >= 0) {
    const got = `argument ${wrong + 1} must be a chunked array or a number of one, got ${show(wanted[wrong])}`;
    throw new InvalidArgumentError(`${caller}: ${got}. Make one with fromArray.`);
  }
  const graph = plan(wanted, options.optimize);
  for (const root of graph.roots) checkSize(caller, root, options);
  return { roots: graph.roots, results: await runGraph(graph, options) };
}

/** Says what will be large before it is computed, and refuses what is too large. */
function checkSize(
  caller: string,
  { key, dtype, chunks, input, reduction }: Root,
  options: ComputeOptions,
): void {
  const { onReport = console.warn, limitBytes = LIMIT_BYTES } = options;
  if (reduction || 'data' in input) return;
  const bytes = largest(chunks).length * ITEM_BYTES[dtype];
  const size = `${Number.isNaN(chunks.length) ? 'up to ' : ''}${describeBytes(bytes)}`;
  const text = `${caller}: this brings ${size} to the caller (${key}); did you mean .sum()?`;
  if (bytes > limitBytes) {
    throw new InvalidArgumentError(
      `${text} It is more than limitBytes, ${describeBytes(limitBytes)}: raise that if you mean it.`,
    );
  }
  if (bytes >= LARGE_BYTES) onReport(text);
}

/** Bytes as people read them, in powers of ten: '62.8 MB'. */
export function describeBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  const [unit, size] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / size).toFixed(1)} ${unit}`;
}

function chunksFor({ input }: Root, { values }: Results): readonly TypedArray[] {
  if ('data' in input) return input.data.chunks.sizes.map((_, c) => pieceOf(input.data, c).slice());
  return (values.get(nameOf(input)) ?? []) as readonly TypedArray[];
}

/** A number from the partial results of all chunks. */
function numberOf({ key, input, reduction = 'sum' }: Root, { values, elements }: Results): number {
  const partials = values.get(nameOf(input)) ?? [];
  const numbers = partials as readonly number[];
  const length = 'layer' in input ? (elements.get(input.layer) ?? 0) : 0;
  if (reduction === 'sum' || reduction === 'countNonzero') return reduceTree(numbers, (a, b) => a + b, 0);
  if (length === 0) throw noElements(reduction, key); // known only now, as after compress
  if (reduction === 'min') return reduceTree(numbers, Math.min, Infinity);
  if (reduction === 'max') return reduceTree(numbers, Math.max, -Infinity);
  if (reduction === 'mean') return reduceTree(numbers, (a, b) => a + b, 0) / length;
  const [count, , squares] = reduceTree(
    partials as readonly Float64Array[],
    mergeMoments,
    new Float64Array(3),
  );
  return Math.sqrt(squares / count);
}

/**
 * Reduces neighbours two by two, then their results, and so on: rounding errors grow with the tree's height only. Its
 * leaves are one number a chunk, so it is climbed here: sending two numbers costs more than adding them.
 */
function reduceTree<T>(values: readonly T[], merge: (a: T, b: T) => T, empty: T): T {
  let level = values;
  while (level.length > 1) {
    const pairs = Math.ceil(level.length / 2);
    level = Array.from({ length: pairs }, (_, i) =>
      2 * i + 1 < level.length ? merge(level[2 * i], level[2 * i + 1]) : level[2 * i],
    );
  }
  return level.length === 1 ? level[0] : empty;
}
