// The threads of this process: piscina's, one pool of one thread each, so that each keeps its number. Needs Node.
import { Piscina } from 'piscina';
import { fromErrorRecord, toErrorRecord, type ErrorRecord } from '../errors.js';
import type { Answer, Batch } from './batch.js';
import { IdleThreads, type Thread, type ThreadEnd, type Threads } from './idle-threads.js';

export type { BatchEnd, ThreadOptions, Threads } from './idle-threads.js';

/** What a thread is started with. `place` is shared with it: the place in its batch of the task that it runs now. */
export interface ThreadData {
  readonly tasks: readonly string[];
  readonly place: Int32Array;
}

/** A batch on its way to a thread; `number` tells its start from that of the batch before it. */
export interface SentBatch {
  readonly number: number;
  readonly batch: Batch;
  readonly watched: boolean;
}

/** The thread has started a batch. */
export interface Started {
  readonly number: number;
  readonly time: number;
}

/**
 * Starts threads and resolves when all of them are ready.
 * @param o.count how many, 1 or more
 * @param o.tasks URLs of task modules (see task/run-task.ts)
 * @throws InvalidArgumentError where a task module cannot be loaded
 */
export async function startThreads(o: { count: number; tasks?: readonly string[] }): Promise<Threads> {
  const threads = Array.from({ length: o.count }, () => new PiscinaThread(o.tasks ?? []));
  try {
    await Promise.all(threads.map((thread) => thread.ready()));
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.close()));
    throw error;
  }
  return new IdleThreads(threads);
}

class PiscinaThread implements Thread {
  private readonly place = new Int32Array(new SharedArrayBuffer(4));
  private readonly piscina: Piscina;
  private number = 0;
  private onStarted: ((time: number) => void) | undefined;

  constructor(tasks: readonly string[]) {
    const workerData: ThreadData = { tasks, place: this.place };
    const filename = new URL('./thread.js', import.meta.url).href;
    this.piscina = new Piscina({ filename, minThreads: 1, maxThreads: 1, workerData, recordTiming: false });
    this.piscina.on('error', () => {}); // a thread that dies idle is replaced, and no task is harmed
    this.piscina.on(
      'message',
      ({ number, time }: Started) => number === this.number && this.onStarted?.(time),
    );
  }

  async ready(): Promise<void> {
    const failure = (await this.piscina.run(undefined, { name: 'ready' })) as ErrorRecord | undefined;
    if (failure) throw fromErrorRecord(failure);
  }

  async run(batch: Batch, kill: AbortSignal, onStarted?: (time: number) => void): Promise<ThreadEnd> {
    this.number++;
    this.onStarted = onStarted;
    Atomics.store(this.place, 0, 0);
    const sent: SentBatch = { number: this.number, batch, watched: onStarted !== undefined };
    try {
      return (await this.piscina.run(sent, { name: 'run', signal: kill })) as Answer<unknown>;
    } catch (error) {
      if (kill.aborted) return { stopped: true };
      return { lost: { at: Atomics.load(this.place, 0), ended: toErrorRecord(error).message } };
    }
  }

  close(): Promise<void> {
    return this.piscina.destroy();
  }
}
