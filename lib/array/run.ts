// The walk over a graph, on the caller's side: which tasks may run, which chunks wait, and when these may go.
import { TaskError } from '../errors.js';
import type { Executor, ExecutorEvent } from '../task/executor.js';
import { newArray } from '../task/interpret.js';
import type { DType, Kernel, Task, TypedArray, Value } from '../task/task.js';
import { largest, overlapping } from './chunks.js';
import { nameOf, type Graph, type Input, type Layer } from './lower.js';
import { ITEM_BYTES, type DataNode } from './node.js';
import { checkIndices } from './rules.js';
import { taskOf, workOf } from './work.js';

/** What a walk may be given. */
export interface WalkOptions {
  /** Who computes: startSerial, startPool, or any other. It stays open. */
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  /** Called as tasks are done, with how many are and how many there will be. */
  readonly onProgress?: (done: number, tasks: number) => void;
  readonly onEvent?: (event: ExecutorEvent) => void;
  /** Called with each value that is part of what was asked for: a chunk, or a chunk's share of a number. */
  readonly onResult?: (value: Value, task: Task, chunk: number) => void;
  readonly kernel?: Kernel;
}

/** What a walk brings back. */
export interface Results {
  /** For each output that was asked for, by its name: a value for each chunk. */
  readonly values: ReadonlyMap<string, readonly Value[]>;
  /** How many elements each layer went over. */
  readonly elements: ReadonlyMap<string, number>;
}

/** Chunks between tasks may take so many bytes; but each worker gets two columns of chunks in any case. */
const WINDOW_BYTES = 2 ** 24;

/**
 * Runs all tasks of a graph. Layers that read one another chunk by chunk go together through a window of chunks at a
 * time, and a chunk goes after its last reader, so what waits does not grow with the array. Only what a take looks into
 * must be complete before the take's own layer begins.
 */
export async function runGraph(graph: Graph, options: WalkOptions): Promise<Results> {
  const walk = new Walk(graph, options);
  for (const layers of groupsOf(graph)) await walk.runGroup(layers);
  return walk;
}

/** Layers that may go through their chunks together: as many takes lie before them, and they have as many chunks. */
function groupsOf({ layers }: Graph): Iterable<readonly Layer[]> {
  const groups = new Map<string, Layer[]>();
  for (const layer of [...layers].sort((a, b) => a.level - b.level)) {
    const group = groups.get(groupName(layer));
    if (group) group.push(layer);
    else groups.set(groupName(layer), [layer]);
  }
  return groups.values();
}

function groupName({ level, chunks }: Layer): string {
  return `${level} ${chunks.sizes.length}`;
}

class Walk implements Results {
  readonly values = new Map<string, Value[]>();
  readonly elements = new Map<string, number>();
  private readonly byKey: ReadonlyMap<string, Layer>;
  private readonly asked: ReadonlySet<string>;
  /** Outputs that stay to the end: those asked for, and those that another group reads. */
  private readonly kept: ReadonlySet<string>;
  private readonly tasks: number;
  private done = 0;

  constructor(
    { layers, roots }: Graph,
    private readonly options: WalkOptions,
  ) {
    this.byKey = new Map(layers.map((layer) => [layer.key, layer]));
    const crossing = layers.flatMap((layer) => {
      const away = layer.inputs.filter(
        (input) => 'layer' in input && groupName(this.byKey.get(input.layer)!) !== groupName(layer),
      );
      return layer.from ? [...away, layer.from] : away;
    });
    this.asked = new Set(roots.map(({ input }) => nameOf(input)));
    this.kept = new Set([...this.asked, ...crossing.map(nameOf)]);
    this.tasks = layers.reduce((sum, { chunks }) => sum + chunks.sizes.length, 0);
  }

  async runGroup(layers: readonly Layer[]): Promise<void> {
    const chunks = layers[0].chunks.sizes.length;
    const lastReader = new Map(
      layers.flatMap((layer) => layer.inputs.map((input) => [nameOf(input), layer])),
    );
    const makers = layers.map((layer) => this.makerOf(layer));
    const window = this.windowOf(layers);
    for (let first = 0; first < chunks; first += window) {
      const waiting = new Map<string, readonly Value[]>(); // of this window's chunks only
      for (const [l, layer] of layers.entries()) {
        const read = (input: Input, c: number): TypedArray => {
          if ('data' in input) return pieceOf(input.data, c);
          const name = nameOf(input);
          return (this.values.get(name)?.[c] ?? waiting.get(name)![c - first]) as TypedArray;
        };
        const values = await this.runLayer(layer, first, Math.min(chunks, first + window), (c) =>
          makers[l](c, read),
        );
        this.store(layer, values, first, waiting);
        for (const input of layer.inputs)
          if (lastReader.get(nameOf(input)) === layer) waiting.delete(nameOf(input));
      }
    }
  }

