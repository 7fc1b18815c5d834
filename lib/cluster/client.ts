// A client of the cluster: an Executor whose threads are those of all workers that have joined, now.
import { CancelledError, ClosedError, ConnectionError, NoWorkersError, ProtocolError } from '../errors.js';
import { clock, tellingEnds, type Executor, type ExecutorEvent, type RunOptions } from '../task/executor.js';
import type { Task, Value } from '../task/task.js';
import { Channel, dial } from './channel.js';
import { ClientRun } from './client-run.js';
import { OpenRun } from './open-run.js';
import { unpackValue, type FromScheduler } from './protocol.js';
import { findScheduler, type Whereabouts } from './scheduler-file.js';

/** A run without a worker says so after this time (ms). */
const WAITING_MS = 5000;
const RETRY_MS = 100;
const START_ONE = 'lola worker';

/** What a client may be given. Without an address, the scheduler file says it. */
export interface ConnectOptions extends Whereabouts {
  /** How often a task that throws is tried again, an integer >= 0; absent means never, since it will most likely throw again. */
  readonly retries?: number;
  /** A run that has had no worker for so long fails with NoWorkersError; absent means that it waits. */
  readonly noWorkersMs?: number;
  /** So long a scheduler that is lost is looked for, before the runs under way fail; absent means 30 s. */
  readonly reconnectMs?: number;
  /** Hears of what a person should know while waiting; absent means a line on stderr. */
  readonly onNotice?: (text: string) => void;
}

/**
 * Connects to a scheduler.
 * @returns an executor; its `workers` are the threads that have joined, and 1 while there is none, so that work can be cut
 * @throws InvalidArgumentError for an address or a file that cannot be used, ConnectionError where nobody answers,
 *   ProtocolError where the scheduler refuses us
 */
export async function connect(options: ConnectOptions = {}): Promise<Executor> {
  const client = new Client(options);
  await client.open();
  return client;
}

/** What a scheduler says of itself. */
export type ClusterStatus = Omit<FromScheduler & { op: 'status' }, 'op'>;

/**
 * Asks a scheduler how it is.
 * @throws as connect does
 */
export async function askStatus(
  where: Whereabouts = {},
  warn?: (text: string) => void,
): Promise<ClusterStatus> {
  const socket = await dial(findScheduler(where, warn));
  let channel: Channel | undefined;
  try {
    return await new Promise((resolve, reject) => {
      channel = new Channel(socket, {
        onMessage: (message) => {
          if (message.op === 'status')
            resolve({ workers: message.workers, clients: message.clients, waiting: message.waiting });
        },
        onClose: (reason) => reject(new ConnectionError(`the scheduler closed the connection: ${reason}.`)),
      });
      channel.send({ op: 'status' });
    });
  } finally {
    await channel?.close();
  }
}

