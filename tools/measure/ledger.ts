// Where the time of a run went: a row for each cause, each measured by itself, and what they leave unexplained.
import { InvalidArgumentError } from '../../lib/errors.js';
import { partition } from '../../lib/sampling/partition.js';
import { clock, type Executor, type ExecutorEvent } from '../../lib/task/executor.js';
import { aloneMs, meanCosts, measureCosts, tasksOf, type ProbeOptions } from './costs.js';
import { karpFlatt } from './laws.js';

/**
 * The causes, in a run's order, and what each means. Each but the last is measured by itself: the waits are differences
 * of two times that were noted, 'compute' is the price of the tasks on a thread that is alone, measured apart, and 'cores
 * slowed' is how much more the run's own tasks took beside others.
 */
export const LEDGER_ROWS = {
  'start-up': 'threads and workers come up, tasks are made',
  dispatch: 'a task waits for its way to a thread that is free',
  compute: 'what the tasks take on a thread that is alone',
  'cores slowed': 'what they take more beside others: shared cores, a lower clock',
  transfer: 'a thread waits while its result is on the way to the caller',
  imbalance: 'no task is left for a free thread, and others still work',
  tail: 'all results are there, the caller finishes alone',
  lost: 'tries that failed, threads that are gone',
  unexplained:
    "what remains of threads x makespan: a thread's first and last task at another speed, clocks that disagree",
} as const;
export type LedgerRowName = keyof typeof LEDGER_ROWS;

/** Thread-seconds by cause: they add up to threads x makespan. */
export interface Ledger {
  readonly threads: number;
  readonly makespanSeconds: number;
  readonly rows: readonly LedgerRow[];
}

/** One cause: thread-seconds, and their share of the whole. */
export interface LedgerRow {
  readonly name: LedgerRowName;
  readonly seconds: number;
  readonly share: number;
}

/** What the ledger may be told beside the events. */
export interface LedgerOptions {
  /** Threads there are, where some may not have had a task: executor.workers. */
  readonly threads?: number;
  /**
   * What the run's tasks take in all on a thread that is alone (ms), measured apart: the tasks should be alike. Without
   * it, or where one thread had all tasks, 'compute' is the time that they took.
   */
  readonly aloneMs?: number;
  /** When the run ended; absent means now. */
  readonly ended?: number;
}

/** Time of threads that did not compute (ms). */
interface Waits {
  dispatch: number;
  transfer: number;
  imbalance: number;
  lost: number;
}

type Finished = ExecutorEvent & { readonly type: 'finished' };

/** A thread: since when it is there, when it became idle (`ended`), and when the caller knew (`delivered`). */
interface Thread {
  readonly since: number;
  /** The task that runs; since when, and since when tasks had been waiting by then. */
  task: string | undefined;
  start: number;
  filled: number;
  ended: number | undefined;
  delivered: number | undefined;
  left: number | undefined;
  /** What its tasks took, the first and the last of them once more. */
  tasks: number;
  busy: number;
  first: number;
  last: number;
}

/**
 * Keeps the ledger of a run. Make one as the run begins, pass `add` as onEvent, and ask for the ledger at the end or at
 * any time before. It holds a few numbers a thread.
 */
export class LedgerBook {
  private readonly workers = new Map<string, Thread[]>();
  private readonly threads: Thread[] = [];
  /** Tasks that are queued, and since when there have been any. */
  private waiting = 0;
  private filled = 0;
  private readonly ms: Waits = { dispatch: 0, transfer: 0, imbalance: 0, lost: 0 };
  private firstQueued: number | undefined;
  private lastDelivered = 0;

  /** @param began when the run began: before its executor was started, if that is to count (see clock) */
  constructor(private readonly began: number = clock()) {}

  /** Takes an event. Bound, so that it can be passed as it is. */
  readonly add = (event: ExecutorEvent): void => {
    switch (event.type) {
      case 'queued':
        this.firstQueued ??= event.time;
        return this.queue(event.time);
      case 'started':
        return this.started(this.threadOf(event.worker, event.thread), event.task, event.time);
      case 'finished':
        return this.finished(event, this.threadOf(event.worker, event.thread));
      case 'failed':
        if (event.retried) this.queue(event.time);
        return void this.fail(this.workers.get(event.worker), event.task, event.time);
      case 'dropped':
        if (!this.fail(this.workers.get(event.worker ?? ''), event.task, event.time)) this.unqueue();
        return;
      case 'joined':
        for (let number = 0; number < event.threads; number++) this.join(event.worker, number, event.time);
        return;
      case 'left':
        this.workers.get(event.worker)?.forEach((thread) => this.leave(thread, event.time));
    }
  };

