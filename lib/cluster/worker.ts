// A worker of the cluster: its socket lives on this thread, its tasks on the threads of what it is handed to compute with.
import type { ErrorRecord } from '../errors.js';
import type { Task, Value } from '../task/task.js';

/** What a worker computes with: threads, each of which runs one batch of tasks at a time, one task after the other. */
export interface Compute {
  readonly threads: number;
  /**
   * Runs a batch on a thread that is free; the worker asks for `threads` at a time and no more. Never rejects.
   * @param onStarted called when the thread begins the first task; `time` as in an executor's events
   * @param signal aborting it ends the batch at once, together with its thread if need be
   */
  runBatch(tasks: readonly Task[], onStarted: (thread: number, time: number) => void, signal: AbortSignal): Promise<BatchEnd>;
  close(): Promise<void>;
}

/** How a batch ended: outcomes of the first tasks, in order, and what became of the one after them. */
export interface BatchEnd {
  readonly thread: number;
  /** Values, and at most one error, the last: the tasks after it were not run. */
  readonly outcomes: readonly { readonly start: number; readonly end: number; readonly value?: Value; readonly error?: ErrorRecord }[];
  /** The thread ended while it ran task number `at`; there are no outcomes then. */
  readonly lost?: { readonly at: number; readonly ended: string };
}
