// Runs the layers of a plan on an executor. The caller's side keeps the chunks that later layers read, a few at a time.
import { TaskError } from '../errors.js';
import type { Executor, RunOptions } from '../task/executor.js';
import type { Evaluation } from '../task/evaluate.js';
import type { Kernel, TypedArray } from '../task/operations.js';
import type { Task, Value } from '../task/task.js';
import type { Chunks } from './chunks.js';
import { bytesOf, type ArrayNode } from './node.js';
import { lastReaders, type Layer } from './plan.js';

/** Options of compute. `onResult` gets the chunks of arrays and the chunks' shares of numbers, with the chunk's place. */
export interface ComputeOptions extends RunOptions {
  /** Who computes: startSerial, startPool, or any other executor. It stays open. */
  readonly executor: Executor;
  /** Called after each task, with how many are done and how many there are. */
  readonly onProgress?: (done: number, tasks: number) => void;
  /** Told which large array comes, before it is computed (default: console.warn). */
  readonly onReport?: (text: string) => void;
  /** Arrays of more bytes are refused (default 2^30). */
  readonly limitBytes?: number;
  /** Whether to make one task of all operations of a chunk, see plan (default true). */
  readonly optimize?: boolean;
  readonly kernel?: Kernel;
}

/** The chunks that wait between layers may take this many bytes; each worker gets two columns of chunks in any case. */
const WINDOW_BYTES = 2 ** 24;

/**
 * Computes the last layer: a value for each chunk. If layers read chunks, all of them go through a window of chunks
 * together, and a chunk is let go after its last reader. So the chunks that wait do not grow with the array.
 * @param onDone called after each task
 */
export async function runLayers(
  layers: readonly Layer[],
  options: ComputeOptions,
  onDone: () => void,
): Promise<readonly Value[]> {
  const count = layers[0].node.chunks.sizes.length;
  const window = windowOf(layers, options.executor.workers);
  const results: Value[] = [];
  for (let first = 0; first < count; first += window) {
    const values = await runWindow(layers, first, Math.min(count, first + window), options, onDone);
    for (const value of values) results.push(value);
  }
  return results;
}

/** How many chunks to go through at once: all, unless chunks must wait, or be copied from memory. */
function windowOf(layers: readonly Layer[], workers: number): number {
  const inputs = new Set(layers.flatMap((layer) => layer.inputs));
  if (inputs.size === 0) return Infinity;
  const longest = layers[0].node.chunks.sizes.reduce((most, size) => Math.max(most, size), 1);
  const bytes = [...inputs].reduce((sum, { dtype }) => sum + bytesOf(dtype, longest), 0);
  return Math.max(2 * workers, Math.floor(WINDOW_BYTES / bytes), 1);
}

/** Computes chunks `first` to `end` - 1 of all layers. Returns the values of the last layer. */
async function runWindow(
  layers: readonly Layer[],
  first: number,
  end: number,
  options: ComputeOptions,
  onDone: () => void,
): Promise<readonly Value[]> {
  const { executor, signal, onEvent, kernel } = options;
  const last = layers[layers.length - 1];
  const readers = lastReaders(layers);
  const waiting = new Map<string, readonly Value[]>(); // the values of each layer
  const chunkOf = (node: ArrayNode, c: number): TypedArray => {
    if (node.op === 'data') return partOf(node.values, node.chunks, c);
    return waiting.get(node.key)![c - first] as TypedArray;
  };
  for (const layer of layers) {
    const onResult = (value: Value, task: Task, index: number): void => {
      onDone();
      return layer === last ? options.onResult?.(value, task, first + index) : undefined;
    };
    const tasks = tasksOf(layer, first, end, chunkOf, kernel);
    try {
      waiting.set(layer.node.key, await executor.run(tasks, { signal, onEvent, onResult }));
    } catch (failure) {
      throw explained(failure, layer);
    }
    for (const { key } of layer.inputs) if (readers.get(key) === layer) waiting.delete(key);
  }
  return waiting.get(last.node.key)!;
}

function* tasksOf(
  { node, expression, inputs }: Layer,
  first: number,
  end: number,
  chunkOf: (node: ArrayNode, c: number) => TypedArray,
  kernel: Kernel = 'simd',
): Generator<Task> {
  const { starts, sizes } = node.chunks;
  for (let c = first; c < end; c++) {
    const read = inputs.map((input) => chunkOf(input, c));
    const input: Evaluation = { expression, start: starts[c], length: sizes[c], chunks: read, kernel };
    yield { key: `${node.key}/${c}`, operation: 'evaluate', input: input as unknown as Value };
  }
}

function partOf(values: TypedArray, { starts, sizes }: Chunks, c: number): TypedArray {
  return values.subarray(starts[c], starts[c] + sizes[c]); // the executor copies what it takes, and no more
}

/** The failure of a layer. For a task that threw, its message names array, operation and chunk. */
function explained(failure: unknown, { node, operations }: Layer): Error {
  if (failure instanceof TaskError) {
    const chunk = failure.key.slice(failure.key.lastIndexOf('/') + 1);
    const { name, message } = failure.cause;
    failure.message = `array ${node.key}, operation ${operations.join(', ')}, chunk ${chunk} of ${node.chunks.sizes.length}: ${name}: ${message}`;
  }
  return failure as Error;
}
