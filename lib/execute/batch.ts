// What a thread does with a batch of tasks, and how the batch ends: the same in Node and in a page.
import { toErrorRecord, type ErrorRecord } from '../errors.js';
import { clock } from '../task/executor.js';
import { packValue, unpackTask, type PackedTask } from '../task/pack.js';
import { TASK_OPERATIONS, runTask, type TaskOperation } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';

/** Packed values above this size would not fit into one message of a cluster. */
export const MOST_PACKED_BYTES = 255 * 2 ** 20;

/** What a thread is sent: tasks, or packed tasks whose values are to be packed too. */
export type Batch = { readonly tasks: readonly Task[] } | { readonly packed: readonly PackedTask[] };

/** What a thread answers: how many tasks gave a value, their values and times, and what the next task threw. */
export interface Answer<V> {
  /** Tasks that gave a value: the first ones of the batch. */
  readonly count: number;
  readonly values: V;
  /** Start and end of each of them on the thread's clock, in ms since 1970. */
  readonly times: readonly number[];
  /** What the task after them threw. */
  readonly error?: ErrorRecord;
}

/**
 * Runs the tasks of a batch one after the other. A task that throws ends the batch.
 * @param onTask called as each task starts, with its place in the batch
 * @returns the answer, and the buffers that may move to the other thread instead of being copied
 */
export async function runBatch(
  batch: Batch,
  operations: ReadonlyMap<string, TaskOperation>,
  onTask: (place: number) => void,
): Promise<{ answer: Answer<readonly Value[] | Uint8Array>; buffers: ArrayBuffer[] }> {
  if ('packed' in batch) {
    const answer = packed(await runAll(batch.packed, unpackTask, operations, onTask));
    return { answer, buffers: [answer.values.buffer as ArrayBuffer] };
  }
  const answer = await runAll(batch.tasks, (task) => task, operations, onTask);
  return { answer, buffers: ownBuffers(batch.tasks, answer.values) };
}

async function runAll<T>(
  batch: readonly T[],
  taskOf: (item: T) => Task,
  operations: ReadonlyMap<string, TaskOperation>,
  onTask: (place: number) => void,
): Promise<Answer<Value[]>> {
  const values: Value[] = [];
  const times: number[] = [];
  for (const [place, item] of batch.entries()) {
    onTask(place);
    const start = clock();
    try {
      values.push(await runTask(taskOf(item), operations));
      times.push(start, clock());
    } catch (thrown) {
      return { count: place, values, times, error: toErrorRecord(thrown) };
    }
  }
  return { count: values.length, values, times };
}

/** Packs as many of the values as one message holds. The tasks of the others are run again. */
function packed({ count, values, times, error }: Answer<Value[]>): Answer<Uint8Array> {
  const bytes = packValue(values);
  if (bytes.length <= MOST_PACKED_BYTES) return { count, values: bytes, times, error };
  if (count > 1) {
    const half = Math.floor(count / 2);
    return packed({ count: half, values: values.slice(0, half), times: times.slice(0, 2 * half) });
  }
  const message = `its value takes ${bytes.length} bytes; ${MOST_PACKED_BYTES / 2 ** 20} MiB travel at most. Cut the work into smaller tasks.`;
  return { count: 0, values: packValue([]), times: [], error: { name: 'RangeError', message } };
}

/** Moving 100 MB takes 7 ms, copying 185. But a task module may keep what it returns: only our own results move. */
function ownBuffers(tasks: readonly Task[], values: readonly Value[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const [place, value] of values.entries()) {
    if (!ArrayBuffer.isView(value) || !TASK_OPERATIONS.has(tasks[place].operation)) continue;
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength)
      buffers.add(value.buffer);
  }
  return [...buffers];
}