class Client implements Executor {
  private readonly name = `client-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  private channel: Channel | undefined;
  private readonly threads = new Map<string, number>();
  private readonly runs = new Map<number, OpenRun>();
  private runsMade = 0;
  private closed = false;
  private gone: Error | undefined;
  /** The search for a scheduler that was lost. */
  private searching: Promise<void> | undefined;
  private readonly notice: (text: string) => void;
  private waiting: NodeJS.Timeout[] = [];

  constructor(private readonly options: ConnectOptions) {
    this.notice = options.onNotice ?? ((text) => process.stderr.write(`${text}\n`));
  }

  get workers(): number {
    let threads = 0;
    for (const each of this.threads.values()) threads += each;
    return Math.max(1, threads);
  }

  /** Resolves when the scheduler has told who its workers are. */
  async open(): Promise<void> {
    const socket = await dial(findScheduler(this.options, this.notice));
    this.channel = await new Promise<Channel>((resolve, reject) => {
      let welcome = false;
      const channel = new Channel(socket, {
        onMessage: (message) => {
          this.hear(message);
          if (message.op !== 'welcome') return;
          welcome = true;
          resolve(channel);
        },
        onClose: (reason, bye) => {
          if (welcome) this.searching = this.lost(reason, bye);
          else reject(new ConnectionError(`the scheduler closed the connection: ${reason}.`));
        },
      });
      channel.send({ op: 'connect', name: this.name });
    });
    for (const run of this.runs.values())
      for (const message of run.tasks.resend()) this.channel.send(message);
  }

  run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    return tellingEnds(options, (told) => this.runAll(tasks, told));
  }

  private async runAll(tasks: Iterable<Task>, options: RunOptions): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    if (this.gone) throw this.gone;
    if (options.signal?.aborted) throw new CancelledError();
    const run = new OpenRun(
      new ClientRun(this.runsMade++, tasks, this.options.retries ?? 0, options.onEvent !== undefined),
      options,
    );
    this.runs.set(run.number, run);
    const stop = () => this.end(run, new CancelledError());
    options.signal?.addEventListener('abort', stop, { once: true });
    this.submit(run);
    this.watchWorkers();
    try {
      return await run.result;
    } finally {
      options.signal?.removeEventListener('abort', stop);
      this.runs.delete(run.number);
      this.watchWorkers();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(Array.from(this.runs.values(), ({ result }) => result));
    await this.searching; // which gives up, since nobody waits any more
    await this.channel?.close();
  }

  private submit(run: OpenRun): void {
    this.guard(run, () => {
      const onDrawn = ({ key }: Task) => run.tell({ type: 'queued', task: key, time: clock() });
      for (const message of run.tasks.submit(this.workers, onDrawn)) this.channel?.send(message);
      if (run.tasks.done) this.end(run, undefined);
    });
  }

  /** What goes wrong in the caller's own iterable or callbacks fails the caller's run. */
  private guard(run: OpenRun, action: () => void): void {
    if (run.ended) return;
    try {
      action();
    } catch (error) {
      this.end(run, error);
    }
  }

  private end(run: OpenRun, failure: unknown): void {
    if (run.ended) return;
    if (failure !== undefined) this.channel?.send({ op: 'cancelRun', run: run.number });
    run.settle(failure);
  }

  private hear(message: FromScheduler): void {
    switch (message.op) {
      case 'welcome':
        this.threads.clear();
        for (const { name, threads } of message.workers) this.threads.set(name, threads);
        return this.watchWorkers();
      case 'joined':
        this.threads.set(message.worker, message.threads);
        this.tellAll({ type: 'joined', worker: message.worker, threads: message.threads, time: clock() });
        return this.watchWorkers();
      case 'left':
        this.threads.delete(message.worker);
        this.tellAll({ type: 'left', worker: message.worker, reason: message.reason, time: clock() });
        return this.watchWorkers();
      case 'started':
      case 'failed': {
        const run = this.runs.get(message.run);
        if (!run) return;
        return this.guard(run, () => {
          const failure = run.hear(message);
          if (failure) this.end(run, failure);
        });
      }
      case 'finished':
        return this.finished(message);
      default:
        return;
    }
  }

  private finished({
    runs,
    indices,
    worker,
    thread,
    times,
    values,
  }: FromScheduler & { op: 'finished' }): void {
    const time = clock();
    const unpacked = unpackValue(values) as readonly Value[];
    const touched = new Set<OpenRun>();
    for (const [i, index] of indices.entries()) {
      const run = this.runs.get(runs[i]);
      if (!run) continue;
      touched.add(run);
      const at = { worker, thread, start: times[2 * i], end: times[2 * i + 1], time };
      this.guard(run, () => run.finished(index, unpacked[i], at));
    }
    for (const run of touched) this.submit(run);
  }

  private tellAll(event: ExecutorEvent): void {
    for (const run of this.runs.values()) this.guard(run, () => run.tell(event));
  }

  /** The connection is lost: look for the scheduler, or the one in its place, and send again what has no result. */
  private async lost(reason: string, bye: string | undefined): Promise<void> {
    this.channel = undefined;
    this.threads.clear();
    const isOver = () => this.closed && this.runs.size === 0;
    const { reconnectMs = 30_000 } = this.options;
    const since = clock();
    let failure: Error =
      bye === undefined
        ? new ConnectionError(`lost the scheduler: ${reason}.`)
        : new ProtocolError(`the scheduler sent us away: ${bye}.`);
    while (bye === undefined && !isOver() && clock() - since < reconnectMs) {
      try {
        return await this.open();
      } catch (error) {
        if (!(error instanceof ConnectionError)) failure = error as Error;
        if (!(error instanceof ConnectionError)) break;
        failure = new ConnectionError(
          `lost the scheduler (${reason}) and have not found it again for ${reconnectMs / 1000} s: ${error.message}`,
          { cause: error },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.gone = failure;
    for (const run of this.runs.values()) this.end(run, failure);
  }

  /** A run that waits for a worker says so, and fails where it was given a time for that. */
  private watchWorkers(): void {
    const alone = this.threads.size === 0 && this.runs.size > 0;
    if (alone === this.waiting.length > 0) return;
    for (const timer of this.waiting.splice(0)) clearTimeout(timer);
    if (!alone) return;
    const { noWorkersMs } = this.options;
    this.waiting.push(
      setTimeout(() => this.notice(`waiting: 0 workers. Start one: ${START_ONE}`), WAITING_MS),
    );
    if (noWorkersMs === undefined) return;
    const fail = () => {
      for (const run of this.runs.values()) this.end(run, new NoWorkersError(noWorkersMs / 1000, START_ONE));
    };
    this.waiting.push(setTimeout(fail, noWorkersMs));
  }
}