  /**
   * The ledger up to `ended`.
   * @throws InvalidArgumentError where that is not after the beginning
   */
  ledger({ threads = 0, aloneMs, ended = clock() }: LedgerOptions = {}): Ledger {
    if (!(ended > this.began))
      throw new InvalidArgumentError(
        `ledger: ended must be after the run began, got ${ended}. Pass a time by clock().`,
      );
    const count = Math.max(threads, this.threads.length);
    const asked = this.firstQueued ?? ended;
    const goesOn = this.waiting > 0 || this.threads.some(({ task }) => task !== undefined);
    const last = goesOn ? ended : Math.max(this.lastDelivered, asked);
    const unseen = count - this.threads.length; // threads without a task
    const waits = { ...this.ms, imbalance: this.ms.imbalance + unseen * span(asked, last) };
    let startUp = unseen * span(this.began, asked);
    let tail = unseen * span(last, ended);
    let underWay = 0;
    for (const thread of this.threads) {
      const { since, task, start, filled, delivered = Math.max(since, asked), left } = thread;
      startUp += span(this.began, Math.max(since, asked));
      if (left !== undefined) waits.lost += span(left, ended);
      else if (task !== undefined) {
        addWait(waits, thread, start, filled, asked);
        underWay += span(start, ended);
      } else {
        addWait(waits, thread, last, this.waiting > 0 ? this.filled : Infinity, asked);
        tail += span(Math.max(last, delivered), ended);
      }
    }
    const took = this.sum(({ busy }) => busy) + underWay;
    const several = this.threads.filter(({ tasks }) => tasks > 0).length > 1;
    const compute = several ? (aloneMs ?? took) : took;
    const beside = several ? this.besideOthers() + underWay : took;
    const { dispatch, transfer, imbalance, lost } = waits;
    const measured = {
      'start-up': startUp,
      dispatch,
      compute,
      'cores slowed': aloneMs === undefined ? undefined : beside - compute,
      transfer,
      imbalance,
      tail,
      lost,
    };
    const whole = count * (ended - this.began);
    const unexplained = Object.values(measured).reduce<number>((rest, ms) => rest - (ms ?? 0), whole);
    const rows = Object.entries({ ...measured, unexplained })
      .filter((row): row is [LedgerRowName, number] => row[1] !== undefined)
      .map(([name, ms]) => ({ name, seconds: ms / 1000, share: ms / whole }));
    return { threads: count, makespanSeconds: (ended - this.began) / 1000, rows };
  }

  /**
   * What all tasks would take as those did that had others beside them (ms): a thread's first and last task are left
   * out, as other threads may not have been at work then. Where nothing else is left, they have to do.
   */
  private besideOthers(): number {
    const tasks = this.sum((thread) => thread.tasks);
    const inner = this.threads.filter((thread) => thread.tasks > 2);
    if (inner.length === 0) return this.sum(({ busy }) => busy);
    const busy = inner.reduce((sum, thread) => sum + thread.busy - thread.first - thread.last, 0);
    return (busy / inner.reduce((sum, thread) => sum + thread.tasks - 2, 0)) * tasks;
  }

  private sum(of: (thread: Thread) => number): number {
    return this.threads.reduce((sum, thread) => sum + of(thread), 0);
  }

  private queue(time: number): void {
    if (this.waiting === 0) this.filled = time;
    this.waiting += 1;
  }

  private unqueue(): void {
    this.waiting = Math.max(0, this.waiting - 1);
  }

  private started(thread: Thread, task: string, time: number): void {
    thread.task = task;
    thread.start = time;
    thread.filled = this.filled;
    this.unqueue();
  }

  private finished({ task, start, end, time }: Finished, thread: Thread): void {
    addWait(this.ms, thread, start, thread.filled, this.firstQueued);
    const took = span(start, end);
    if (thread.tasks === 0) thread.first = took;
    thread.last = took;
    thread.busy += took;
    thread.tasks += 1;
    this.settle(thread, end, time);
    if (thread.task === task) thread.task = undefined;
  }

