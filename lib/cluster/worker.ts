// A worker of the cluster: its socket lives on this thread, its tasks on the threads of the executors that it is handed.
import { randomBytes } from 'node:crypto';
import {
  ConnectionError,
  InvalidArgumentError,
  ProtocolError,
  checkInteger,
  show,
  toErrorRecord,
  type ErrorRecord,
} from '../errors.js';
import { clock, type Executor } from '../task/executor.js';
import type { Task } from '../task/task.js';
import { Channel, dial, type Target } from './channel.js';
import { runBatch, type BatchEnd } from './compute.js';
import {
  ENVELOPE_BYTES,
  MOST_BYTES,
  packValue,
  unpackTask,
  type PackedTask,
  type ToScheduler,
} from './protocol.js';
import { WorkerQueue, type WorkerAction } from './worker-queue.js';

/** That a batch has started is told a little later, since of a short one its result tells it too (ms). */
const STARTED_MS = 5;
/** How long to wait before the scheduler is tried again, at first and at most (ms). */
const RETRY_MS = { first: 50, most: 1000 } as const;
const MOST_TEXT = 20_000;

/** What a worker is given. */
export interface WorkerOptions {
  /** Asked before each attempt to connect: a scheduler that comes back may be elsewhere. */
  readonly find: () => Target;
  /** What computes: one executor with one thread each. They stay the caller's to close. */
  readonly executors: readonly Executor[];
  readonly name: string;
  /** So long without a scheduler, the worker ends (ms). */
  readonly deathTimeoutMs?: number;
  /** So long a worker that leaves lets running tasks end before it hands them back (ms). */
  readonly drainMs?: number;
  readonly log?: (line: string) => void;
}

/** A worker that is up. */
export interface ClusterWorker {
  readonly name: string;
  /** Resolves when the scheduler has welcomed it for the first time; rejects as `ended` does. */
  readonly joined: Promise<void>;
  /** Resolves with the reason when the worker ends by itself or was drained; rejects where no scheduler would have it. */
  readonly ended: Promise<string>;
  /** Leaves: takes no more, lets what runs end or hands it back, blames nobody. */
  drain(): Promise<void>;
}

/**
 * Starts a worker; it looks for its scheduler until it finds it, also when it is lost in between.
 * @throws InvalidArgumentError for options that cannot be meant
 */
export function startWorker(options: WorkerOptions): ClusterWorker {
  checkInteger('worker: threads', options.executors.length, 1, 'Give it one executor for each thread.', 1024);
  if (options.name.length < 1 || options.name.length > 200) {
    throw new InvalidArgumentError(
      `worker: name must have 1 to 200 characters, got ${show(options.name)}. Leave --name out for host and process.`,
    );
  }
  const worker = new Worker(options);
  return { name: options.name, joined: worker.joined, ended: worker.ended, drain: () => worker.drain() };
}

class Worker {
  readonly joined: Promise<void>;
  readonly ended: Promise<string>;
  private readonly instance = randomBytes(16).toString('hex');
  private readonly deathTimeoutMs: number;
  private session: Session | undefined;
  private leaving = false;

  constructor(private readonly options: WorkerOptions) {
    this.deathTimeoutMs = options.deathTimeoutMs ?? 60_000;
    let welcome: () => void;
    const welcomed = new Promise<void>((resolve) => (welcome = resolve));
    this.ended = this.live(() => welcome());
    this.joined = Promise.race([
      welcomed,
      this.ended.then((reason) => Promise.reject(new ProtocolError(`worker ${options.name}: ${reason}`))),
    ]);
    for (const promise of [this.ended, this.joined]) promise.catch(() => {}); // who waits for it hears of it
  }

  async drain(): Promise<void> {
    this.leaving = true;
    await this.session?.drain(this.options.drainMs ?? 20_000);
    await this.ended.catch(() => {});
  }

  /** One session after the other, until the scheduler sends us away or none is found. */
  private async live(onWelcome: () => void): Promise<string> {
    while (!this.leaving) {
      this.session = await this.join(onWelcome);
      if (!this.session) break;
      if (this.leaving) void this.session.drain(0); // told to leave while it looked for the scheduler
      const { reason, final } = await this.session.over;
      this.session = undefined;
      this.log('INFO', `Left the scheduler: ${reason}`);
      if (final) return reason;
    }
    return 'left';
  }

  private async join(onWelcome: () => void): Promise<Session | undefined> {
    const since = clock();
    let waitMs: number = RETRY_MS.first;
    for (let told = false; !this.leaving; told = true) {
      try {
        const socket = await dial(this.options.find());
        const { name, executors } = this.options;
        const threads = executors.length;
        const welcomed = () => {
          this.log('INFO', `Joined as ${name} with ${threads} ${threads === 1 ? 'thread' : 'threads'}`);
          onWelcome();
        };
        return new Session(executors, welcomed, (listener) => new Channel(socket, listener), {
          op: 'join',
          name,
          threads,
          instance: this.instance,
        });
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        if (clock() - since >= this.deathTimeoutMs) {
          throw new ConnectionError(
            `worker ${this.options.name}: no scheduler for ${this.deathTimeoutMs / 1000} s: ${error.message}`,
            { cause: error },
          );
        }
        if (!told)
          this.log(
            'WARNING',
            `Looking for the scheduler for ${this.deathTimeoutMs / 1000} s: ${error.message}`,
          );
        await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, this.deathTimeoutMs)));
        waitMs = Math.min(RETRY_MS.most, 2 * waitMs);
      }
    }
    return undefined;
  }

  private log(level: 'INFO' | 'WARNING', text: string): void {
    this.options.log?.(`lola.worker - ${level} - ${text}`);
  }
}

