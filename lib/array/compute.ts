// Arrays and numbers become values: the caller walks the graph and hands its tasks to any executor, part by part.
import { InvalidArgumentError, TaskError, show } from '../errors.js';
import type { Executor, ExecutorEvent } from '../task/executor.js';
import { newArray } from '../task/interpret.js';
import { mergeMoments } from '../task/program.js';
import type { DType, Kernel, Task, TypedArray, Value } from '../task/task.js';
import { ChunkedArray, LazyNumber, checkIndices, emptyMessage } from './array.js';
import { chunksOf, largest, overlapping } from './chunks.js';
import { fuse } from './fuse.js';
import {
  lower,
  nameOf,
  taskOf,
  workOf,
  type Graph,
  type Input,
  type Layer,
  type Lazy,
  type Root,
} from './lower.js';
import { ITEM_BYTES, mintKey, type DataNode } from './node.js';

/** What compute and persist may be given. */
export interface ComputeOptions {
  /** Who computes: startSerial, startPool, or any other. It stays open. */
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  /** Called as tasks are done, with how many are and how many there will be. */
  readonly onProgress?: (done: number, tasks: number) => void;
  readonly onEvent?: (event: ExecutorEvent) => void;
  /** Called with each value that is part of what was asked for: a chunk, or a chunk's share of a number. */
  readonly onResult?: (value: Value, task: Task, chunk: number) => void;
  /** Hears what will be large before it is brought to the caller; console.warn where none is given. */
  readonly onReport?: (text: string) => void;
  /** Arrays of more bytes are refused; 2^30 where none is given. */
  readonly limitBytes?: number;
  /** Whether to fuse (see fuse); true where none is given. */
  readonly optimize?: boolean;
  readonly kernel?: Kernel;
}

/** What compute gives for each thing asked for. */
export type Computed<T extends readonly Lazy[]> = {
  -readonly [i in keyof T]: T[i] extends LazyNumber ? number : TypedArray;
};

/** Arrays of so many bytes are worth a word before they come. */
const LARGE_BYTES = 2 ** 25;
const LIMIT_BYTES = 2 ** 30;
/** Chunks between tasks may take so many bytes; but each worker gets two columns of chunks in any case. */
const WINDOW_BYTES = 2 ** 26;

/**
 * Computes arrays and numbers, what they have in common once: `const [count, mean] = await compute(a, b, { executor })`.
 *
 * Tasks are made as the executor draws them. Where fusion leaves one task a chunk, a hundred thousand chunks take the
 * memory of their numbers. Where tasks read other tasks' chunks, these stay with the caller; it goes through the chunks
 * a few at a time and lets go of each after its last reader, so memory does not grow with the array.
 * @throws InvalidArgumentError where an argument cannot be meant or what is asked for exceeds limitBytes; TaskError
 *   where a task threw: its message names array, operation and chunk; what the executor throws
 */
export async function compute<T extends readonly Lazy[]>(
  ...given: readonly [...T, ComputeOptions]
): Promise<Computed<T>> {
  const { wanted, options } = split('compute', given);
  const { graph, held } = await run('compute', wanted, options);
  return graph.roots.map((root) =>
    root.reduction ? numberOf(root, held) : concatenate(root.node.dtype, chunksFor(root, held)),
  ) as Computed<T>;
}

/**
 * Computes arrays and keeps their chunks in this process: gives arrays of known chunk sizes, from which one can go on.
 * @throws as compute does
 */
export async function persist<T extends readonly ChunkedArray[]>(
  ...given: readonly [...T, ComputeOptions]
): Promise<{ -readonly [i in keyof T]: ChunkedArray }> {
  const { wanted, options } = split('persist', given);
  const number = wanted.find((lazy) => lazy instanceof LazyNumber);
  if (number)
    throw new InvalidArgumentError(`persist: keeps arrays, got ${String(number)}. Use compute for numbers.`);
  const { graph, held } = await run('persist', wanted, options);
  return graph.roots.map((root) => {
    const pieces = chunksFor(root, held);
    const chunks = chunksOf(pieces.map((piece) => piece.length));
    return new ChunkedArray({
      op: 'data',
      key: mintKey('persist'),
      dtype: root.node.dtype,
      chunks,
      cut: chunks,
      pieces,
    });
  }) as { -readonly [i in keyof T]: ChunkedArray };
}

