// A cluster of your own, of processes (local.ts) or within a page (page-local.ts): what it offers, and how it starts.
import { ClosedError, checkInteger } from '../errors.js';
import type { Executor } from '../task/executor.js';
import type { ClientOptions } from './client-shell.js';

/** What a local cluster may be given. */
export interface ClusterOptions {
  /** Workers, an integer from 0 to 1024 (default 1). */
  readonly workers?: number;
  /** Threads of each, an integer from 1 to 1024 (default 1). */
  readonly threads?: number;
  /** File URLs of task modules, the same for all workers. */
  readonly tasks?: readonly string[];
  /** A worker that is silent for five times as long is lost (ms, default 1000). */
  readonly heartbeatMs?: number;
}

/** A worker of a local cluster. */
export interface LocalWorker {
  readonly name: string;
  readonly pid: number;
  /** Kills it at once, as a crash does. */
  kill(): void;
  /** Lets it finish its running tasks and leave. Resolves when it has ended. */
  drain(): Promise<void>;
}

/** A local cluster. */
export interface LocalCluster {
  /** Such as ws://127.0.0.1:43210. */
  readonly address: string;
  readonly token: string;
  readonly workers: readonly LocalWorker[];
  /** The lines that scheduler and workers have logged so far. */
  readonly log: readonly string[];
  /** Starts one more worker; resolves when it has joined. */
  startWorker(name?: string): Promise<LocalWorker>;
  /** A client; several may be open. */
  connect(options?: ClientOptions): Promise<Executor>;
  /** Ends all of it. Safe to call twice. */
  close(): Promise<void>;
}

/** What both kinds have in common. */
export abstract class OwnCluster implements LocalCluster {
  abstract address: string;
  abstract token: string;
  readonly log: string[] = [];
  readonly workers: LocalWorker[] = [];
  protected closed = false;
  private workersMade = 0;

  constructor(protected readonly options: ClusterOptions) {}

  /** Starts it with its workers, or nothing. @throws InvalidArgumentError for numbers out of range */
  async start(): Promise<this> {
    const { workers = 1, threads = 1 } = this.options;
    checkInteger('cluster: workers', workers, 0, 'Take at most one for each core.', 1024);
    checkInteger('cluster: threads', threads, 1, 'Take 1, or the cores of each worker.', 1024);
    try {
      await Promise.all([this.open(), ...Array.from({ length: workers }, () => this.startWorker())]);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async startWorker(name = `worker-${this.workersMade++}`): Promise<LocalWorker> {
    if (this.closed) throw new ClosedError('startWorker: this cluster');
    const { ended, ...worker } = await this.launch(name);
    this.workers.push(worker);
    void ended.then(() => this.workers.splice(this.workers.indexOf(worker), 1));
    return worker;
  }

  /** Nobody from elsewhere joins: if all workers are gone, its runs end, unless a new one is started. */
  async connect(options: ClientOptions = {}): Promise<Executor> {
    if (this.closed) throw new ClosedError('connect: this cluster');
    return this.openClient({
      noWorkersMs: 30_000,
      noWorkersRemedy: 'All workers of this cluster have ended: killed, or out of memory. Start another.',
      ...options,
    });
  }

  /** A client of it as an executor: closing it ends both. */
  async executor(): Promise<Executor> {
    try {
      const client = await this.connect();
      const closeClient = client.close.bind(client);
      return Object.assign(client, { close: () => closeClient().then(() => this.close()) });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  abstract close(): Promise<void>;
  /** Starts the scheduler. */
  protected abstract open(): Promise<void>;
  /** Starts a worker; resolves when it has joined. `ended` resolves when it is gone. */
  protected abstract launch(name: string): Promise<LocalWorker & { readonly ended: Promise<unknown> }>;
  protected abstract openClient(options: ClientOptions): Promise<Executor>;
}
