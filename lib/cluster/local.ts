// A cluster on this machine: `lola scheduler` and `lola worker`, as processes that end with this one. Needs Node.
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ConnectionError, EstimatorError, InvalidArgumentError } from '../errors.js';
import { lolaProgram } from '../lola.js';
import type { Executor } from '../task/executor.js';
import { openClient, type ClientOptions } from './client-shell.js';
import { dial } from './dial.js';
import { OwnCluster, type ClusterOptions, type LocalCluster, type LocalWorker } from './local-cluster.js';
import { readSchedulerFile } from './scheduler-file.js';

export type { ClusterOptions, LocalCluster, LocalWorker };

const START_MS = 60_000;
const STOP_MS = 2000;
/** How much of a failed process's output its error shows (characters). */
const MOST_OUTPUT = 10_000;

/**
 * Starts a scheduler and workers on this machine; resolves when all have joined. They end with this process, however
 * it ends.
 * @throws InvalidArgumentError for numbers out of range, ConnectionError where a process does not come up
 */
export function startCluster(options: ClusterOptions = {}): Promise<LocalCluster> {
  return new Cluster(options).start();
}

/** As startCluster, with a client, as one executor: closing it ends both. */
export async function startClusterExecutor(options: ClusterOptions): Promise<Executor> {
  return (await new Cluster(options).start()).executor();
}

class Cluster extends OwnCluster {
  address = '';
  token = '';
  /** The scheduler writes its file here, for its owner's eyes only, and takes it away at its end. */
  private readonly file = join(tmpdir(), `lola-${process.pid}-${randomBytes(6).toString('hex')}.json`);
  private readonly children = new Set<ChildProcess>();
  private scheduler: ChildProcess | undefined;
  private schedulerEnded = new Promise<void>(() => {});

  /** The workers are started at the same time, and look for the scheduler's file until it is there. */
  protected async open(): Promise<void> {
    const { heartbeatMs = 1000 } = this.options;
    try {
      accessSync(`${tmpdir()}/.`, constants.W_OK); // the dot: a file is no folder
    } catch (cause) {
      const why = `cluster: ${(cause as Error).message}. Set TMPDIR to a folder of your own.`;
      throw new InvalidArgumentError(why, { cause });
    }
    const words = ['--port', '0', '--no-dashboard', '--heartbeat', String(heartbeatMs)];
    const { child, up } = this.spawn('scheduler', words, /address and token in/);
    this.scheduler = child;
    await up;
    this.schedulerEnded = ended(child);
    const { addresses, token } = readSchedulerFile(this.file);
    [this.address, this.token] = [addresses[0], token];
  }

  protected async launch(name: string): Promise<LocalWorker & { readonly ended: Promise<void> }> {
    const { threads = 1, tasks = [] } = this.options;
    const words = ['--name', name, '--threads', String(threads)];
    if (tasks.length > 0) words.push('--tasks', ...[tasks].flat());
    const { child, up } = this.spawn('worker', words, /Joined as/);
    await Promise.race([up, this.schedulerLost()]);
    const kill = () => void child.kill('SIGKILL');
    const drain = async () => {
      if (child.connected) child.send('leave'); // a message, since Windows has no signals
      await ended(child);
    };
    return { name, pid: child.pid!, kill, drain, ended: ended(child) };
  }

  protected openClient(options: ClientOptions): Promise<Executor> {
    const target = { addresses: [this.address], token: this.token };
    return openClient(async (signal) => {
      try {
        return await dial(target, signal);
      } catch (error) {
        const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
        if (code !== 'ECONNREFUSED') throw error;
        return this.schedulerLost();
      }
    }, options);
  }

  /** Rejects when the scheduler, once up, has ended: no other will come in its place. */
  private async schedulerLost(): Promise<never> {
    await this.schedulerEnded;
    const { signalCode, exitCode } = this.scheduler!;
    const text = `the cluster's scheduler has ended (${signalCode ?? exitCode}). Start a new cluster.`;
    throw new EstimatorError('SCHEDULER_LOST', text);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Array.from(this.children, stop));
    if (this.scheduler) rmSync(this.file, { force: true }); // a scheduler that was stopped by force could not
  }

  /** Starts a `lola` command; it is up when a line of its log matches. */
  private spawn(command: string, words: readonly string[], ready: RegExp) {
    const args = [command, ...words, '--scheduler-file', this.file];
    // A shared channel ends a child with its parent; output is piped, because a notebook does not show what a child writes.
    const child = fork(lolaProgram(), args, { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    if (child.pid !== undefined) this.children.add(child); // else it has not started, and does not end
    child.once('exit', () => this.children.delete(child));
    const up = new Promise<void>((resolve, reject) => {
      let output = '';
      const fail = (why: string) => {
        const text = `the local cluster's ${command} did not start: ${why}.`;
        reject(new ConnectionError(`${text} ${output.trim().replaceAll('\n', '; ')}`));
      };
      const onLine = (line: string, to: NodeJS.WriteStream) => {
        output = `${output}${line}\n`.slice(-MOST_OUTPUT);
        if (line.includes('Looking for the scheduler')) return; // a worker that is up first: no news
        if (line.startsWith('lola.')) this.log.push(line.replace(this.file, 'a file of its own'));
        else to.write(`${line}\n`);
        if (ready.test(line)) resolve();
      };
      for (const name of ['stdout', 'stderr'] as const) {
        const input = child[name];
        if (input) createInterface({ input }).on('line', (line) => onLine(line, process[name]));
      }
      // While the process lives, it keeps this one alive: the timer need not.
      setTimeout(() => fail(`not up after ${START_MS / 1000} s`), START_MS).unref();
      child.on('error', ({ message }) => fail(`${message}. See ulimit -a: take fewer workers`));
      // Node reports no 'close' of a process from which this side has disconnected.
      child.once('disconnect', () => this.closed && fail('the cluster was closed'));
      child.once('close', (code, signal) => fail(`it ended with ${signal ?? `code ${code}`}`));
    });
    up.catch(() => {}); // the caller that awaits it gets the error
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
