// Threads of this process. Each runs one batch of tasks at a time, and is replaced when it ends.
import { EstimatorError, InvalidArgumentError, fromErrorRecord, toErrorRecord } from '../errors.js';
import { packValue, type PackedTask } from '../task/pack.js';
import { shortened, type Task, type Value } from '../task/task.js';
import { openPort } from './node-port.js';
import type { Answer, Port, Posted, Setup, Work } from './thread.js';

/** When the signal aborts, a batch may end by itself for this long before its thread is ended (ms). */
const GRACE_MS = 500;
/** How long task modules load before that is said (ms). */
const WAITING_MS = 15_000;
/** A packed task above this size has come in a frame of its own (see cluster/connection.ts): it is moved, not copied (bytes). */
const MOVED_BYTES = 64 * 2 ** 10;

/** Each call of run or runPacked takes an idle thread: make at most `count` calls at a time. */
export interface Threads {
  readonly count: number;
  /** Runs the tasks on one thread, one after the other; settles well, whatever becomes of them. */
  run(tasks: readonly Task[], options: ThreadOptions): Promise<BatchEnd<readonly Value[]>>;
  /** The same for packed tasks, whose large payloads move. The thread unpacks them and packs their values, as one list. */
  runPacked(tasks: readonly PackedTask[], options: ThreadOptions): Promise<BatchEnd<Uint8Array>>;
  /** Ends all threads at once, with what they run. */
  close(): Promise<void>;
}

export interface ThreadOptions {
  /** When it aborts, the batch ends within 500 ms, if need be together with its thread. */
  readonly signal?: AbortSignal;
  /** Called when a thread (0 to count - 1) starts the first task, with the time on its clock. */
  readonly onStarted?: (thread: number, time: number) => void;
}

/** How a batch ended. A thread that was lost or stopped takes the values of its batch with it. */
export interface BatchEnd<V> extends Answer<V> {
  readonly thread: number;
  /** The thread ended while it ran task `at` of the batch. */
  readonly lost?: { readonly at: number; readonly ended: string };
}

/**
 * Starts threads and resolves when all of them are ready.
 * @param o.count how many, 1 or more
 * @param o.tasks URLs of task modules (see task/run-task.ts)
 * @throws InvalidArgumentError where a task module cannot be loaded, EstimatorError where a thread cannot be had
 */
export async function startThreads(o: { count: number; tasks?: readonly string[] }): Promise<Threads> {
  const threads = Array.from({ length: o.count }, () => new Thread(o.tasks ?? []));
  const ready = Promise.all(threads.map((thread) => thread.run({ tasks: [] })));
  const ends = await whileLoading(o.tasks, ready);
  const lent = new ThreadLender(threads);
  const failed = ends.find(({ error, lost }) => error ?? lost);
  if (!failed) return lent;
  await lent.close();
  if (failed.error && failed.error.message !== 'EAGAIN') throw fromErrorRecord(failed.error);
  const why = failed.lost?.ended ?? 'EAGAIN'; // Node could make no thread
  const advice = why.includes('uv_cwd')
    ? 'The folder that this program is in was removed: go to another one.'
    : 'See ulimit -a: take fewer workers.';
  if (o.tasks?.length && !/EAGAIN|EMFILE|ENFILE|ENOMEM|memory|uv_cwd/.test(why))
    throw new InvalidArgumentError(`tasks: a module ended its thread while it was loaded: ${why}. Fix it.`);
  throw new EstimatorError('THREADS', `a thread did not start: ${why}. ${advice}`);
}

/** Loads task modules, and says so if that takes long: an await at the top level of one may never end. */
export async function whileLoading<T>(modules: readonly string[] = [], loading: Promise<T>): Promise<T> {
  if (modules.length === 0) return loading;
  const names = [modules].flat().map(shortened).join(', ');
  const text = `waiting for ${names} to load. Does an await at its top level never end?`;
  const late = setTimeout(() => console.error(text), WAITING_MS);
  return loading.finally(() => clearTimeout(late));
}

class ThreadLender implements Threads {
  readonly count: number;
  private readonly idle: number[];

  constructor(private readonly threads: readonly Thread[]) {
    this.count = threads.length;
    this.idle = [...threads.keys()].reverse();
  }

  run(tasks: readonly Task[], options: ThreadOptions): Promise<BatchEnd<readonly Value[]>> {
    return this.lend<readonly Value[]>({ tasks }, [], options);
  }

  runPacked(tasks: readonly PackedTask[], options: ThreadOptions): Promise<BatchEnd<Uint8Array>> {
    return this.lend({ packed: tasks }, packValue([]), options);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.end()));
  }

  private async lend<V>(work: Work, none: V, { signal, onStarted }: ThreadOptions): Promise<BatchEnd<V>> {
    const number = this.idle.pop();
    if (number === undefined) throw new Error(`all ${this.count} threads are busy`);
    const thread = this.threads[number];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onAbort = () => void (timer = setTimeout(() => void thread.end(), GRACE_MS));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    const end = await thread.run(work, (time) => onStarted?.(number, time));
    signal?.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    this.idle.push(number);
    return { thread: number, count: 0, times: [], ...end, values: (end.values as V | undefined) ?? none };
  }
}

/** How a batch ended, without the thread's number. */
type End = Partial<Answer<unknown>> & Pick<BatchEnd<unknown>, 'lost'>;

/** One thread, and after its end the one that takes its place. */
class Thread {
  /** Shared with the thread, where memory can be shared. */
  private readonly place = new Int32Array(
    typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(4) : new SharedArrayBuffer(4),
  );
  private port: Port | undefined;
  private batch = 0;
  private onStarted: (time: number) => void = () => {};
  private resolve: (end: End) => void = () => {};

  constructor(private readonly modules: readonly string[]) {}

  run(work: Work, onStarted: (time: number) => void = () => {}): Promise<End> {
    this.onStarted = onStarted;
    Atomics.store(this.place, 0, 0);
    return new Promise<End>((resolve) => {
      this.resolve = resolve;
      this.port ??= this.open();
      this.port.post({ batch: ++this.batch, ...work }, movedBuffers(work));
    }).catch((error: unknown) => ({ error: toErrorRecord(error) }));
  }

  /** Ends the thread, and its batch as the caller says. The next batch gets another thread. */
  end(end: End = {}): Promise<unknown> {
    const ended = this.port?.end();
    this.port = undefined;
    this.resolve(end);
    return Promise.resolve(ended);
  }

  private open(): Port {
    const lose = (ended: string, at = Atomics.load(this.place, 0)) => {
      if (port === this.port) void this.end({ lost: { at, ended } });
    };
    const onPosted = (given: unknown) => {
      const posted = given as Posted | undefined; // or what a task has posted by itself
      if (port !== this.port || posted?.ofBatch !== this.batch) return;
      if (posted.started !== undefined) this.onStarted(posted.started);
      if (posted.closedAt !== undefined) lose('the worker closed itself', posted.closedAt);
      if (!posted.answer) return;
      port.rest();
      this.resolve(posted.answer);
    };
    const port = openPort(onPosted, lose);
    const setup: Setup = { modules: this.modules, place: this.place };
    port.post(setup);
    return port;
  }
}

function movedBuffers(work: Work): ArrayBuffer[] {
  const payloads = 'packed' in work ? work.packed.map(({ payload }) => payload) : [];
  const large = payloads.filter(({ length }) => length > MOVED_BYTES);
  return [...new Set(large.map(({ buffer }) => buffer as ArrayBuffer))];
}
