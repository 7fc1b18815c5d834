// A cluster on this machine: `lola scheduler` and `lola worker`, as processes that end with this one. Needs Node.
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionError, checkInteger } from '../errors.js';
import { lolaProgram } from '../lola.js';
import type { Executor } from '../task/executor.js';
import { connect } from './connect.js';
import type { ClientOptions } from './open-client.js';
import { readSchedulerFile } from './scheduler-file.js';

const START_MS = 60_000;
const STOP_MS = 2000;

/** What a local cluster may be given. */
export interface ClusterOptions {
  /** Worker processes, an integer from 0 to 1024 (default 1). */
  readonly workers?: number;
  /** Threads of each, an integer from 1 to 1024 (default 1). */
  readonly threads?: number;
  /** File URLs of task modules, the same for all workers. */
  readonly tasks?: readonly string[];
  /** Silent for five times as long, a worker is lost (ms, default 1000). */
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
  connect(options?: ClientOptions): Promise<Executor>;
  /** Ends all processes. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts a scheduler and workers on this machine; resolves when all have joined. They end with this process, however
 * it ends.
 * @throws InvalidArgumentError for numbers out of range, ConnectionError where a process does not come up
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
  address = '';
  token = '';
  /** The scheduler writes its file here, for its owner's eyes only, and takes it away at its end. */
  private readonly file = join(tmpdir(), `lola-${process.pid}-${randomBytes(6).toString('hex')}.json`);
  private workersMade = 0;
  private readonly children = new Set<ChildProcess>();

  constructor(private readonly options: ClusterOptions) {}

  /** All processes start at the same time; the workers look for the scheduler's file until it is there. */
  async start(workers: number): Promise<void> {
    const { heartbeatMs = 1000 } = this.options;
    const words = ['--port', '0', '--no-dashboard', '--heartbeat', String(heartbeatMs)];
    const scheduler = this.spawn('scheduler', words, /address and token in/);
    await Promise.all([scheduler.up, ...Array.from({ length: workers }, () => this.startWorker())]);
    const { addresses, token } = readSchedulerFile(this.file);
    [this.address, this.token] = [addresses[0], token];
  }

  async startWorker(name = `worker-${this.workersMade++}`): Promise<LocalWorker> {
    const { threads = 1, tasks = [] } = this.options;
    const words = [
      '--name',
      name,
      '--threads',
      String(threads),
      ...(tasks.length > 0 ? ['--tasks', ...tasks] : []),
    ];
    const { child, up } = this.spawn('worker', words, /Joined as/);
    await up;
    const worker = {
      name,
      pid: child.pid!,
      kill: () => void child.kill('SIGKILL'),
      drain: async () => {
        if (child.connected) child.send('leave'); // a message, since Windows has no signals
        await ended(child);
      },
    };
    this.workers.push(worker);
    child.once('exit', () => this.workers.splice(this.workers.indexOf(worker), 1));
    return worker;
  }

  connect(options: ClientOptions = {}): Promise<Executor> {
    return connect({ ...options, address: this.address, token: this.token });
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.children, stop));
  }

  /** Starts a `lola` command; it is up when a line of its log matches. */
  private spawn(
    command: string,
    words: readonly string[],
    ready: RegExp,
  ): { child: ChildProcess; up: Promise<void> } {
    const args = [command, ...words, '--scheduler-file', this.file];
    // A shared channel ends a child with its parent; output is piped, because a notebook does not show what a child writes.
    const child = fork(lolaProgram(), args, { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    let output = '';
    const up = new Promise<void>((resolve, reject) => {
      const fail = (why: string) =>
        reject(new ConnectionError(`the local cluster's ${command} did not start: ${why}. ${output.trim()}`));
      const impatient = setTimeout(() => fail(`not up after ${START_MS / 1000} s`), START_MS);
      const onData = (data: Buffer) => {
        output = (output + data.toString()).slice(-10_000);
        const lines = data.toString().split('\n');
        this.log.push(...lines.filter((line) => line.startsWith('lola.')));
        for (const line of lines)
          if (line !== '' && !line.startsWith('lola.')) process.stdout.write(`${line}\n`);
        if (!ready.test(output)) return;
        clearTimeout(impatient);
        resolve();
      };
      child.stdout!.on('data', onData);
      child.stderr!.on('data', onData);
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

/** Ends a process: in order if it can, by force where it does not. */
async function stop(child: ChildProcess): Promise<void> {
  const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  if (child.connected) child.disconnect(); // which it takes as the end of its parent
  await ended(child);
  clearTimeout(impatient);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
