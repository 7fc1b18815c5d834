// What a thread does: it runs batches of tasks. The same in Node and in a page.
import { toErrorRecord, type ErrorRecord } from '../errors.js';
import { clock } from '../task/executor.js';
import { packValue, unpackTask, type PackedTask } from '../task/pack.js';
import { TASK_OPERATIONS, loadOperations, runTask } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';

/** Packed values above this size would not fit into one message of a cluster. */
const MOST_PACKED_BYTES = 255 * 2 ** 20;

/** A thread is sent its task modules first, and `place`, where it notes which task of a batch it runs. */
export interface Setup {
  readonly modules: readonly string[];
  readonly place: Int32Array;
}

/** Then it is sent tasks, or packed tasks whose values it packs. */
export type Batch = { readonly tasks: readonly Task[] } | { readonly packed: readonly PackedTask[] };

/** What a thread answers to a batch. */
export interface Answer<V> {
  /** How many tasks gave a value: the first ones of the batch. */
  readonly count: number;
  readonly values: V;
  /** Start and end of each of them on the thread's clock, in ms since 1970. */
  readonly times: readonly number[];
  /** What the task after them threw. */
  readonly error?: ErrorRecord;
}

/** What a thread posts: that it starts a batch, then its answer. */
export type Posted = { readonly started: number } | Partial<Answer<unknown>>;

/** The way to a thread, from the thread that started it. */
export interface Port {
  post(message: Setup | Batch): void;
  /** The thread has nothing to do: until something is posted it does not keep the process alive. */
  rest(): void;
  end(): unknown;
}

/** The task that runs now, by its place in the batch. */
export let place: Int32Array = new Int32Array(1);
let operations: ReturnType<typeof loadOperations>;

/** Handles a message to this thread. */
export async function receive(
  message: Setup | Batch,
  post: (message: Posted, transfer?: ArrayBuffer[]) => void,
): Promise<void> {
  if ('modules' in message) {
    place = message.place;
    operations = loadOperations(message.modules);
    return void operations.catch(() => {}); // every batch fails with it
  }
  post({ started: clock() });
  try {
    await operations;
    if ('tasks' in message) {
      const answer = await runAll(message.tasks, (task) => task);
      post(answer, ownBuffers(message.tasks, answer.values));
    } else {
      const answer = packed(await runAll(message.packed, unpackTask));
      post(answer, [answer.values.buffer as ArrayBuffer]);
    }
  } catch (error) {
    post({ error: toErrorRecord(error) });
  }
}

async function runAll<T>(batch: readonly T[], taskOf: (item: T) => Task): Promise<Answer<Value[]>> {
  const known = await operations;
  const values: Value[] = [];
  const times: number[] = [];
  for (const [i, item] of batch.entries()) {
    Atomics.store(place, 0, i);
    const start = clock();
    try {
      values.push(await runTask(taskOf(item), known));
      times.push(start, clock());
    } catch (thrown) {
      return { count: i, values, times, error: toErrorRecord(thrown) };
    }
  }
  return { count: values.length, values, times };
}

/** Packs as many of the values as fit into one message. The tasks of the others are to run again. */
function packed({ count, values, times, error }: Answer<Value[]>): Answer<Uint8Array> {
  const bytes = packValue(values);
  if (bytes.length <= MOST_PACKED_BYTES) return { count, values: bytes, times, error };
  const half = Math.floor(count / 2);
  if (half > 0)
    return packed({ count: half, values: values.slice(0, half), times: times.slice(0, 2 * half) });
  const message = `its value takes ${bytes.length} bytes; ${MOST_PACKED_BYTES / 2 ** 20} MiB travel at most. Cut the work into smaller tasks.`;
  return { count: 0, values: packValue([]), times: [], error: { name: 'RangeError', message } };
}

/** Moving 100 MB takes 7 ms, copying 185. But a task module may keep what it returned: only our own results move. */
function ownBuffers(tasks: readonly Task[], values: readonly Value[]): ArrayBuffer[] {
  const buffers = values.flatMap((value, i) =>
    ArrayBuffer.isView(value) &&
    value.byteLength === value.buffer.byteLength &&
    TASK_OPERATIONS.has(tasks[i].operation)
      ? [value.buffer as ArrayBuffer]
      : [],
  );
  return [...new Set(buffers)];
}
