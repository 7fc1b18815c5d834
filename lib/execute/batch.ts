// What the pool and its threads tell one another.
import type { ErrorRecord } from '../errors.js';
import type { Task, Value } from '../task/task.js';

/** What a thread is sent. */
export interface Batch {
  readonly id: number;
  readonly tasks: readonly Task[];
  /** Shared with the pool's thread: the place in `tasks` of the task that runs now, or -1 (see PROGRESS). */
  readonly progress: Int32Array;
}

/** How one task ended, on this thread's clock. */
export interface Outcome {
  readonly start: number;
  readonly end: number;
  readonly value?: Value;
  readonly error?: ErrorRecord;
}

/** What a thread tells between batches: that it is ready, or why it never will be, or that it began a batch. */
export interface Notice {
  readonly thread: number;
  readonly batch?: number;
  readonly error?: ErrorRecord;
  readonly time: number;
}

/** The fields of Batch.progress. */
export const PROGRESS = { running: 0, thread: 1, length: 2 } as const;