  private settle(thread: Thread, end: number, delivered: number): void {
    thread.ended = end;
    thread.delivered = delivered;
    this.lastDelivered = Math.max(this.lastDelivered, delivered);
  }

  /** A task under way comes to nothing, on the one of these threads that runs it; false where none does. */
  private fail(threads: readonly Thread[] = [], task: string | undefined, time: number): boolean {
    const thread = threads.find((each) => each?.task === task);
    if (thread?.task === undefined) return false;
    addWait(this.ms, thread, thread.start, thread.filled, this.firstQueued);
    thread.task = undefined;
    this.ms.lost += span(thread.start, time);
    this.settle(thread, time, time);
    return true;
  }

  private join(worker: string, number: number, time: number): void {
    const thread = this.threadOf(worker, number, time);
    if (thread.left === undefined) return;
    this.ms.lost += span(thread.left, time);
    thread.left = undefined;
    this.settle(thread, time, time);
  }

  private leave(thread: Thread, time: number): void {
    if (thread.left !== undefined) return;
    this.fail([thread], thread.task, time);
    if (thread.ended !== undefined && thread.delivered !== undefined)
      this.ms.transfer += span(thread.ended, thread.delivered);
    const free = thread.delivered ?? Math.max(thread.since, this.firstQueued ?? time);
    this.ms.imbalance += span(free, time);
    thread.ended = thread.delivered = thread.left = time;
  }

  private threadOf(worker: string, number: number, since = this.began): Thread {
    let known = this.workers.get(worker);
    if (!known) this.workers.set(worker, (known = []));
    let thread = known[number];
    if (thread) return thread;
    const never = { task: undefined, ended: undefined, delivered: undefined, left: undefined };
    thread = { since, ...never, start: 0, filled: 0, tasks: 0, busy: 0, first: 0, last: 0 };
    known[number] = thread;
    this.threads.push(thread);
    return thread;
  }
}

/**
 * Adds a thread's time from its last result to `start`: the result's way, then no task, then the task's way.
 * @param filled since when tasks had been waiting
 * @param asked when the first task was queued
 */
function addWait(ms: Waits, thread: Thread, start: number, filled: number, asked: number | undefined): void {
  let free = Math.max(thread.since, asked ?? thread.since);
  if (thread.ended !== undefined && thread.delivered !== undefined) {
    // Where the next task was with the thread already, it did not wait for the result to arrive.
    const waits = thread.delivered <= start;
    if (waits) ms.transfer += span(thread.ended, thread.delivered);
    free = waits ? thread.delivered : thread.ended;
  }
  if (start < free) return; // clocks that disagree: what is counted twice shows as unexplained, below 0
  const there = Math.min(start, Math.max(free, filled));
  ms.imbalance += there - free;
  ms.dispatch += start - there;
}

/** From one time to a later one; clocks that disagree make no row negative, but the last. */
function span(from: number, to: number): number {
  return Math.max(0, to - from);
}

/**
 * Runs the lesson's counting and keeps its ledger, with costs that are measured before the run and after it.
 * @param chunk samples in a task
 */
export async function ledgerOfRun(
  executor: Executor,
  { samples, chunk, ...probes }: { readonly samples: number; readonly chunk: number } & ProbeOptions,
): Promise<Ledger> {
  const tasks = tasksOf(partition(samples, Math.ceil(samples / chunk)), probes.kernel);
  const before = await measureCosts(executor, probes);
  const book = new LedgerBook();
  await executor.run(tasks, { onEvent: book.add });
  const ended = clock();
  const costs = meanCosts([before, await measureCosts(executor, probes)]);
  return book.ledger({
    threads: executor.workers,
    aloneMs: aloneMs(costs, samples, tasks.length),
    ended,
  });
}

/**
 * Karp and Flatt's serial part of a run with `cores slowed` left out: slower cores are a fact of the machine, not a
 * serial part of the program. The serial time is the ledger's own 'compute'.
 */
export function serialPartOf({ threads, makespanSeconds, rows }: Ledger): number {
  const seconds = (name: LedgerRowName) => rows.find((row) => row.name === name)?.seconds ?? 0;
  return karpFlatt(seconds('compute') / (makespanSeconds - seconds('cores slowed') / threads), threads);
}
