// The time of one thread of a run, booked to its causes as the events come in.
import type { ExecutorEvent } from '../../lib/task/index.js';

/** The tasks that are queued: how many, since when there have been any, and when the first of all came. */
export class Queue {
  length = 0;
  since = 0;
  first: number | undefined;

  add(time: number): void {
    this.first ??= time;
    if (this.length === 0) this.since = time;
    this.length += 1;
  }

  remove(): void {
    this.length = Math.max(0, this.length - 1);
  }
}

/** What is read off the events (ms). */
export const ZERO = { 'start-up': 0, dispatch: 0, compute: 0, transfer: 0, imbalance: 0, tail: 0, lost: 0 };
export type Cause = keyof typeof ZERO;

/**
 * A thread's time by cause (ms). It is booked from left to right, and each moment once: what is told with overlapping
 * times is cut where the last booking ended, so that all causes together are the time that has passed.
 */
export class ThreadTime {
  readonly ms = { ...ZERO };
  /** The task that runs now; when it began, and since when tasks had been queued by then. */
  task: string | undefined;
  private started = 0;
  private queuedSince = 0;
  /** When the caller had the last result. */
  delivered = -Infinity;
  private gone = false;
  tasks = 0;
  /** What the first and the last task took (ms). */
  first = 0;
  last = 0;

  /**
   * @param booked up to when all time is booked
   * @param since when the thread was there
   */
  constructor(
    readonly worker: string,
    private booked: number,
    private readonly since: number,
    private readonly queue: Queue,
  ) {}

  start(task: string, time: number): void {
    Object.assign(this, { task, started: time, queuedSince: this.queue.since });
    this.queue.remove();
  }

  finish(event: ExecutorEvent & { type: 'finished' }): void {
    this.wait(event.start, this.queuedSince);
    const before = this.ms.compute;
    this.book('compute', event.end);
    this.last = this.ms.compute - before;
    if (this.tasks === 0) this.first = this.last;
    this.tasks += 1;
    this.delivered = event.time;
    if (this.task === event.task) this.task = undefined;
  }

  lose(time: number): void {
    this.wait(this.started, this.queuedSince);
    this.book('lost', time);
    this.delivered = time;
    this.task = undefined;
  }

  leave(time: number): void {
    if (this.task !== undefined) this.lose(time);
    if (!this.gone) this.wait(time, Infinity);
    this.gone = true;
  }

  comeBack(time: number): void {
    if (this.gone) this.book('lost', time);
    this.gone = false;
  }

  /** Books the rest, up to `ended`. From `last` on, nothing was left to do. */
  close(last: number, ended: number): void {
    const { gone, task, queue } = this;
    if (task !== undefined) this.wait(this.started, this.queuedSince);
    else if (!gone) this.wait(last, queue.length > 0 ? queue.since : Infinity);
    this.book(gone ? 'lost' : task === undefined ? 'tail' : 'compute', ended);
  }

  copy(): ThreadTime {
    return Object.assign(Object.create(ThreadTime.prototype) as ThreadTime, this, { ms: { ...this.ms } });
  }

  /** Books the time without a task, up to `until`. */
  private wait(until: number, queuedSince: number): void {
    this.book('start-up', Math.min(until, Math.max(this.since, this.queue.first ?? until)));
    for (const gap of gapsBetween(this.booked, this.delivered, queuedSince, until))
      this.book(gap.cause, gap.until);
  }

  private book(cause: Cause, until: number): void {
    this.ms[cause] += Math.max(0, until - this.booked);
    this.booked = Math.max(this.booked, until);
  }
}

/** A stretch of a thread's time without a task: it begins where the one before it ends. */
export interface Gap {
  readonly cause: 'transfer' | 'imbalance' | 'dispatch';
  readonly until: number;
}

/**
 * What a thread waits for between two tasks: its result travels, then no task is queued, then the next one travels.
 * @param ended when its last task ended
 * @param delivered when the caller had the result; later than `until` if the thread had its next task at hand
 * @param queuedSince since when tasks have been queued
 * @param until when the next task began
 */
export function gapsBetween(ended: number, delivered: number, queuedSince: number, until: number): Gap[] {
  const free = delivered <= until ? Math.max(ended, delivered) : ended;
  return [
    { cause: 'transfer', until: free },
    { cause: 'imbalance', until: Math.min(until, Math.max(free, queuedSince)) },
    { cause: 'dispatch', until },
  ];
}
