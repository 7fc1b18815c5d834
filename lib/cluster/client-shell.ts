// The client's shell: an Executor whose threads are those of all workers that have joined, now.
import { ClosedError, NoWorkersError, ProtocolError } from '../errors.js';
import type { Executor, RunOptions } from '../task/executor.js';
import { Run } from '../task/run.js';
import type { Task, Value } from '../task/task.js';
import { ClientMachine, type ClientEvent } from './client.js';
import { Link, type Dial } from './link.js';
import type { ToScheduler } from './messages.js';
import { Shell, type NetAction } from './state-machine.js';

/** How long a run waits for a worker before it says so (ms). */
const WAITING_MS = 5000;
const START_ONE = 'Start one: lola worker';

/** What a client may be given. */
export interface ClientOptions {
  /** A run that has had no worker for this long fails with NoWorkersError (ms; default: it waits). */
  readonly noWorkersMs?: number;
  /** What to do about that, for errors and notices (default: Start one: lola worker). */
  readonly noWorkersRemedy?: string;
  /** How long to look for a lost scheduler before failing pending runs (ms, default 30 000). */
  readonly reconnectMs?: number;
  /** Called with what a person should know while waiting (default: a line on stderr). */
  readonly onNotice?: (text: string) => void;
}

/**
 * Opens a client.
 * @param dial reaches the scheduler, at first and whenever it is lost
 * @returns an executor; its `workers` are the threads that have joined, and 1 while there are none, so that work can be cut
 * @throws what dial throws
 */
export async function openClient(dial: Dial, options: ClientOptions = {}): Promise<Executor> {
  const { onNotice = (text) => console.error(text) } = options;
  const client = new ClientShell(dial, { ...options, onNotice });
  await client.link.joined;
  return client;
}

class ClientShell implements Executor {
  readonly link: Link;
  private readonly machine = new ClientMachine(`client-${Math.random().toString(36).slice(2, 10)}`);
  private readonly shell: Shell<ClientEvent, NetAction<ToScheduler>>;
  private readonly runs = new Set<Run>();
  private closed = false;
  /** Why there is no scheduler any more. */
  private gone: Error | undefined;
  private timers: ReturnType<typeof setTimeout>[] = []; // while runs wait for a worker

  constructor(
    dial: Dial,
    private readonly options: ClientOptions & Required<Pick<ClientOptions, 'onNotice'>>,
  ) {
    this.shell = new Shell(
      this.machine,
      (action) => action.type === 'send' && this.link.send(action.message),
    );
    this.link = new Link({
      dial,
      patienceMs: { first: 0, later: options.reconnectMs ?? 30_000 },
      post: (event) => {
        this.shell.post(event);
        this.watchWorkers();
      },
      log: (level, text) => level === 'WARNING' && this.runs.size > 0 && this.options.onNotice(text),
      giveUp: (seconds, why, lost) =>
        lost === undefined
          ? why
          : `lost the scheduler (${lost}) and have not found it again for ${seconds} s: ${why}`,
    });
    const end = (failure: Error) => {
      this.gone = failure;
      this.fail(failure);
    };
    const sentAway = (reason: string) => new ProtocolError(`the scheduler sent us away: ${reason}.`);
    this.link.ended.then((left) => end(left.sentAway ? sentAway(left.reason) : new ClosedError()), end);
  }

  get workers(): number {
    return Math.max(1, this.machine.threads);
  }

  async run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    if (this.gone) throw this.gone;
    const run = new Run(tasks, options, (settled) => {
      this.runs.delete(settled);
      this.shell.post({ type: 'settled', run: settled });
      this.watchWorkers();
    });
    if (run.settled) return run.result; // it was cancelled before its start
    this.runs.add(run);
    this.shell.post({ type: 'run', run });
    this.watchWorkers();
    return run.result;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(Array.from(this.runs, ({ result }) => result));
    this.link.close();
    await this.link.ended.catch(() => {});
  }

  /** Fails everything that is under way. */
  private fail(failure: Error): void {
    for (const run of [...this.runs]) run.fail(failure);
  }

  /** Makes runs that wait for a worker say so, and fail once their time is up. */
  private watchWorkers(): void {
    const alone = this.link.up && this.machine.workers.size === 0 && this.runs.size > 0; // else the link says so
    if (alone === this.timers.length > 0) return;
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
    if (!alone) return;
    const { noWorkersMs = Infinity, noWorkersRemedy: remedy = START_ONE } = this.options;
    this.timers.push(setTimeout(() => this.options.onNotice(`waiting: 0 workers. ${remedy}`), WAITING_MS));
    if (!(noWorkersMs < 2 ** 31)) return; // a timer of 25 days is the longest
    const failure = new NoWorkersError(noWorkersMs / 1000, remedy);
    this.timers.push(setTimeout(() => this.fail(failure), noWorkersMs));
  }
}
