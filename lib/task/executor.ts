// One interface for all that compute (this thread, a pool, a cluster, Slurm), and the events that they report.
import type { Task, Value } from './task.js';

/** Runs tasks. All executors are held to one contract (test/support/executor-contract.ts). */
export interface Executor {
  /** Threads that compute at the same time, now. Cut the work into a few times as many tasks. */
  readonly workers: number;
  /**
   * Runs every task and resolves to their values, in the tasks' order. Tasks are drawn from the iterable as room is
   * made, so a million of them need not exist at once. Several runs may be under way; they are served in turn.
   * @throws TaskError where a task threw (the rest is not started), WorkerLostError where a task took its thread or
   *   worker with it, CancelledError where the signal aborted, ClosedError after close
   */
  run(tasks: Iterable<Task>, options?: RunOptions): Promise<Value[]>;
  /** Lets the runs under way end, then frees all threads, processes and sockets. Safe to call twice. */
  close(): Promise<void>;
}

/** What a run may be given beside its tasks. */
export interface RunOptions {
  /** Aborting it hands out no further task and rejects the run within a second. */
  readonly signal?: AbortSignal;
  /** Called at each event, in the caller's thread. */
  readonly onEvent?: (event: ExecutorEvent) => void;
  /** Called once a task as it completes, in the order of completion: what a stopped run keeps. */
  readonly onResult?: (value: Value, task: Task, index: number) => void;
}

/**
 * What happens in an executor, as plain data. Times are milliseconds since 1970 with fractions (see clock).
 * - queued: the executor has drawn the task
 * - started: a thread began it. It comes before every end but 'dropped'. If many small tasks travel as one batch, those
 *   of the later ones come with its results
 * - finished: it ran from `start` to `end` on its thread's clock; the value was with the caller at `time`
 * - failed: the task threw, or its worker was lost; `retried` says whether it is tried again
 * - dropped: the run ended early (cancelled, or another task failed) and the task has no other end; `worker` had it, if any
 * - joined, left: a worker with `threads` threads came or went, and why
 */
export type ExecutorEvent =
  | { readonly type: 'queued'; readonly task: string; readonly time: number }
  | ({ readonly type: 'started' } & OnThread)
  | ({ readonly type: 'finished'; readonly start: number; readonly end: number } & OnThread)
  | ({ readonly type: 'failed'; readonly message: string; readonly retried: boolean } & OnThread)
  | { readonly type: 'dropped'; readonly task: string; readonly worker?: string; readonly time: number }
  | { readonly type: 'joined'; readonly worker: string; readonly threads: number; readonly time: number }
  | { readonly type: 'left'; readonly worker: string; readonly reason: string; readonly time: number };

/** Which task an event is about, and on which thread of which worker. */
interface OnThread {
  readonly task: string;
  readonly worker: string;
  readonly thread: number;
  readonly time: number;
}

/** The time in milliseconds since 1970, with fractions; never runs backwards, alike on all threads of a machine. */
export function clock(): number {
  return ORIGIN + performance.now();
}

const ORIGIN = performance.timeOrigin; // asked for once: it is looked up anew each time
