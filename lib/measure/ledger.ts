// Where the time of a run went: a row for each cause, each measured by itself, and what they leave unexplained.
import { InvalidArgumentError } from '../errors.js';
import { partition } from '../sampling/partition.js';
import { clock, type Executor, type ExecutorEvent } from '../task/executor.js';
import { aloneMs, meanCosts, measureCosts, speedOf, tasksOf, type ProbeOptions } from './costs.js';
import { karpFlatt } from './laws.js';

/**
 * The causes, in a run's order, and what each means. Each but the last is measured by itself: the waits are differences
 * of two times that were noted, 'compute' and 'cores slowed' are foretold by costs that were measured apart.
 */
export const LEDGER_ROWS = {
  'start-up': 'threads and workers come up, tasks are made',
  dispatch: 'a task waits for its way to a thread that is free',
  compute: 'what the tasks take on a thread that is alone',
  'cores slowed': 'what they take more with all threads busy: shared cores, a lower clock',
  transfer: 'a thread waits while its result is on the way to the caller',
  imbalance: 'no task is left for a free thread, and others still work',
  tail: 'all results are there, the caller finishes alone',
  lost: 'tries that failed, threads that are gone',
  unexplained:
    'what remains of threads x makespan: tasks faster or slower than foretold, clocks that disagree',
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
   * What the run's tasks should take in all, on threads that are alone and with all of them busy (thread-ms), from costs
   * that were measured apart. Without it 'compute' is the time that the tasks took, and 'cores slowed' is within it.
   */
  readonly foretold?: { readonly aloneMs: number; readonly busyMs: number };
  /** When the run ended; absent means now. */
  readonly ended?: number;
}

/** A thread: since when it is there, when it became idle (`ended`), and when the caller knew (`delivered`); ms. */
interface Thread {
  readonly worker: string;
  readonly since: number;
  ended?: number;
  delivered?: number;
  left?: number;
}

/**
 * Keeps the ledger of a run. Make one as the run begins, pass `add` as onEvent, and ask for the ledger at the end or at
 * any time before. It holds a few numbers a thread and one a task that is queued.
 */
export class LedgerBook {
  private readonly threads = new Map<string, Thread>();
  private readonly queued = new Map<string, number>();
  private readonly running = new Map<string, { readonly thread: Thread; readonly start: number }>();
  private readonly ms = { dispatch: 0, busy: 0, transfer: 0, imbalance: 0, lost: 0 };
  private firstQueued: number | undefined;
  private lastDelivered = 0;

  /** @param began when the run began: before its executor was started, if that is to count (see clock) */
  constructor(private readonly began: number = clock()) {}

  /** Takes an event. Bound, so that it can be passed as it is. */
  readonly add = (event: ExecutorEvent): void => {
    if (event.type === 'queued') {
      this.firstQueued ??= event.time;
      this.queued.set(event.task, event.time);
    } else if (event.type === 'joined') {
      for (let number = 0; number < event.threads; number++) this.join(event.worker, number, event.time);
    } else if (event.type === 'left') {
      for (const thread of this.threads.values())
        if (thread.worker === event.worker) this.leave(thread, event.time);
    } else if (event.type === 'started') {
      this.running.set(event.task, { thread: this.threadOf(event.worker, event.thread), start: event.time });
    } else if (event.type === 'finished') {
      const thread = this.threadOf(event.worker, event.thread);
      this.waited(thread, event.task, event.start);
      this.ms.busy += span(event.start, event.end);
      this.settle(thread, event.end, event.time);
      this.running.delete(event.task);
      this.queued.delete(event.task);
    } else this.fail(event.task, event.time);
  };