  /** How many chunks to go through at once: all, unless chunks must wait, or be copied from what is at hand. */
  private windowOf(layers: readonly Layer[]): number {
    const inputs = layers.flatMap((layer) => layer.inputs);
    const data = inputs.flatMap((input) => ('data' in input ? [input.data] : []));
    const waits = inputs.some((input) => 'layer' in input && !this.kept.has(nameOf(input)));
    if (!waits && data.length === 0) return Infinity;
    const longest = largest(layers[0].chunks).sizes.reduce((most, size) => Math.max(most, size), 1);
    const arrays = [...data, ...layers.flatMap((layer) => layer.outputs)];
    const bytes = longest * arrays.reduce((sum, { dtype }) => sum + ITEM_BYTES[dtype], 0);
    return Math.max(2 * this.options.executor.workers, Math.floor(WINDOW_BYTES / bytes), 1);
  }

  /** What makes a layer's task for chunk c, with chunks that `read` gives. */
  private makerOf(layer: Layer): (c: number, read: (input: Input, c: number) => TypedArray) => Task {
    const { inputs, from } = layer;
    if (from) return (c, read) => this.takeTask(layer, from, c, read);
    const work = workOf(layer);
    const { kernel = 'simd' } = this.options;
    return (c, read) =>
      taskOf(
        layer,
        work,
        c,
        inputs.map((input) => read(input, c)),
        kernel,
      );
  }

  /** A take is sent the part of its array that lies between the least and the greatest of its indices. */
  private takeTask(
    layer: Layer,
    from: Input,
    c: number,
    read: (input: Input, c: number) => TypedArray,
  ): Task {
    const indices = read(layer.inputs[0], c);
    const whole = 'data' in from ? from.data.chunks : this.byKey.get(from.layer)!.chunks;
    checkIndices(`take: chunk ${c} of ${layer.key}`, indices, whole.length);
    let [least, greatest] = [Infinity, -1];
    for (const index of indices) {
      least = Math.min(least, index);
      greatest = Math.max(greatest, index);
    }
    const places = overlapping(whole, least, greatest + 1);
    const elements = concatenate(
      layer.outputs[0].dtype,
      places.map((piece) => read(from, piece)),
    );
    return {
      key: `${layer.key}/${c}`,
      operation: 'take',
      input: { indices, elements, start: whole.starts[places[0]] ?? 0 },
    };
  }

  private async runLayer(
    layer: Layer,
    from: number,
    to: number,
    make: (c: number) => Task,
  ): Promise<readonly Value[]> {
    const { executor, signal, onEvent, onProgress, onResult } = this.options;
    const { elements } = this;
    const isAsked = layer.outputs.some((_, output) => this.asked.has(nameOf({ layer: layer.key, output })));
    const hear = (value: Value, task: Task, index: number): void => {
      onProgress?.(++this.done, this.tasks);
      if (isAsked) onResult?.(value, task, from + index);
    };
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
      if (error instanceof TaskError) error.message = describeFailure(layer, error);
      throw error;
    }
  }

  private store(
    { key, outputs }: Layer,
    values: readonly Value[],
    first: number,
    waiting: Map<string, readonly Value[]>,
  ): void {
    for (const output of outputs.keys()) {
      const name = nameOf({ layer: key, output });
      const own = outputs.length === 1 ? values : values.map((value) => (value as readonly Value[])[output]);
      if (!this.kept.has(name)) {
        waiting.set(name, own);
        continue;
      }
      const kept = this.values.get(name) ?? [];
      own.forEach((value, i) => (kept[first + i] = value));
      this.values.set(name, kept);
    }
  }
}

function describeFailure({ key, operations, chunks }: Layer, error: TaskError): string {
  const chunk = error.key.slice(error.key.lastIndexOf('/') + 1);
  const { name, message } = error.cause;
  return `array ${key}, operation ${operations.join(', ')}, chunk ${chunk} of ${chunks.sizes.length}: ${name}: ${message}`;
}

/** Chunk c of values that are at hand. */
export function pieceOf({ pieces, cut, chunks, dtype }: DataNode, c: number): TypedArray {
  const start = chunks.starts[c];
  const end = start + chunks.sizes[c];
  const found = overlapping(cut, start, end).map((p) => {
    const from = cut.starts[p];
    return pieces[p].subarray(Math.max(0, start - from), end - from);
  });
  const piece = concatenate(dtype, found);
  // A part of an array travels with all of its buffer: a copy of the part is the smaller price.
  return piece.byteLength === piece.buffer.byteLength ? piece : piece.slice();
}

/** Several arrays as one; one alone as it is. */
export function concatenate(dtype: DType, pieces: readonly TypedArray[]): TypedArray {
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
