// The executor with P threads of this machine, on piscina. Stage 2 of the lesson.
import { setMaxListeners } from 'node:events';
import { Piscina } from 'piscina';
import {
  CancelledError,
  ClosedError,
  TaskError,
  WorkerLostError,
  checkInteger,
  fromErrorRecord,
} from '../errors.js';
import { clock, type Executor, type RunOptions } from '../task/executor.js';
import { checkTask, loadOperations } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';
import { PROGRESS, type Batch, type Notice, type Outcome } from './batch.js';
import type { LocalOptions } from './serial.js';

/** Small tasks travel together, so that a batch takes about this long and messages cost little beside it (ms). */
const BATCH_MS = 10;
const MOST_IN_BATCH = 500;
/** So many tasks for each thread are drawn ahead, and drawn anew when half of them are gone. */
const DRAWN_AHEAD = 1000;
/** A cancelled run waits so long for the tasks under way, then ends their threads (ms). */
const GRACE_MS = 500;
/** More threads than this on one machine is a slip of the finger. */
const MOST_WORKERS = 1024;

/** What a pool may be given. */
export interface PoolOptions extends LocalOptions {
  /** How many threads, an integer from 1 to 1024; no more of them run at once than there are cores. */
  readonly workers: number;
}

/**
 * Starts a pool of threads and resolves when all of them are ready.
 * @throws InvalidArgumentError for a number of workers that cannot be meant, or a task module that cannot be loaded
 */
export async function startPool({ workers, tasks = [] }: PoolOptions): Promise<Executor> {
  checkInteger('pool: workers', workers, 1, 'Take the number of cores you have.', MOST_WORKERS);
  await loadOperations(tasks); // a module that cannot be loaded is refused here, where its mistake was made
  const pool = new PoolExecutor(workers, tasks);
  try {
    await pool.ready;
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

class PoolExecutor implements Executor {
  /** Resolves when every thread has told that it is up. */
  readonly ready: Promise<void>;
  private readonly pool: Piscina;
  private readonly slots: (number | undefined)[] = []; // place: a thread's number in events; value: its id in this process
  private readonly begun = new Map<number, (notice: Notice) => void>();
  private readonly underWay = new Set<Promise<Value[]>>();
  private closed = false;
  private batches = 0;

  constructor(
    readonly workers: number,
    tasks: readonly string[],
  ) {
    this.pool = new Piscina({
      filename: new URL('./pool-worker.js', import.meta.url).href,
      name: 'runBatch',
      minThreads: workers,
      maxThreads: workers, // piscina would start 1.5 threads a core, which spoils every speed-up
      workerData: { tasks },
    });
    this.ready = new Promise((resolve, reject) => {
      // A thread that dies idle is replaced by piscina and no run is harmed; while starting, it is the start that failed.
      this.pool.on('error', (error: Error) => reject(error));
      this.pool.on('message', (notice: Notice) => {
        if (notice.error) reject(fromErrorRecord(notice.error));
        else if (notice.batch !== undefined) this.begun.get(notice.batch)?.(notice);
        else this.slotOf(notice.thread);
        if (this.slots.filter((id) => id !== undefined).length === workers) resolve();
      });
    });
  }

  async run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    const run = this.runAll(new Run(tasks, options, this.workers));
    this.underWay.add(run);
    return run.finally(() => this.underWay.delete(run));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.underWay);
    await this.pool.destroy();
  }

  private async runAll(run: Run): Promise<Value[]> {
    const stopWatching = run.watchSignal();
    try {
      await Promise.all(Array.from({ length: this.workers }, () => this.feed(run)));
    } finally {
      stopWatching();
    }
    if (!run.failure) return run.values;
    run.dropRest();
    throw run.failure;
  }

  /** Keeps one batch of this run on its way to a thread, until there is none left or the run has failed. */
  private async feed(run: Run): Promise<void> {
    try {
      for (let first = run.next(); first.length > 0; first = run.next()) await this.runBatch(run, first);
    } catch (failure) {
      run.fail(failure);
    }
  }

  private async runBatch(run: Run, drawn: readonly Drawn[]): Promise<void> {
    const id = this.batches++;
    const progress = new Int32Array(new SharedArrayBuffer(4 * PROGRESS.length)).fill(-1);
    const batch: Batch = { id, tasks: drawn.map(({ task }) => task), progress };
    this.begun.set(id, ({ thread, time }) => run.guard(() => run.begun(drawn, this.slotOf(thread), time)));
    let outcomes: Outcome[] | undefined;
    try {
      outcomes = (await this.pool.run(batch, { signal: run.kill.signal })) as Outcome[];
    } catch (error) {
      const running = drawn[Atomics.load(progress, PROGRESS.running)];
      const slot = this.freeSlot(Atomics.load(progress, PROGRESS.thread));
      if (run.kill.signal.aborted) throw new CancelledError();
      if (running === undefined) throw error; // no thread has begun it
      run.lost(drawn, running, slot, (error as Error).message);
    } finally {
      this.begun.delete(id);
    }
    if (outcomes) run.ended(drawn, outcomes, this.slotOf(progress[PROGRESS.thread]));
  }

  /** The number of a thread in events: 0 to P - 1; a thread that takes a dead one's place takes its number. */
  private slotOf(threadId: number): number {
    const known = this.slots.indexOf(threadId);
    if (known >= 0) return known;
    const free = this.slots.indexOf(undefined);
    const slot = free >= 0 ? free : this.slots.length;
    this.slots[slot] = threadId;
    return slot;
  }

  private freeSlot(threadId: number): number {
    const slot = this.slots.indexOf(threadId);
    if (slot >= 0) this.slots[slot] = undefined;
    return slot;
  }
}

