// The worker's shell: its connection is on this thread, its tasks are on threads of their own.
import { InvalidArgumentError, plain, show } from '../errors.js';
import type { Threads } from '../execute/threads.js';
import { countThreads } from './events.js';
import { Link, type Dial } from './link.js';
import { Shell } from './state-machine.js';
import { WorkerMachine, type WorkerAction, type WorkerEvent } from './worker.js';

/** A batch that ends sooner is not reported as started: its result says so too (ms). */
const STARTED_MS = 15;
/** How long a worker that leaves lets running tasks end before it gives them back (ms). */
const DRAIN_MS = 20_000;

/** What a worker is given. */
export interface WorkerOptions {
  /** Called before each attempt to connect: a scheduler that comes back may be elsewhere. */
  readonly dial: Dial;
  /** What computes. They stay the caller's to close. */
  readonly threads: Threads;
  /** What logs and errors call it, 1 to 200 characters. */
  readonly name: string;
  /** Without a scheduler for this long, the worker ends (ms, default 60 000). */
  readonly deathTimeoutMs?: number;
  /** Memory of the worker's process (bytes), where it can tell. */
  readonly memoryBytes?: () => number;
  readonly log?: (line: string) => void;
}

/**
 * Starts a worker. It looks for its scheduler until it finds it, also when it is lost in between.
 * @throws InvalidArgumentError for an invalid name
 */
export const startWorker = (options: WorkerOptions): ClusterWorker => new ClusterWorker(options);

/** A worker that is up. */
export class ClusterWorker {
  /** Resolves when the scheduler has welcomed it for the first time; rejects as `ended` does. */
  readonly joined: Promise<void>;
  /** Resolves with the reason when the worker ends; rejects if no scheduler accepts it. */
  readonly ended: Promise<string>;
  private readonly link: Link;
  private readonly shell: Shell<WorkerEvent, WorkerAction>;
  private readonly stops = new Map<number, AbortController>();

  constructor(private readonly options: WorkerOptions) {
    const { name, threads, dial, deathTimeoutMs = 60_000, memoryBytes } = options;
    if (name.length < 1 || name.length > 200)
      throw new InvalidArgumentError(
        `worker: name must have 1 to 200 characters, got ${show(name)}. Leave --name out for host and process.`,
      );
    const instance = Array.from({ length: 4 }, () => Math.random().toString(36).slice(2)).join('');
    const hello = { op: 'hello', role: 'worker', name, threads: threads.count, instance } as const;
    const machine = new WorkerMachine({ ...hello, memoryBytes: memoryBytes?.() });
    this.shell = new Shell(machine, (action) => this.perform(action));
    this.link = new Link({
      dial,
      patienceMs: { first: deathTimeoutMs, later: deathTimeoutMs },
      post: (event) => {
        this.shell.post(event);
        if (event.type === 'message' && event.message.op === 'welcome')
          this.log('INFO', `Joined as ${name} with ${countThreads(threads.count)}`);
      },
      log: (level, text) => this.log(level, text),
      giveUp: (seconds, why) => `worker ${name}: no scheduler for ${seconds} s: ${why}`,
    });
    this.joined = this.link.joined;
    this.ended = this.link.ended.then(({ reason }) => reason);
    this.ended.catch(() => {}); // the callers that await it handle it
  }

  /** Leaves: takes no more tasks, finishes or returns the ones it has, and no task is blamed. */
  async drain(): Promise<void> {
    this.shell.post({ type: 'leave' });
    if (!this.link.up) this.link.close();
    const impatient = setTimeout(() => {
      for (const stop of this.stops.values()) stop.abort();
    }, DRAIN_MS);
    await this.ended.catch(() => {});
    clearTimeout(impatient);
  }

  private perform(action: WorkerAction): void {
    if (action.type === 'send') this.link.send(action.message);
    else if (action.type === 'stop') this.stops.get(action.batch)?.abort();
    else if (action.type === 'run') void this.run(action);
    else this.link.close();
  }

  private async run({ batch, tasks }: WorkerAction & { type: 'run' }): Promise<void> {
    const stop = new AbortController();
    this.stops.set(batch, stop);
    let late: ReturnType<typeof setTimeout> | undefined;
    const onStarted = (thread: number, time: number) => {
      late = setTimeout(() => this.shell.post({ type: 'begun', batch, thread, time }), STARTED_MS);
    };
    const end = await this.options.threads.runPacked(tasks, { signal: stop.signal, onStarted });
    clearTimeout(late);
    this.stops.delete(batch);
    const memoryBytes = this.options.memoryBytes?.();
    this.shell.post({ type: 'ended', batch, result: { ...end, memoryBytes } });
  }

  private log(level: 'INFO' | 'WARNING', text: string): void {
    this.options.log?.(plain(`lola.worker - ${level} - ${text}`));
  }
}