/** The graph that compute would run: lowered, and fused unless that is switched off. */
export function plan(wanted: readonly Lazy[], optimize = true): Graph {
  const graph = lower(wanted);
  return optimize ? fuse(graph) : graph;
}

function split(
  caller: string,
  given: readonly unknown[],
): { wanted: readonly Lazy[]; options: ComputeOptions } {
  const options = given[given.length - 1] as ComputeOptions;
  const wanted = given.slice(0, -1) as readonly Lazy[];
  const isLazy = (value: unknown): boolean => value instanceof ChunkedArray || value instanceof LazyNumber;
  if (isLazy(options) || typeof options?.executor?.run !== 'function') {
    throw new InvalidArgumentError(
      `${caller}: the last argument must hold an executor, got ${show(options)}. Pass { executor: await startSerial() }.`,
    );
  }
  const wrong = wanted.findIndex((value) => !isLazy(value));
  if (wrong >= 0)
    throw new InvalidArgumentError(
      `${caller}: argument ${wrong + 1} must be a chunked array or a number of one, got ${show(wanted[wrong])}.`,
    );
  if (wanted.length === 0)
    throw new InvalidArgumentError(
      `${caller}: got nothing to compute. Pass arrays, or numbers such as x.sum().`,
    );
  return { wanted, options };
}

/** What the tasks of outputs gave, by the output's name: a value for each chunk. And how many elements a layer went over. */
interface Held {
  readonly values: Map<string, Value[]>;
  readonly elements: Map<string, number>;
}

async function run(
  caller: string,
  wanted: readonly Lazy[],
  options: ComputeOptions,
): Promise<{ graph: Graph; held: Held }> {
  const graph = plan(wanted, options.optimize);
  checkSize(caller, graph, options);
  const held: Held = { values: new Map(), elements: new Map() };
  const runner = new Runner(graph, options, held);
  for (const group of runner.groups()) await runner.runGroup(group);
  return { graph, held };
}

/** Says what will be large before it is computed, and refuses what is too large. */
function checkSize(
  caller: string,
  { roots }: Graph,
  { onReport = console.warn, limitBytes = LIMIT_BYTES }: ComputeOptions,
): void {
  for (const { reduction, node } of roots) {
    const bytes = reduction || node.op === 'data' ? 0 : largest(node.chunks).length * ITEM_BYTES[node.dtype];
    const brings = `this brings ${Number.isNaN(node.chunks.length) ? 'up to ' : ''}${describeBytes(bytes)}`;
    const remedy = node.op === 'indices' ? 'did you mean .sum() of the condition?' : 'did you mean .sum()?';
    if (bytes > limitBytes) {
      throw new InvalidArgumentError(
        `${caller}: ${brings} to the caller (${node.key}), more than limitBytes (${describeBytes(limitBytes)}); ${remedy} Or pass a larger limitBytes.`,
      );
    }
    if (bytes >= LARGE_BYTES) onReport(`${caller}: ${brings} to the caller (${node.key}); ${remedy}`);
  }
}