/** The time from one connection's start to its end; what was assigned in it ends with it. */
class Session {
  /** Resolves when the connection has ended and no thread works for it any more. */
  readonly over: Promise<{ readonly reason: string; readonly final: boolean }>;
  private readonly channel: Channel;
  private readonly queue: WorkerQueue;
  private readonly stops = new Map<number, AbortController>();
  private readonly running = new Set<Promise<void>>();
  private readonly idle: number[];
  private draining = false;
  private onIdle = () => {};

  constructor(
    private readonly executors: readonly Executor[],
    onWelcome: () => void,
    open: (listener: ConstructorParameters<typeof Channel>[1]) => Channel,
    join: ToScheduler & { op: 'join' },
  ) {
    this.queue = new WorkerQueue(executors.length);
    this.idle = executors.map((_, thread) => thread).reverse();
    let end: (how: { reason: string; final: boolean }) => void;
    this.over = new Promise((resolve) => (end = resolve));
    const onClose = async (reason: string, bye: string | undefined) => {
      for (const stop of this.stops.values()) stop.abort();
      await Promise.all(this.running);
      end({ reason, final: bye !== undefined || this.draining });
    };
    this.channel = open({
      onMessage: (message) => {
        if (message.op === 'welcome') onWelcome();
        this.act(this.queue.handle(message));
      },
      onClose: (reason, bye) => void onClose(reason, bye),
    });
    this.channel.send(join);
  }

  async drain(drainMs: number): Promise<void> {
    if (this.draining) return;
    this.draining = true;
    this.act(this.queue.drain());
    const impatient = setTimeout(() => {
      for (const stop of this.stops.values()) stop.abort();
    }, drainMs);
    if (this.queue.active > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    clearTimeout(impatient);
    await this.channel.close();
  }

  private act(actions: readonly WorkerAction[]): void {
    for (const action of actions) {
      if (action.type === 'send') this.channel.send(action.message);
      else if (action.type === 'stop') this.stops.get(action.batch)?.abort();
      else {
        const run: Promise<void> = this.run(action).finally(() => this.running.delete(run));
        this.running.add(run);
      }
    }
  }

  private async run({ batch, watched, tasks: packed }: WorkerAction & { type: 'run' }): Promise<void> {
    const thread = this.idle.pop()!;
    const stop = new AbortController();
    this.stops.set(batch, stop);
    let telling: NodeJS.Timeout | undefined;
    const onStarted = (time: number) => {
      if (!watched) return;
      telling ??= setTimeout(() => this.channel.send({ op: 'started', batch, thread, time }), STARTED_MS);
    };
    const end = await this.compute(thread, packed, onStarted, stop.signal);
    clearTimeout(telling);
    this.stops.delete(batch);
    this.idle.push(thread);
    this.act(this.queue.ended(end.stopped ? { op: 'returned', batch } : answer(batch, thread, end)));
    if (this.queue.active === 0) this.onIdle();
  }

  private async compute(
    thread: number,
    packed: readonly PackedTask[],
    onStarted: (time: number) => void,
    signal: AbortSignal,
  ): Promise<BatchEnd> {
    let tasks: Task[];
    try {
      tasks = packed.map(unpackTask);
    } catch (error) {
      return { values: [], times: [], error: toErrorRecord(error) }; // what the first task of it then fails with
    }
    return runBatch(this.executors[thread], tasks, onStarted, signal);
  }
}

/** The message for a batch's end. Values that do not fit into one message are not sent: their tasks are run again. */
function answer(
  batch: number,
  thread: number,
  { values, times, error, lost }: BatchEnd,
): ToScheduler & { op: 'done' } {
  const most = MOST_BYTES - ENVELOPE_BYTES;
  let count = values.length;
  let bytes = packValue(values);
  while (bytes.length > most && count > 1) {
    count = Math.floor(count / 2);
    bytes = packValue(values.slice(0, count));
  }
  const head = { op: 'done', batch, thread } as const;
  if (bytes.length > most) {
    const message = `its value takes ${bytes.length} bytes; ${most / 2 ** 20} MiB travel at most. Cut the work into smaller tasks.`;
    return {
      ...head,
      count: 0,
      times: new Float64Array(0),
      values: packValue([]),
      error: { name: 'RangeError', message },
    };
  }
  const sent = { ...head, count, times: Float64Array.from(times.slice(0, 2 * count)), values: bytes };
  if (count < values.length) return sent;
  return {
    ...sent,
    ...(error ? { error: shortened(error) } : {}),
    ...(lost ? { lost: { at: lost.at, ended: lost.ended.slice(0, MOST_TEXT) } } : {}),
  };
}

function shortened({ name, message, stack, code }: ErrorRecord): ErrorRecord {
  const short = (text: string) => text.slice(0, MOST_TEXT);
  return {
    name: short(name),
    message: short(message),
    ...(stack ? { stack: short(stack) } : {}),
    ...(code ? { code: short(code) } : {}),
  };
}