  /**
   * The ledger up to `ended`.
   * @throws InvalidArgumentError where that is not after the beginning
   */
  ledger({ threads = 0, foretold, ended = clock() }: LedgerOptions = {}): Ledger {
    if (!(ended > this.began))
      throw new InvalidArgumentError(
        `ledger: ended must be after the run began, got ${ended}. Pass a time by clock().`,
      );
    const count = Math.max(threads, this.threads.size);
    const asked = this.firstQueued ?? ended;
    const last = Math.max(this.lastDelivered, asked);
    const unseen = count - this.threads.size; // threads without a task
    let startUp = unseen * span(this.began, asked);
    let { dispatch, transfer, imbalance, lost, busy } = this.ms;
    const underWay = new Map(Array.from(this.running.values(), ({ thread, start }) => [thread, start]));
    imbalance += unseen * span(asked, last);
    let tail = unseen * span(last, ended);
    for (const thread of this.threads.values()) {
      const { since, ended: end, delivered = Math.max(since, asked), left } = thread;
      const start = underWay.get(thread);
      startUp += span(this.began, Math.max(since, asked));
      if (end !== undefined) transfer += span(end, delivered);
      if (left !== undefined) lost += span(left, ended);
      else if (start !== undefined && start >= delivered) {
        dispatch += start - delivered;
        busy += span(start, ended);
      } else {
        imbalance += span(delivered, last);
        tail += span(Math.max(last, delivered), ended);
      }
    }
    const measured = {
      'start-up': startUp,
      dispatch,
      compute: foretold?.aloneMs ?? busy,
      'cores slowed': foretold && foretold.busyMs - foretold.aloneMs,
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

  /** A thread's time from its last result to its next task: the result's way, then no task, then the task's way. */
  private waited(thread: Thread, task: string, start: number): void {
    let free = Math.max(thread.since, this.firstQueued ?? thread.since);
    if (thread.ended !== undefined && thread.delivered !== undefined) {
      // Where the next task was with the thread already, it did not wait for the result to arrive.
      const waits = thread.delivered <= start;
      if (waits) this.ms.transfer += span(thread.ended, thread.delivered);
      free = waits ? thread.delivered : thread.ended;
    }
    if (start < free) return; // clocks that disagree: what is counted twice shows as unexplained, below 0
    const there = Math.min(start, Math.max(free, this.queued.get(task) ?? free));
    this.ms.imbalance += there - free;
    this.ms.dispatch += start - there;
  }

  private settle(thread: Thread, end: number, delivered: number): void {
    thread.ended = end;
    thread.delivered = delivered;
    this.lastDelivered = Math.max(this.lastDelivered, delivered);
  }

  /** A try that came to nothing. Which thread it had is known from its start. */
  private fail(task: string, time: number): void {
    const tried = this.running.get(task);
    if (!tried) return;
    this.running.delete(task);
    this.waited(tried.thread, task, tried.start);
    this.ms.lost += span(tried.start, time);
    this.settle(tried.thread, time, time);
  }

  private join(worker: string, number: number, time: number): void {
    const thread = this.threadOf(worker, number, time);
    if (thread.left === undefined) return;
    this.ms.lost += span(thread.left, time);
    thread.left = undefined;
    this.settle(thread, time, time);
  }

  private leave(thread: Thread, time: number): void {
    for (const [task, tried] of this.running) if (tried.thread === thread) this.fail(task, time);
    if (thread.ended !== undefined && thread.delivered !== undefined)
      this.ms.transfer += span(thread.ended, thread.delivered);
    const free = thread.delivered ?? Math.max(thread.since, this.firstQueued ?? time);
    this.ms.imbalance += span(free, time);
    thread.ended = thread.delivered = thread.left = time;
  }

  private threadOf(worker: string, number: number, since = this.began): Thread {
    const name = `${worker}#${number}`;
    let thread = this.threads.get(name);
    if (!thread) this.threads.set(name, (thread = { worker, since }));
    return thread;
  }
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
  const alone = aloneMs(costs, samples, tasks.length);
  const foretold = {
    aloneMs: alone,
    busyMs: alone / speedOf(costs, Math.min(tasks.length, executor.workers)),
  };
  return book.ledger({ threads: executor.workers, foretold, ended });
}

/**
 * Karp and Flatt's serial part of a run with `cores slowed` left out: slower cores are a fact of the machine, not a
 * serial part of the program. The serial time is the ledger's own 'compute'.
 */
export function serialPartOf({ threads, makespanSeconds, rows }: Ledger): number {
  const seconds = (name: LedgerRowName) => rows.find((row) => row.name === name)?.seconds ?? 0;
  return karpFlatt(seconds('compute') / (makespanSeconds - seconds('cores slowed') / threads), threads);
}
