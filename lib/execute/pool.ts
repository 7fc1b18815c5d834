// The executor with P threads of this machine. Stage 2 of the lesson.
import { ClosedError, TaskError, WorkerLostError, checkInteger, fromErrorRecord } from '../errors.js';
import { clock, type Executor, type RunOptions } from '../task/executor.js';
import { Pace } from '../task/pace.js';
import { Run, type Drawn } from '../task/run.js';
import type { Task, Value } from '../task/task.js';
import type { LocalOptions } from './serial.js';
import { startThreads, type BatchEnd, type Threads } from './threads.js';

/** More threads than this on one machine is a slip of the finger. */
const MOST_WORKERS = 1024;

/** What a pool may be given. */
export interface PoolOptions extends LocalOptions {
  /** How many threads, an integer from 1 to 1024. No more of them run at once than there are cores. */
  readonly workers: number;
}

/**
 * Starts a pool of threads and resolves when all of them are ready.
 * @throws InvalidArgumentError for an impossible number of workers, or a task module that cannot be loaded
 */
export async function startPool({ workers, tasks }: PoolOptions): Promise<Executor> {
  checkInteger('pool: workers', workers, 1, 'Take the number of cores you have.', MOST_WORKERS);
  return new Pool(await startThreads({ count: workers, tasks }));
}

/** A run that the pool serves: its next tasks, and what is known of their size. */
interface Served {
  readonly run: Run;
  readonly pace: Pace;
  readonly waiting: Drawn[];
  /** One for each of its batches under way: aborted once the run has settled. */
  readonly stops: Set<AbortController>;
}

class Pool implements Executor {
  readonly workers: number;
  private readonly runs = new Set<Served>();
  private busy = 0;
  private feeding = false;
  private closed = false;

  constructor(private readonly threads: Threads) {
    this.workers = threads.count;
  }

  async run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    const stops = new Set<AbortController>();
    const run = new Run(tasks, options, () => stops.forEach((stop) => stop.abort()));
    const served: Served = { run, pace: new Pace(), waiting: [], stops };
    this.runs.add(served);
    run.report({ type: 'joined', worker: 'local', threads: this.workers, time: clock() });
    this.feed();
    return run.result.finally(() => this.runs.delete(served));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled([...this.runs].map(({ run }) => run.result));
    await this.threads.close();
  }

  /** Gives every idle thread a batch. The runs take turns. */
  private feed(): void {
    if (this.feeding) return; // a callback of one run has started another; the loop below comes to it
    this.feeding = true;
    for (const served of this.runs) {
      if (this.busy === this.workers) break;
      const batch = this.nextBatch(served);
      if (batch.length === 0) continue;
      this.runs.delete(served);
      this.runs.add(served); // visited again, after the others
      void this.runBatch(served, batch);
    }
    this.feeding = false;
  }

  /** Draws so far ahead that the pace sees where the run's end is near. */
  private nextBatch({ run, pace, waiting }: Served): Drawn[] {
    const ahead = 2 * this.workers * pace.next(Infinity, 1);
    while (waiting.length < ahead) {
      const drawn = run.draw();
      if (!drawn) break;
      waiting.push(drawn);
    }
    return run.settled ? [] : waiting.splice(0, pace.next(waiting.length, this.workers));
  }

  private async runBatch({ run, pace, stops }: Served, batch: readonly Drawn[]): Promise<void> {
    const stop = new AbortController();
    stops.add(stop);
    this.busy++;
    const tasks = batch.map(({ task }) => task);
    const onStarted = (thread: number, time: number) =>
      run.started(batch[0], { worker: 'local', thread }, time);
    const end = await this.threads.run(tasks, { signal: stop.signal, ...(run.watched && { onStarted }) });
    this.busy--;
    stops.delete(stop);
    reportEnd(run, batch, end);
    const { count, times } = end;
    if (count > 0) pace.learn((times[2 * count - 1] - times[0]) / count);
    this.feed();
  }
}

/** Reports values in their places, then the task that ended the batch, if one did. */
function reportEnd(run: Run, batch: readonly Drawn[], end: BatchEnd<readonly Value[]>): void {
  const { count, values, times, error, lost, thread } = end;
  const here = { worker: 'local', thread };
  for (let i = 0; i < count; i++) run.finished(batch[i], values[i], here, times[2 * i], times[2 * i + 1]);
  const failed = batch[lost?.at ?? count];
  if (error) run.failed(failed, here, error.message, new TaskError(failed.task.key, fromErrorRecord(error)));
  if (lost) run.failed(failed, here, lost.ended, new WorkerLostError(failed.task.key, 1, [lost.ended]));
}
