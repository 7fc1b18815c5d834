// Where the time of a run went: a row for each cause, and what they leave unexplained.
import { InvalidArgumentError } from '../../lib/errors.js';
import { partition } from '../../lib/sampling/index.js';
import { clock, type Executor, type ExecutorEvent } from '../../lib/task/index.js';
import { meanCosts, measureCosts, tasksOf, type ProbeOptions } from './costs.js';
import { karpFlatt } from './laws.js';
import { ZERO, Queue, ThreadTime, type Cause } from './thread-time.js';
import { aloneMs } from './what-if.js';

/**
 * The causes, in a run's order, and what each means. All are read off the events, but two: 'compute' is the price of the
 * tasks on a thread that is alone, measured apart, and 'cores slowed' is the extra time of the run's own tasks.
 */
export const LEDGER_ROWS = {
  'start-up': 'threads and workers come up, tasks are made',
  dispatch: 'a task is on its way to a thread that is free',
  compute: 'what the tasks take on a thread that is alone',
  'cores slowed': 'extra time because other threads run at the same time: shared cores, a lower clock',
  transfer: 'a thread waits while its result is on the way to the caller',
  imbalance: 'no task is left for a free thread, and others still work',
  tail: 'all results are there, the caller finishes alone',
  lost: 'failed attempts and lost threads',
  unexplained: "what remains of threads x makespan: a thread's first and last task ran at another speed",
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
   * it, or if one thread had all tasks, 'compute' is the time that they took.
   */
  readonly aloneMs?: number;
  /** When the run ended (default: now). */
  readonly ended?: number;
}

/**
 * Keeps the ledger of a run. Make one as the run begins, pass `add` as onEvent, and ask for the ledger at the end or at
 * any time before. It holds a few numbers for each thread.
 */
export class LedgerBook {
  private readonly threads = new Map<string, ThreadTime>();
  private readonly queue = new Queue();

  /** @param began when the run began: before its executor was started, if that is to count (see clock) */
  constructor(private readonly began: number = clock()) {}

  /** Takes an event. Bound, so that it can be passed as it is. */
  readonly add = (event: ExecutorEvent): void => {
    switch (event.type) {
      case 'queued':
        return this.queue.add(event.time);
      case 'started':
        return this.threadOf(event.worker, event.thread).start(event.task, event.time);
      case 'finished':
        return this.threadOf(event.worker, event.thread).finish(event);
      case 'failed':
        if (event.retried) this.queue.add(event.time);
        return void this.lose(event.worker, event.task, event.time);
      case 'dropped':
        if (!this.lose(event.worker, event.task, event.time)) this.queue.remove();
        return;
      case 'joined':
        for (let number = 0; number < event.threads; number++)
          this.threadOf(event.worker, number, event.time).comeBack(event.time);
        return;
      case 'left':
        for (const thread of this.threadsOf(event.worker)) thread.leave(event.time);
    }
  };

  /**
   * The ledger up to `ended`.
   * @throws InvalidArgumentError if that is not after the beginning
   */
  ledger({ threads = 0, aloneMs, ended = clock() }: LedgerOptions = {}): Ledger {
    if (!(ended > this.began))
      throw new InvalidArgumentError(
        `ledger: ended must be after the run began, got ${ended}. Pass a time by clock().`,
      );
    const seen = [...this.threads.values()];
    const unseen = new ThreadTime('', this.began, this.began, this.queue);
    const all = Array.from({ length: Math.max(threads, seen.length) }, (_, i) => (seen[i] ?? unseen).copy());
    const goesOn = this.queue.length > 0 || seen.some(({ task }) => task !== undefined);
    const last = goesOn
      ? ended
      : Math.max(this.queue.first ?? ended, ...seen.map(({ delivered }) => delivered));
    for (const thread of all) thread.close(last, ended);
    const makespanMs = ended - this.began;
    const rows = rowsOf(causesOf(all, seen, aloneMs), all.length * makespanMs);
    return { threads: all.length, makespanSeconds: makespanMs / 1000, rows };
  }

  /** A task comes to nothing. Gives false if no thread of this worker runs it. */
  private lose(worker: string | undefined, task: string, time: number): boolean {
    const thread = this.threadsOf(worker).find((each) => each.task === task);
    thread?.lose(time);
    return thread !== undefined;
  }

  private threadsOf(worker: string | undefined): ThreadTime[] {
    return [...this.threads.values()].filter((thread) => thread.worker === worker);
  }

  private threadOf(worker: string, number: number, since = this.began): ThreadTime {
    const name = `${number} ${worker}`;
    const known = this.threads.get(name);
    if (known) return known;
    const thread = new ThreadTime(worker, this.began, since, this.queue);
    this.threads.set(name, thread);
    return thread;
  }
}

/**
 * The causes of all threads together (ms).
 * @param seen the threads before the tasks that run now were booked
 */
function causesOf(
  all: ThreadTime[],
  seen: ThreadTime[],
  aloneMs?: number,
): { [name in LedgerRowName]?: number } {
  const causes = { ...ZERO };
  for (const cause of Object.keys(ZERO) as Cause[]) causes[cause] = sum(all, ({ ms }) => ms[cause]);
  if (aloneMs === undefined) return causes;
  if (all.filter(({ tasks }) => tasks > 0).length < 2) return { ...causes, 'cores slowed': 0 };
  const underWay = causes.compute - sum(seen, ({ ms }) => ms.compute);
  return { ...causes, compute: aloneMs, 'cores slowed': besideOthers(seen) + underWay - aloneMs };
}

/**
 * What all tasks would take as those did that had others beside them (ms): a thread's first and last task are left
 * out, as other threads may not have been at work then. If nothing else is left, they have to do.
 */
function besideOthers(threads: ThreadTime[]): number {
  const inner = threads.filter(({ tasks }) => tasks > 2);
  if (inner.length === 0) return sum(threads, ({ ms }) => ms.compute);
  const innerMs = sum(inner, ({ ms, first, last }) => ms.compute - first - last);
  return (innerMs / sum(inner, ({ tasks }) => tasks - 2)) * sum(threads, ({ tasks }) => tasks);
}

function sum(threads: ThreadTime[], of: (thread: ThreadTime) => number): number {
  return threads.reduce((total, thread) => total + of(thread), 0);
}

function rowsOf(causes: { readonly [name in LedgerRowName]?: number }, wholeMs: number): LedgerRow[] {
  const unexplained = Object.values(causes).reduce((rest, ms) => rest - ms, wholeMs);
  const all: typeof causes = { ...causes, unexplained };
  return (Object.keys(LEDGER_ROWS) as LedgerRowName[]).flatMap((name) => {
    const ms = all[name];
    return ms === undefined ? [] : [{ name, seconds: ms / 1000, share: ms / wholeMs }];
  });
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
  return book.ledger({ threads: executor.workers, aloneMs: alone, ended });
}

/**
 * Karp and Flatt's serial part of a run with `cores slowed` left out: slower cores are a fact of the machine, not a
 * serial part of the program. The serial time is the ledger's own 'compute'.
 */
export function serialPartOf({ threads, makespanSeconds, rows }: Ledger): number {
  const seconds = (name: LedgerRowName) => rows.find((row) => row.name === name)?.seconds ?? 0;
  return karpFlatt(seconds('compute') / (makespanSeconds - seconds('cores slowed') / threads), threads);
}
