// What a dashboard shows, as plain data: the recorder fills it, the page draws it, a report keeps it. Times are
// milliseconds since the picture's origin.

import type { LedgerRow, LedgerRowName } from '../measure/ledger.js';

/** What a stretch of a thread's time went to; the later ones are never hidden by merging with the earlier ones. */
export const KINDS = ['idle', 'wait', 'transfer', 'task', 'failed', 'lost'] as const;

/**
 * - task: computing
 * - transfer: the value is on its way to the caller, and the thread has nothing else to do
 * - wait: the thread does nothing although a task waits to be started (dispatch)
 * - idle: nothing waits to be started
 * - failed: the task threw
 * - lost: the worker was lost, or the run cancelled, while it ran the task
 */
export type Kind = (typeof KINDS)[number];

/** A stretch of a thread's time, or several short ones merged. */
export interface Box {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
  /** Tasks that ended in it: more than one where they are merged; 0 for transfer, wait and idle. */
  readonly count: number;
  /** Time in it that tasks took, failed and lost ones too. */
  readonly busyMs: number;
  /** The task's key, or the last one's. */
  readonly task: string;
  /** It (or one of them) had run before, on a worker that was lost or with an error. */
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
  /** Their run ended before them: cancelled, or another of its tasks failed. */
  readonly dropped: number;
  /** Tries that failed or were lost and are made again. */
  readonly retried: number;
}

/** Queue and rate at one time. `finished` counts from the beginning. */
export interface Sample {
  readonly time: number;
  readonly waiting: number;
  readonly running: number;
  readonly threads: number;
  readonly finished: number;
}

/** A stretch of a run with one number of threads: a point of the speed-up chart. */
export interface Point {
  readonly run: number;
  readonly threads: number;
  readonly makespanMs: number;
  readonly speedUp: number;
  readonly efficiency: number;
  /** Absent with one thread, which says nothing about sharing. */
  readonly karpFlatt?: number;
}

/** What the current run teaches. */
export interface Lesson {
  readonly run: number;
  /** Threads that took part, also those that have left; 0 before the first run. */
  readonly threads: number;
  readonly makespanMs: number;
  /** Where threads x makespan went; empty before the first run. */
  readonly rows: readonly LedgerRow[];
  readonly points: readonly Point[];
  /** The point that stands for the run: the one with most thread time of those with two threads or more. */
  readonly basis?: Point;
  /** Amdahl's curve for the serial share that Karp-Flatt finds in it; empty without one. */
  readonly amdahl: readonly { readonly threads: number; readonly speedUp: number }[];
}

/** All that the page shows. */
export interface Picture {
  readonly title: string;
  /** The machine that computes, named; empty where nobody said. */
  readonly machine: string;
  /** Milliseconds since 1970. */
  readonly origin: number;
  readonly now: number;
  /** Where the current run's task stream begins. */
  readonly start: number;
  /** Shorter stretches are merged. */
  readonly resolutionMs: number;
  readonly rows: readonly Row[];
  /** Threads that have no row of their own, because there are too many. */
  readonly threadsNotDrawn: number;
  readonly workers: readonly WorkerLine[];
  readonly progress: Progress;
  readonly samples: readonly Sample[];
  readonly lesson: Lesson;
  /** What each row of the ledger means. */
  readonly causes: { readonly [name in LedgerRowName]: string };
}

/** Threads that are here, now. */
export function threadsHere({ workers }: Picture): number {
  return workers.reduce((sum, { threads, left }) => sum + (left === undefined ? threads : 0), 0);
}

/** A list's change: the first `keep` items stay, the others are replaced by `items`. */
export interface Tail<T> {
  readonly keep: number;
  readonly items: readonly T[];
}

/** What changed since the frame before: parts that are absent stay as they are. */
export interface Difference extends Partial<Omit<Picture, 'rows' | 'samples'>> {
  readonly now: number;
  /** All rows, in order. */
  readonly rows?: readonly (Omit<Row, 'boxes'> & { readonly boxes: Tail<Box> })[];
  readonly samples?: Tail<Sample>;
}

/** What travels to the page: the whole picture, or its difference from frame number - 1. */
export type Frame =
  | { readonly number: number; readonly picture: Picture }
  | { readonly number: number; readonly difference: Difference };

/** What has changed from one picture to a later one of the same recorder. */
export function differenceOf(before: Picture, after: Picture): Difference {
  const changed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(after)) {
    if (name !== 'rows' && name !== 'samples' && !alike(value, before[name as keyof Picture]))
      changed[name] = value;
  }
  const rows = after.rows.map((row, i) => ({
    ...row,
    boxes: tailOf(before.rows[i]?.boxes ?? [], row.boxes),
  }));
  const headsOf = (all: readonly Row[]) => all.map((row) => ({ ...row, boxes: row.boxes.length }));
  if (rows.some(({ boxes }) => boxes.items.length > 0) || !alike(headsOf(before.rows), headsOf(after.rows)))
    changed.rows = rows;
  const samples = tailOf(before.samples, after.samples);
  if (samples.items.length > 0 || before.samples.length !== after.samples.length) changed.samples = samples;
  return { ...changed, now: after.now };
}

/** The later picture, from the earlier one and the difference. */
export function applyDifference(before: Picture, { rows, samples, ...rest }: Difference): Picture {
  return {
    ...before,
    ...rest,
    rows:
      rows?.map((row, i) => ({ ...row, boxes: withTail(before.rows[i]?.boxes ?? [], row.boxes) })) ??
      before.rows,
    samples: samples ? withTail(before.samples, samples) : before.samples,
  };
}

function tailOf<T>(before: readonly T[], after: readonly T[]): Tail<T> {
  let keep = 0;
  while (keep < before.length && keep < after.length && alike(before[keep], after[keep])) keep++;
  return { keep, items: after.slice(keep) };
}

function withTail<T>(before: readonly T[], { keep, items }: Tail<T>): readonly T[] {
  return [...before.slice(0, keep), ...items];
}

/** Pictures of one recorder share the boxes that have not changed, so most comparisons end at the first sign. */
function alike(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
