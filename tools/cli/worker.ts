// `lola worker`: joins a scheduler with threads of this machine, until it is stopped or the scheduler is gone.
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { dial } from '../../lib/cluster/dial.js';
import { findScheduler } from '../../lib/cluster/scheduler-file.js';
import { startWorker } from '../../lib/cluster/worker-shell.js';
import { startThreads } from '../../lib/execute/threads.js';
import { allottedCores } from '../../lib/machine.js';
import { allowedThreads } from '../slurm/login-node.js';
import { EXIT } from './exit.js';
import { readCount } from './flags.js';
import { endingSignals, whenOrphaned } from './interrupt.js';
import { warn } from './whereabouts.js';

interface WorkerFlags {
  readonly schedulerFile?: string;
  readonly threads?: string;
  readonly name?: string;
  readonly deathTimeout: string;
  readonly tasks?: readonly string[];
}

export function addWorker(program: Command): void {
  program
    .command('worker')
    .description('join a scheduler and compute for it')
    .argument(
      '[ADDRESS]',
      'where the scheduler listens, such as ws://127.0.0.1:8786 (default: from its file)',
    )
    .option('--scheduler-file <FILE>', 'the file with its address and token (default: the one in your home)')
    .option('--threads <P>', 'threads that compute (default: the cores you are allotted)')
    .option('--name <NAME>', 'its name in logs and errors (default: host, process, four random letters)')
    .option('--death-timeout <SECONDS>', 'stop after this many seconds without a scheduler', '60')
    .option('--tasks <MODULE...>', 'your own task modules; all workers need the same ones')
    .action(runWorker);
}

async function runWorker(address: string | undefined, flags: WorkerFlags): Promise<void> {
  const asked = flags.threads === undefined ? allottedCores() : readCount('--threads', flags.threads);
  const deathTimeoutMs = 1000 * readCount('--death-timeout', flags.deathTimeout);
  const where = { address, file: flags.schedulerFile };
  if (address !== undefined) findScheduler(where, warn); // an address that no file knows will not be known later
  const threads = await startThreads({ count: allowedThreads(asked, warn), tasks: flags.tasks?.map(urlOf) });
  const log = (line: string) => process.stdout.write(`${line}\n`);
  try {
    const worker = startWorker({
      dial: async (signal) => dial(findScheduler(where, warn), signal),
      threads,
      name: flags.name ?? `${hostname()}-${process.pid}-${Math.random().toString(36).slice(2, 6)}`,
      deathTimeoutMs,
      memoryBytes: () => process.memoryUsage.rss(),
      log,
    });
    await untilEnded(worker, log);
  } finally {
    await threads.close();
  }
}

/** A signal, or a message from the process that started it (Windows has no signals for that), lets it leave in order. */
async function untilEnded(
  worker: ReturnType<typeof startWorker>,
  log: (line: string) => void,
): Promise<void> {
  let [joined, leaving] = [false, false];
  const leave = () => {
    if (leaving || !joined) process.exit(EXIT.interrupted);
    leaving = true;
    log('lola.worker - INFO - Finishing running tasks; press Ctrl-C again to stop now');
    void worker.drain();
  };
  for (const signal of endingSignals()) process.on(signal, leave);
  process.once('message', (message) => message === 'leave' && leave());
  whenOrphaned(() => process.exit()); // with the code of an error, if there was one
  try {
    await worker.joined; // one that is never let in ends with an error
    joined = true;
    await worker.ended;
  } catch (error) {
    if (!leaving) throw error;
  } finally {
    for (const signal of endingSignals()) process.removeListener(signal, leave);
  }
}

function urlOf(path: string): string {
  return /^(file|data):/.test(path) ? path : pathToFileURL(resolve(path)).href;
}
