// `lola worker`: joins a scheduler with threads of this machine, until it is stopped or the scheduler is gone.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { UnknownSchedulerError, findScheduler, type Whereabouts } from '../../lib/cluster/scheduler-file.js';
import { startWorker } from '../../lib/cluster/worker.js';
import { InvalidArgumentError } from '../../lib/errors.js';
import { startPool } from '../../lib/execute/pool.js';
import { allottedCores } from '../../lib/machine.js';
import { allowedThreads } from '../slurm/login-node.js';
import { EXIT } from './exit.js';
import { readCount } from './flags.js';
import { warn } from './whereabouts.js';

interface WorkerFlags {
  readonly schedulerFile?: string;
  readonly tokenFile?: string;
  readonly threads?: string;
  readonly name?: string;
  readonly deathTimeout: string;
  readonly tasks?: readonly string[];
}

export function addWorker(program: Command): void {
  program
    .command('worker')
    .description('join a scheduler and compute for it')
    .argument('[ADDRESS]', 'where the scheduler listens, as ws://127.0.0.1:8786 (absent: as its file says)')
    .option(
      '--scheduler-file <FILE>',
      'the file in which it wrote address and token (absent: the one in your home)',
    )
    .option('--token-file <FILE>', 'a file that holds its token, where its own file is not on this machine')
    .option('--threads <P>', 'threads that compute (absent: the cores you are allotted)')
    .option('--name <NAME>', 'what logs and errors call it (absent: host and process)')
    .option('--death-timeout <SECONDS>', 'so long without a scheduler, it ends', '60')
    .option('--tasks <MODULE...>', 'your own task modules; all workers need the same ones')
    .action(runWorker);
}

async function runWorker(address: string | undefined, flags: WorkerFlags): Promise<void> {
  const asked = flags.threads === undefined ? allottedCores() : readCount('--threads', flags.threads);
  const threads = allowedThreads(asked, warn);
  const deathTimeoutMs = 1000 * readCount('--death-timeout', flags.deathTimeout);
  const tasks = (flags.tasks ?? []).map((path) => pathToFileURL(resolve(path)).href);
  const where = await completed({ address, file: flags.schedulerFile }, flags.tokenFile);
  const executors = await Promise.all(
    Array.from({ length: threads }, () => startPool({ workers: 1, tasks })),
  );
  const name = flags.name ?? `${hostname()}-${process.pid}`;
  const log = (line: string) => process.stdout.write(`${line}\n`);
  const worker = startWorker({
    find: () => findScheduler(where, warn),
    executors,
    name,
    deathTimeoutMs,
    log,
  });
  let leaving = false;
  const leave = () => {
    leaving = true;
    log('lola.worker - INFO - Draining: what runs ends first (once more to stop at once)');
    process.once('SIGINT', () => process.exit(EXIT.interrupted));
    process.once('SIGTERM', () => process.exit(EXIT.interrupted));
    void worker.drain();
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  // Where signals do not exist (Windows), the parent sends a message.
  process.once('message', (message) => message === 'drain' && leave());
  try {
    await worker.joined; // who is never let in ends with an error
    await worker.ended;
  } catch (error) {
    if (!leaving) throw error;
  } finally {
    await Promise.all(executors.map((executor) => executor.close()));
    process.removeListener('SIGINT', leave);
    process.removeListener('SIGTERM', leave);
    if (process.connected) process.disconnect();
  }
}

/** An address alone lacks its token: from a file, from the scheduler's own file on this machine, or asked for. */
async function completed(where: Whereabouts, tokenFile: string | undefined): Promise<Whereabouts> {
  if (tokenFile !== undefined) return { ...where, token: checkToken(readToken(tokenFile), '--token-file') };
  if (where.address === undefined) return where;
  try {
    findScheduler(where, warn);
    return where;
  } catch (error) {
    if (where.file !== undefined || !(error instanceof UnknownSchedulerError)) throw error;
    return { ...where, token: checkToken(await askToken(), 'the token on standard input') };
  }
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new InvalidArgumentError(`--token-file: cannot read '${path}': ${(cause as Error).message}.`);
  }
}

function checkToken(token: string, from: string): string {
  if (/^[0-9a-f]{64}$/.test(token)) return token;
  // What was given is not shown: it may be a token with a slip in it.
  throw new InvalidArgumentError(
    `${from} must be 64 hexadecimal digits, got ${token.length} characters. It is in the scheduler's file, as "token".`,
  );
}

/** One line of standard input, not shown on the terminal. */
async function askToken(): Promise<string> {
  if (process.stdin.isTTY)
    process.stderr.write("the scheduler's token (it is in its file; nothing is shown): ");
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: process.stdin.isTTY });
  try {
    for await (const line of lines) return line.trim();
    return '';
  } finally {
    lines.close();
  }
}
