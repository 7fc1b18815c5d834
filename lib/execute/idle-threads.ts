// Threads that run batches of tasks, one batch each at a time: what Node's threads and a page's have in common.
import type { PackedTask } from '../task/pack.js';
import { packValue } from '../task/pack.js';
import type { Task, Value } from '../task/task.js';
import type { Answer, Batch } from './batch.js';

/** When the signal aborts, a batch may end by itself for this long before its thread is ended (ms). */
const GRACE_MS = 500;

/** Threads of this process. A call of run or runPacked takes an idle one: make at most `count` calls at a time. */
export interface Threads {
  readonly count: number;
  /** Runs the tasks on one thread, one after the other. Never rejects. */
  run(tasks: readonly Task[], options: ThreadOptions): Promise<BatchEnd<readonly Value[]>>;
  /** The same for packed tasks. The thread unpacks them and packs their values, as one list. */
  runPacked(tasks: readonly PackedTask[], options: ThreadOptions): Promise<BatchEnd<Uint8Array>>;
  /** Ends all threads at once, with what they run. */
  close(): Promise<void>;
}

export interface ThreadOptions {
  /** When it aborts, the batch ends within 500 ms, if need be together with its thread, which is then replaced. */
  readonly signal?: AbortSignal;
  /** Called when a thread (0 to count - 1) starts the first task, with the time on its clock. */
  readonly onStarted?: (thread: number, time: number) => void;
}

/** How a batch ended. A thread that was lost or stopped takes the values of its batch with it. */
export interface BatchEnd<V> extends Answer<V> {
  readonly thread: number;
  /** The thread ended while it ran task `at` of the batch. */
  readonly lost?: { readonly at: number; readonly ended: string };
  /** The signal ended the thread. */
  readonly stopped?: boolean;
}

/** How one batch ended on one thread. */
export type ThreadEnd = Answer<unknown> | Pick<BatchEnd<unknown>, 'lost' | 'stopped'>;

/** One thread, and after its end the one that takes its place. */
export interface Thread {
  /** Runs a batch. Never rejects. When `kill` aborts, the thread is ended and replaced. */
  run(batch: Batch, kill: AbortSignal, onStarted?: (time: number) => void): Promise<ThreadEnd>;
  close(): Promise<unknown>;
}

/** Lends out threads that are ready. */
export class IdleThreads implements Threads {
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
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private async lend<V>(batch: Batch, none: V, { signal, onStarted }: ThreadOptions): Promise<BatchEnd<V>> {
    const thread = this.idle.pop();
    if (thread === undefined) throw new Error(`all ${this.count} threads have a batch`);
    const kill = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onAbort = () => void (timer = setTimeout(() => kill.abort(), GRACE_MS));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const end = await this.threads[thread].run(
      batch,
      kill.signal,
      onStarted && ((time) => onStarted(thread, time)),
    );
    signal?.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    this.idle.push(thread);
    return { thread, count: 0, values: none, times: [], ...end } as BatchEnd<V>;
  }
}
