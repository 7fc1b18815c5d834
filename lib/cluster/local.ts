// A cluster on this machine for notebooks and tests: scheduler and workers are child processes that cannot outlive it.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ConnectionError, checkInteger } from '../errors.js';
import type { Executor } from '../task/executor.js';
import type { Target } from './channel.js';
import { connect, type ConnectOptions } from './client.js';

/** By its place, not by import: a child starts a pool, and the cluster's own code knows only executors. */
const CHILD = fileURLToPath(new URL('../../tools/cli/child.js', import.meta.url));
const START_MS = 20_000;
const STOP_MS = 2000;

/** What a child is told first. The token travels here: neither a command line nor the environment shows it. */
export type ChildOrder =
  | { readonly role: 'scheduler'; readonly heartbeatMs?: number }
  | {
      readonly role: 'worker';
      readonly name: string;
      readonly threads: number;
      readonly tasks: readonly string[];
    }
  | { readonly role: 'join'; readonly target: Target }
  | { readonly role: 'drain' };

/** What a child tells. */
export type ChildReport =
  | { readonly type: 'up'; readonly target?: Target }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'log'; readonly line: string };

/** What a local cluster may be given. */
export interface ClusterOptions {
  /** Worker processes, an integer from 0 to 1024; absent means 1. */
  readonly workers?: number;
  /** Threads of each, an integer from 1 to 1024; absent means 1. */
  readonly threads?: number;
  /** File URLs of task modules, for all workers alike. */
  readonly tasks?: readonly string[];
  /** Silent for five times as long, a worker is taken for lost (ms); absent means 1000. */
  readonly heartbeatMs?: number;
}

/** A worker process of a local cluster. */
export interface LocalWorker {
  readonly name: string;
  readonly pid: number;
  /** Kills the process at once, as a crash does. */
  kill(): void;
  /** Lets it leave in order: what runs ends first. Resolves when the process has ended. */
  drain(): Promise<void>;
}

/** A cluster of child processes. */
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
  connect(options?: Omit<ConnectOptions, 'address' | 'token' | 'file'>): Promise<Executor>;
  /** Ends all processes. Twice is harmless. */
  close(): Promise<void>;
}

/**
 * Starts a scheduler and workers on this machine; resolves when all have joined. They end with this process, however
 * it ends.
 * @throws InvalidArgumentError for numbers that cannot be meant, ConnectionError where a child does not come up
 */
export async function startCluster(options: ClusterOptions = {}): Promise<LocalCluster> {
  const { workers = 1, threads = 1 } = options;
  checkInteger('cluster: workers', workers, 0, 'Take one for each core at most.', 1024);
  checkInteger('cluster: threads', threads, 1, 'Take 1, or the cores of each worker.', 1024);
  const cluster = new Cluster(options);
  try {
    await cluster.start(workers);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}

/** A local cluster and a client of it, as one executor: closing it ends both. */
export async function startClusterExecutor(options: ClusterOptions): Promise<Executor> {
  const cluster = await startCluster(options);
  try {
    const client = await cluster.connect();
    return {
      get workers() {
        return client.workers;
      },
      run: (tasks, watch) => client.run(tasks, watch),
      close: () => client.close().then(() => cluster.close()),
    };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

class Cluster implements LocalCluster {
  readonly log: string[] = [];
  readonly workers: LocalWorker[] = [];
  private target!: Target;
  private workersMade = 0;
  private readonly children = new Set<ChildProcess>();

  constructor(private readonly options: ClusterOptions) {}

  get address(): string {
    return this.target.addresses[0];
  }

  get token(): string {
    return this.target.token;
  }

  /** All processes start at the same time; the workers join when the scheduler has told where it is. */
  async start(workers: number): Promise<void> {
    const { heartbeatMs } = this.options;
    const scheduler = this.spawn({ role: 'scheduler', heartbeatMs });
    const ready = scheduler.up.then(({ target }) => (this.target = target!));
    await Promise.all([ready, ...Array.from({ length: workers }, () => this.addWorker(undefined, ready))]);
  }

  startWorker(name?: string): Promise<LocalWorker> {
    return this.addWorker(name, Promise.resolve(this.target));
  }

  connect(options: Omit<ConnectOptions, 'address' | 'token' | 'file'> = {}): Promise<Executor> {
    return connect({ ...options, address: this.address, token: this.token });
  }

  async close(): Promise<void> {
    await Promise.all(
      Array.from(this.children, async (child) => {
        const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        if (child.connected) child.disconnect(); // which they take as the end of their parent
        await ended(child);
        clearTimeout(impatient);
      }),
    );
  }

  private async addWorker(given: string | undefined, ready: Promise<Target>): Promise<LocalWorker> {
    const { threads = 1, tasks = [] } = this.options;
    const name = given ?? `worker-${this.workersMade++}`;
    const { child, up } = this.spawn({ role: 'worker', name, threads, tasks });
    const target = await Promise.race([ready, up.then(() => ready)]);
    child.send({ role: 'join', target } satisfies ChildOrder);
    await up;
    const worker = {
      name,
      pid: child.pid!,
      kill: () => void child.kill('SIGKILL'),
      drain: async () => {
        if (child.connected) child.send({ role: 'drain' } satisfies ChildOrder);
        await ended(child);
      },
    };
    this.workers.push(worker);
    child.once('exit', () => this.workers.splice(this.workers.indexOf(worker), 1));
    return worker;
  }

  private spawn(order: ChildOrder): {
    readonly child: ChildProcess;
    readonly up: Promise<ChildReport & { type: 'up' }>;
  } {
    const child = fork(CHILD, [], { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    // Piped and passed on, because a notebook does not show what a child writes by itself.
    child.stdout!.on('data', (data: Buffer) => process.stdout.write(data));
    child.stderr!.on('data', (data: Buffer) => process.stderr.write(data));
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    child.send(order);
    const up = new Promise<ChildReport & { type: 'up' }>((resolve, reject) => {
      const fail = (why: string) =>
        reject(
          new ConnectionError(`the local cluster's ${order.role} did not start: ${why}. Its log says more.`),
        );
      const impatient = setTimeout(() => fail(`not up after ${START_MS / 1000} s`), START_MS);
      child.on('message', (report: ChildReport) => {
        if (report.type === 'log') return this.log.push(report.line);
        clearTimeout(impatient);
        return report.type === 'up' ? resolve(report) : fail(report.message);
      });
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => {
        clearTimeout(impatient);
        fail(`it ended with ${signal ?? `code ${code}`}`);
      });
    });
    up.catch(() => {}); // whoever waits for it hears of it
    return { child, up };
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