/** A task on its way, with its place in the run. */
interface Drawn {
  readonly task: Task;
  readonly index: number;
}

/** One call of run: what is still to be done, what was found, and why it stopped. */
class Run {
  readonly values: Value[] = [];
  readonly kill = new AbortController();
  failure: Error | undefined;
  private readonly source: Iterator<Task>;
  private waiting: Drawn[] = [];
  /** Batches that were handed out and have not ended well, and which of them are known to have begun. */
  private readonly underWay = new Map<readonly Drawn[], boolean>();
  private readonly failed = new Set<Drawn>();
  private drawn = 0;
  private batchSize = 1;

  constructor(
    tasks: Iterable<Task>,
    private readonly options: RunOptions,
    private readonly workers: number,
  ) {
    this.source = tasks[Symbol.iterator]();
    setMaxListeners(0, this.kill.signal); // one for each batch on its way, and there are as many as threads
  }

  /** The next batch, empty when there is nothing more to hand out. */
  next(): Drawn[] {
    if (this.options.signal?.aborted) this.fail(new CancelledError());
    if (this.failure) return [];
    this.drawAhead();
    // Near the end batches get smaller, so that all threads finish at about the same time.
    const fair = Math.ceil(this.waiting.length / (2 * this.workers));
    const most = this.options.together ? MOST_IN_BATCH : Math.min(this.batchSize, fair);
    const batch = this.waiting.splice(0, most);
    if (batch.length > 0) this.underWay.set(batch, false);
    return batch;
  }

  private drawAhead(): void {
    const ahead = DRAWN_AHEAD * this.workers;
    if (this.waiting.length > ahead / 2) return;
    while (this.waiting.length < ahead) {
      const next = this.source.next();
      if (next.done) return;
      const task = next.value;
      checkTask(task);
      this.options.onEvent?.({ type: 'queued', task: task.key, time: clock() });
      this.waiting.push({ task, index: this.drawn++ });
    }
  }

  begun(batch: readonly Drawn[], thread: number, time: number): void {
    this.underWay.set(batch, true);
    this.started(batch[0], thread, time);
  }

  private started({ task }: Drawn, thread: number, time: number): void {
    this.options.onEvent?.({ type: 'started', task: task.key, worker: 'local', thread, time });
  }

  /** Takes a batch's outcomes: values in their places, events in their order. */
  ended(batch: readonly Drawn[], outcomes: readonly Outcome[], thread: number): void {
    const time = clock();
    const { onEvent, onResult } = this.options;
    for (const [i, { start, end, value, error }] of outcomes.entries()) {
      const { task, index } = batch[i];
      if (i > 0 || !this.underWay.get(batch)) this.started(batch[i], thread, start);
      if (error) {
        this.tellFailed(batch[i], thread, error.message);
        return this.fail(new TaskError(task.key, fromErrorRecord(error)));
      }
      this.values[index] = value as Value;
      onEvent?.({ type: 'finished', task: task.key, worker: 'local', thread, start, end, time });
      onResult?.(value as Value, task, index);
    }
    this.underWay.delete(batch);
    const meanMs = (outcomes[outcomes.length - 1].end - outcomes[0].start) / outcomes.length;
    this.batchSize = Math.min(MOST_IN_BATCH, 2 * this.batchSize, Math.max(1, Math.round(BATCH_MS / meanMs)));
  }

  lost(batch: readonly Drawn[], running: Drawn, thread: number, ended: string): void {
    if (running !== batch[0] || !this.underWay.get(batch)) this.started(running, thread, clock());
    this.tellFailed(running, thread, ended);
    this.fail(new WorkerLostError(running.task.key, 1, [ended]));
  }

  private tellFailed(drawn: Drawn, thread: number, message: string): void {
    this.failed.add(drawn);
    const { key: task } = drawn.task;
    const time = clock();
    this.options.onEvent?.({ type: 'failed', task, worker: 'local', thread, message, retried: false, time });
  }

  /** Tells the end of every task that was queued and has none: the run has failed. */
  dropRest(): void {
    const drop = (drawn: Drawn, began: boolean) => {
      if (this.values[drawn.index] !== undefined || this.failed.has(drawn)) return;
      const worker = began ? { worker: 'local' } : {};
      this.options.onEvent?.({ type: 'dropped', task: drawn.task.key, ...worker, time: clock() });
    };
    try {
      for (const [batch, begun] of this.underWay) batch.forEach((drawn, i) => drop(drawn, begun && i === 0));
      for (const drawn of this.waiting) drop(drawn, false);
    } catch {
      // The caller's own code threw, after the run had failed with its own reason.
    }
  }

  /** Calls back into the caller's code; what that throws fails the run. */
  guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The first failure is the run's; nothing more is handed out after it. */
  fail(failure: unknown): void {
    this.failure ??= failure instanceof Error ? failure : new Error(String(failure));
  }

  /** A task that does not end by itself soon after the signal loses its thread. */
  watchSignal(): () => void {
    const { signal } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      this.fail(new CancelledError());
      timer = setTimeout(() => this.kill.abort(), GRACE_MS);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    return () => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }
}
