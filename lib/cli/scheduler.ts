// `lola scheduler`: starts a scheduler and logs what happens, until it is stopped.
import type { Command } from 'commander';
import { startScheduler } from '../cluster/scheduler.js';
import { defaultSchedulerFile } from '../cluster/scheduler-file.js';
import { readCount } from './flags.js';

interface SchedulerFlags {
  readonly host: string;
  readonly port?: string;
  readonly schedulerFile?: string;
  readonly json?: boolean;
}

export function addScheduler(program: Command): void {
  program
    .command('scheduler')
    .description('start a scheduler: workers and clients find each other there')
    .option('--host <HOST>', 'where to listen; 0.0.0.0 lets other machines in (the wire is plain: see SECURITY.md)', '127.0.0.1')
    .option('--port <PORT>', 'absent: 8786, or the next one that is free')
    .option('--scheduler-file <FILE>', 'where to write address and token, for your eyes only (absent: in your home)')
    .option('--json', 'print one JSON object (address, file, pid) when it is up; the log goes to stderr')
    .action(runScheduler);
}

async function runScheduler({ host, port, schedulerFile, json }: SchedulerFlags): Promise<void> {
  const file = schedulerFile ?? defaultSchedulerFile();
  const log = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const scheduler = await startScheduler({ host, port: port === undefined ? undefined : readCount('--port', port, 0), file, log });
  if (json) {
    const { address, addresses } = scheduler;
    process.stdout.write(`${JSON.stringify({ address, addresses, schedulerFile: file, pid: process.pid })}\n`);
  }
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  log('lola.scheduler - INFO - Closing');
  await scheduler.close();
}
