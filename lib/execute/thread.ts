// What a thread does: it runs batches of tasks. The same in Node and in a page.
import { toErrorRecord, type ErrorRecord } from '../errors.js';
import { clock } from '../task/executor.js';
import { packValue, unpackTask, type PackedTask } from '../task/pack.js';
import { loadOperations, runTask } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';

/** Packed values above this size would not fit into one message of a cluster. */
const MOST_PACKED_BYTES = 255 * 2 ** 20;

/** A thread is sent its task modules first, and `place`, where it notes which task of a batch it runs. */
export interface Setup {
  readonly modules: readonly string[];
  readonly place: Int32Array;
}

/** Then it is sent tasks, or packed tasks whose values it packs. Batches of a thread are numbered. */
export type Batch = { readonly batch: number } & Work;
export type Work = { readonly tasks: readonly Task[] } | { readonly packed: readonly PackedTask[] };

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

/** What a thread posts: that it starts a batch, then its answer. A message without `ofBatch` is a task's own. */
export interface Posted {
  readonly ofBatch: number;
  /** When the batch began. */
  readonly started?: number;
  /** The task at which the thread closes itself. */
  readonly closedAt?: number;
  readonly answer?: Partial<Answer<unknown>>;
}

/** The way to a thread, from the thread that started it. */
export interface Port {
  post(message: Setup | Batch, moved?: ArrayBuffer[]): void;
  /** The thread has nothing to do: until something is posted it does not keep the process alive. */
  rest(): void;
  end(): unknown;
}

/** The task that runs now, by its place in the batch. */
let place: Int32Array = new Int32Array(1);
let ofBatch = 0;
let operations: ReturnType<typeof loadOperations>;

/** Handles a message to this thread. */
export async function receive(
  message: Setup | Batch,
  post: (message: Posted, transfer?: ArrayBuffer[]) => void | Promise<void>,
): Promise<void> {
  if ('modules' in message) {
    place = message.place;
    operations = loadOperations(message.modules);
    return void operations.catch(() => {}); // every batch fails with it
  }
  ofBatch = message.batch;
  void post({ ofBatch, started: clock() });
  try {
    await operations;
    if ('tasks' in message) {
      const answer = await runAll(message.tasks, (task) => task);
      // Moving 100 MB takes 7 ms, copying 185. Nobody else holds what runTask returns.
      const buffers = answer.values.filter((value) => ArrayBuffer.isView(value)).map(({ buffer }) => buffer);
      await post({ ofBatch, answer }, buffers as ArrayBuffer[]);
    } else {
      const answer = packed(await runAll(message.packed, unpackTask));
      await post({ ofBatch, answer }, [answer.values.buffer as ArrayBuffer]);
    }
  } catch (error) {
    await post({ ofBatch, answer: { error: toErrorRecord(error) } });
  }
}

/** What a thread that closes itself posts: the task that runs is lost with it. */
export function lastWords(): Posted {
  return { ofBatch, closedAt: place[0] };
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
function packed(answer: Answer<Value[]>): Answer<Uint8Array> {
  const { count, values, times } = answer;
  const bytes = packValue(values);
  if (bytes.length <= MOST_PACKED_BYTES) return { ...answer, values: bytes };
  const half = Math.floor(count / 2);
  if (half > 0)
    return packed({ count: half, values: values.slice(0, half), times: times.slice(0, 2 * half) });
  const message = `its value takes ${bytes.length} bytes; ${MOST_PACKED_BYTES / 2 ** 20} MiB travel at most. Cut the work into smaller tasks.`;
  return { count: 0, values: packValue([]), times: [], error: { name: 'RangeError', message } };
}
