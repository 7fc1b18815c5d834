// How many tasks travel together: one at first, then enough to make a batch worth its message.

/** A batch of small tasks takes about this long, so that messages cost little beside it (ms). */
const BATCH_MS = 10;
/** A few tasks may take this long together: a batch wakes several processes, at 2 to 3 ms of CPU time (ms). */
const FEW_MS = 100;
/** How many tasks are a few: all of a batch are suspects where its worker is lost. */
const FEW = 32;
const MOST_IN_BATCH = 1000;
/** A batch lasts at least this many round trips, during which its thread would have nothing to do. */
const ROUND_TRIPS = 20;

/** What is known of tasks of one kind: how many of them make a batch. */
export class Pace {
  private size = 1;

  /**
   * Tasks in the next batch, at least 1. Near the end batches get smaller, so that all threads finish at about the
   * same time.
   */
  next(waiting: number, threads: number): number {
    return Math.max(1, Math.min(this.size, Math.ceil(waiting / (2 * threads))));
  }

  /**
   * Learns from a batch that took `meanMs` a task: sizes double until batches last as long as they may.
   * @param roundTripMs how long a message to its thread and the answer take
   */
  learn(meanMs: number, roundTripMs = 0): void {
    const lasting = (ms: number) =>
      Math.round(Math.max(ms, ROUND_TRIPS * roundTripMs) / Math.max(meanMs, 1e-6));
    const aim = Math.max(1, lasting(BATCH_MS), Math.min(FEW, lasting(FEW_MS)));
    this.size = Math.min(MOST_IN_BATCH, 2 * this.size, aim);
  }
}