/** Bytes as people read them, in powers of ten: '62.8 MB'. */
export function describeBytes(bytes: number): string {
  const unit = bytes < 1e3 ? 'B' : bytes < 1e6 ? 'kB' : bytes < 1e9 ? 'MB' : 'GB';
  const value = bytes / { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[unit];
  return unit === 'B' ? `${bytes} B` : `${value.toFixed(1)} ${unit}`;
}

/** Runs a graph's layers, and knows which chunks are still to be read. */
class Runner {
  /** Outputs that stay until the end: what was asked for, and what another group of layers reads. */
  private readonly kept: ReadonlySet<string>;
  private readonly asked: ReadonlySet<string>;
  private readonly tasks: number;
  private done = 0;

  constructor(
    private readonly graph: Graph,
    private readonly options: ComputeOptions,
    private readonly held: Held,
  ) {
    const groupOf = new Map(graph.layers.map((layer) => [layer.key, groupName(layer)]));
    const crossing = graph.layers.flatMap((layer) => {
      const away = (input: Input): boolean =>
        'layer' in input && groupOf.get(input.layer) !== groupName(layer);
      return [...layer.inputs.filter(away), ...(layer.from ? [layer.from] : [])];
    });
    this.asked = new Set(graph.roots.map(({ input }) => nameOf(input)));
    this.kept = new Set([...this.asked, ...crossing.map(nameOf)]);
    this.tasks = graph.layers.reduce((sum, { chunks }) => sum + chunks.sizes.length, 0);
  }

  /** Layers that may go through their chunks together: before the same take, with as many chunks. */
  groups(): readonly (readonly Layer[])[] {
    const groups = new Map<string, Layer[]>();
    for (const layer of [...this.graph.layers].sort((a, b) => a.level - b.level)) {
      const group = groups.get(groupName(layer));
      if (group) group.push(layer);
      else groups.set(groupName(layer), [layer]);
    }
    return [...groups.values()];
  }

  async runGroup(layers: readonly Layer[]): Promise<void> {
    const chunks = layers[0].chunks.sizes.length;
    const work = layers.map((layer) => (layer.from ? undefined : workOf(layer)));
    const last = new Map(layers.flatMap((layer, l) => layer.inputs.map((input) => [nameOf(input), l])));
    const window = this.windowOf(layers);
    for (let first = 0; first < chunks; first += window) {
      const between = new Map<string, readonly Value[]>();
      for (const [l, layer] of layers.entries()) {
        const read = (input: Input, c: number): TypedArray => {
          if ('data' in input) return pieceOf(input.data, c);
          const name = nameOf(input);
          return (this.held.values.get(name)?.[c] ?? between.get(name)![c - first]) as TypedArray;
        };
        const make = (c: number): Task => {
          const given = work[l];
          if (given === undefined) return this.takeTask(layer, c, read);
          const pieces = layer.inputs.map((input) => read(input, c));
          return taskOf(layer, given, c, pieces, this.options.kernel ?? 'simd');
        };
        const values = await this.runLayer(layer, first, Math.min(chunks, first + window), make);
        this.store(layer, values, first, between);
        for (const input of layer.inputs) if (last.get(nameOf(input)) === l) between.delete(nameOf(input));
      }
    }
  }

  /** How many chunks to go through at once: all, unless chunks must wait with the caller for a task that reads them. */
  private windowOf(layers: readonly Layer[]): number {
    const own = new Set(layers.map(({ key }) => key));
    const waits = layers.some(({ inputs }) =>
      inputs.some((input) => 'layer' in input && own.has(input.layer)),
    );
    if (!waits) return Infinity;
    const { sizes } = largest(layers[0].chunks);
    const largestChunk = sizes.reduce((most, size) => Math.max(most, size), 1);
    const itemBytes = layers.reduce(
      (sum, { outputs }) => sum + outputs.reduce((bytes, { dtype }) => bytes + ITEM_BYTES[dtype], 0),
      0,
    );
    return Math.max(
      2 * this.options.executor.workers,
      Math.floor(WINDOW_BYTES / (largestChunk * itemBytes)),
      1,
    );
  }

  private async runLayer(
    layer: Layer,
    from: number,
    to: number,
    make: (c: number) => Task,
  ): Promise<Value[]> {
    const { executor, signal, onEvent, onProgress, onResult } = this.options;
    const isAsked = layer.outputs.some((_, o) => this.asked.has(nameOf({ layer: layer.key, output: o })));
    const hear = (value: Value, task: Task, index: number): void => {
      this.done++;
      onProgress?.(this.done, this.tasks);
      if (isAsked) onResult?.(value, task, from + index);
    };
    const { elements } = this.held;
    function* tasks(): Generator<Task> {
      for (let c = from; c < to; c++) {
        const task = make(c);
        const { length = 0 } = task.input as { length?: number };
        elements.set(layer.key, (elements.get(layer.key) ?? 0) + length);
        yield task;
      }
    }
    try {
      return await executor.run(tasks(), { signal, onEvent, onResult: hear });
    } catch (error) {
      if (error instanceof TaskError) error.message = this.explain(layer, error);
      throw error;
    }
  }

  private explain({ key, operations, chunks }: Layer, error: TaskError): string {
    const c = error.key.slice(error.key.lastIndexOf('/') + 1);
    return `array ${key}, operation ${operations.join(', ')}, chunk ${c} of ${chunks.sizes.length}: ${error.cause.name}: ${error.cause.message}`;
  }

  private store(
    { key, outputs }: Layer,
    values: readonly Value[],
    first: number,
    between: Map<string, readonly Value[]>,
  ): void {
    for (const o of outputs.keys()) {
      const name = nameOf({ layer: key, output: o });
      const own = outputs.length === 1 ? values : values.map((value) => (value as readonly Value[])[o]);
      if (!this.kept.has(name)) {
        between.set(name, own);
        continue;
      }
      const kept = this.held.values.get(name) ?? [];
      for (const [i, value] of own.entries()) kept[first + i] = value;
      this.held.values.set(name, kept);
    }
  }

  /** A take is sent the part of its array that lies between the least and the greatest of its indices. */
  private takeTask(layer: Layer, c: number, read: (input: Input, c: number) => TypedArray): Task {
    const indices = read(layer.inputs[0], c);
    const from = layer.from!;
    const whole =
      'data' in from ? from.data.chunks : this.graph.layers.find(({ key }) => key === from.layer)!.chunks;
    checkIndices(`take: chunk ${c} of ${layer.key}`, indices, whole.length);
    let least = Infinity;
    let greatest = -1;
    for (const index of indices) {
      least = Math.min(least, index);
      greatest = Math.max(greatest, index);
    }
    const places = overlapping(whole, least, greatest + 1);
    const pieces = places.map((piece) => read(from, piece));
    const start = whole.starts[places[0]] ?? 0;
    const elements = pieces.length === 1 ? pieces[0] : concatenate(layer.outputs[0].dtype, pieces);
    return { key: `${layer.key}/${c}`, operation: 'take', input: { indices, elements, start } };
  }
}

function groupName({ level, chunks }: Layer): string {
  return `${level} ${chunks.sizes.length}`;
}

/** Chunk c of values that are at hand. */
function pieceOf({ pieces, cut, chunks, dtype }: DataNode, c: number): TypedArray {
  const start = chunks.starts[c];
  const end = start + chunks.sizes[c];
  const found = overlapping(cut, start, end).map((p) => {
    const from = cut.starts[p];
    return pieces[p].subarray(Math.max(0, start - from), end - from);
  });
  const piece = found.length === 1 ? found[0] : concatenate(dtype, found);
  // A part of an array travels with all of its buffer: a copy of the part is the smaller price.
  return piece.byteLength === piece.buffer.byteLength ? piece : piece.slice();
}

function chunksFor({ input, node }: Root, held: Held): readonly TypedArray[] {
  if ('data' in input) return node.chunks.sizes.map((_, c) => pieceOf(input.data, c).slice());
  return (held.values.get(nameOf(input)) ?? []) as unknown as readonly TypedArray[];
}

function concatenate(dtype: DType, pieces: readonly TypedArray[]): TypedArray {
  if (pieces.length === 1) return pieces[0];
  const whole = newArray(
    dtype,
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let filled = 0;
  for (const piece of pieces) {
    whole.set(piece, filled);
    filled += piece.length;
  }
  return whole;
}

/** A number from the partial results of all chunks. */
function numberOf({ input, node, reduction }: Root, { values, elements }: Held): number {
  const partials = values.get(nameOf(input)) ?? [];
  const length = 'layer' in input ? (elements.get(input.layer) ?? 0) : 0;
  if (length === 0 && reduction !== 'sum' && reduction !== 'countNonzero')
    throw new InvalidArgumentError(emptyMessage(reduction!, node.key));
  const numbers = partials as readonly number[];
  if (reduction === 'min') return reduceTree(numbers, Math.min, Infinity);
  if (reduction === 'max') return reduceTree(numbers, Math.max, -Infinity);
  if (reduction === 'std') {
    const [count, , squares] = reduceTree(
      partials as readonly Float64Array[],
      mergeMoments,
      new Float64Array(3),
    );
    return Math.sqrt(squares / count);
  }
  const sum = reduceTree(numbers, (a, b) => a + b, 0);
  return reduction === 'mean' ? sum / length : sum;
}

/**
 * Reduces neighbours two by two, then their results, and so on: rounding errors grow with the tree's height only. Its
 * leaves are one number a chunk, so it is climbed here: sending two numbers costs more than adding them.
 */
function reduceTree<T>(values: readonly T[], merge: (a: T, b: T) => T, empty: T): T {
  let level = values;
  while (level.length > 1) {
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) =>
      2 * i + 1 < level.length ? merge(level[2 * i], level[2 * i + 1]) : level[2 * i],
    );
  }
  return level.length === 1 ? level[0] : empty;
}
