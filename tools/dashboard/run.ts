// The run that goes on now, or the last one: its tasks by state, and its ledger.
import { LEDGER_ROWS, LedgerBook } from '../measure/ledger.js';
import type { ExecutorEvent } from '../../lib/task/index.js';
import type { Picture } from './picture.js';
import type { Worker } from './workers.js';

/** A task that is queued after a silence this long, with nothing under way, begins a new run (ms). */
const QUIET_MS = 1000;

const NONE = { queued: 0, waiting: 0, running: 0, finished: 0, failed: 0, dropped: 0, retried: 0 };

/** Counts the tasks of a run, and keeps its ledger from the moment when its first task starts. */
export class Run {
  readonly progress = { ...NONE };
  /** When its first task started. */
  start: number | undefined;
  /** Since when there have been tasks in the queue without a break. */
  queuedSince = 0;
  /** All workers left when nothing was under way: the next task belongs to a new run, such as the next turn of a race. */
  deserted = false;
  private book: LedgerBook | undefined;
  /** Workers that came and went while nothing ran: the ledger has them only if the run goes on. */
  private held: ExecutorEvent[] = [];
  private readonly again = new Set<string>();

  /** @param lastEnd when the last task ended, also one of the run before */
  constructor(
    readonly number: number,
    private lastEnd: number,
  ) {}

  get underWay(): boolean {
    return this.progress.running + this.progress.waiting > 0;
  }

  /** For how long nothing has been under way (ms). */
  silentMs(time: number): number {
    return this.underWay ? 0 : time - this.lastEnd;
  }

  /** Whether a task that is queued now belongs to a new run. */
  isOver(time: number): boolean {
    return this.number === 0 || this.deserted || this.silentMs(time) > QUIET_MS;
  }

  // ---- tasks

  /** A task enters the queue. */
  queue(time: number): void {
    if (this.progress.waiting === 0) this.queuedSince = time;
    this.progress.waiting += 1;
  }

  /** A try came to nothing, and the task goes back into the queue. */
  retry(task: string, time: number): void {
    this.progress.retried += 1;
    this.again.add(task);
    this.lastEnd = Math.max(this.lastEnd, time);
    this.queue(time);
  }

  /** Whether a try of a task without an end has come to nothing. */
  wasTried(task: string): boolean {
    return this.again.has(task);
  }

  /** A task leaves the queue. */
  unqueue(): void {
    this.progress.waiting = Math.max(0, this.progress.waiting - 1);
  }

  end(task: string, how: 'finished' | 'failed' | 'dropped', time: number): void {
    this.again.delete(task);
    this.progress[how] += 1;
    this.lastEnd = Math.max(this.lastEnd, time);
  }

  // ---- the ledger

  /** The first task starts. Time in which tasks waited for a worker to join is nobody's, so the ledger begins now. */
  begin(start: number, here: readonly Worker[]): void {
    this.start = start;
    this.book = new LedgerBook(start);
    const queued = { type: 'queued', task: '', time: start } as const;
    for (let i = 0; i < Math.max(1, this.progress.waiting); i++) this.book.add(queued);
    for (const { name: worker, threads } of here)
      this.book.add({ type: 'joined', worker, threads: threads.size, time: start });
  }

  /** Books an event. What comes before the run's first start is told by begin. */
  add(event: ExecutorEvent): void {
    const comesOrGoes = event.type === 'joined' || event.type === 'left';
    if (comesOrGoes && this.progress.running === 0) return void this.held.push(event);
    for (const each of this.held.splice(0)) this.book?.add(each);
    this.book?.add(event);
  }

  /** The ledger up to now, or up to the end of the last task. */
  ledger(now: number): Picture['ledger'] {
    const end = this.progress.running > 0 ? now : this.lastEnd;
    const makespanMs = this.start === undefined ? 0 : Math.max(0, end - this.start);
    if (!this.book || makespanMs === 0) return { threads: 0, makespanMs, rows: [] };
    const { threads, rows } = this.book.ledger({ ended: end });
    return { threads, makespanMs, rows: rows.map((row) => ({ ...row, meaning: LEDGER_ROWS[row.name] })) };
  }
}
