// What a dashboard shows, as plain data: the recorder fills it, the page draws it, a report keeps it. Times are
// milliseconds since the first event.
import type { LedgerRow } from '../measure/ledger.js';

/** What a stretch of a thread's time went to, by the ledger's names. What the ledger calls lost failed, or was lost. */
export type Cause = 'imbalance' | 'dispatch' | 'transfer' | 'compute' | 'failed' | 'lost';

/** A stretch of a thread's time, or several short ones merged. */
export interface Box {
  readonly cause: Cause;
  readonly start: number;
  readonly end: number;
  /** Tasks that ended in it: more than one if they are merged, 0 if the thread had none. */
  readonly count: number;
  /** How much of it tasks took, failed and lost ones too. */
  readonly busyMs: number;
  /** The task's key, or the last one's. */
  readonly task: string;
  /** The task (or one of them) had run before and come to nothing. */
  readonly again: boolean;
}

/** One thread of one worker: a row of the task stream. */
export interface Row {
  readonly worker: string;
  readonly thread: number;
  readonly boxes: readonly Box[];
  readonly running?: { readonly task: string; readonly start: number; readonly again: boolean };
  /** When and why its worker left. */
  readonly left?: { readonly time: number; readonly reason: string };
}

/** A line of the workers' table. */
export interface WorkerLine {
  readonly name: string;
  readonly threads: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
  readonly lastHeard: number;
  readonly memoryBytes?: number;
  readonly left?: string;
}

/** Tasks of the current run. */
export interface Progress {
  readonly queued: number;
  readonly waiting: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
  /** Their run ended before them: it was cancelled, or another of its tasks failed. */
  readonly dropped: number;
  /** Tries that came to nothing, and were repeated. */
  readonly retried: number;
}

/** Queue and rate at one time. `finished` counts all runs. */
export interface Sample {
  readonly time: number;
  readonly waiting: number;
  readonly running: number;
  readonly threads: number;
  readonly finished: number;
}

/** All that the page shows. */
export interface Picture {
  readonly title: string;
  /** The machine that computes, in a line; may be empty. */
  readonly machine: string;
  readonly now: number;
  /** Where the task stream begins. */
  readonly start: number;
  /** Shorter stretches are merged. */
  readonly resolutionMs: number;
  readonly rows: readonly Row[];
  /** Threads without a row, because there are too many. */
  readonly threadsNotDrawn: number;
  readonly workers: readonly WorkerLine[];
  /** Threads that are here now. */
  readonly threads: number;
  /** The number of the current run; 0 before the first. */
  readonly run: number;
  readonly progress: Progress;
  readonly samples: readonly Sample[];
  /** Where threads x makespan of the current run went; no rows before its first task. */
  readonly ledger: {
    /** Threads that took part, also those that have left. */
    readonly threads: number;
    readonly makespanMs: number;
    readonly rows: readonly (LedgerRow & { readonly meaning: string })[];
  };
}
