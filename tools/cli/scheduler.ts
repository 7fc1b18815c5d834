// `lola scheduler`: starts a scheduler and logs what happens, until it is stopped.
import type { Command } from 'commander';
import { startScheduler } from '../../lib/cluster/scheduler.js';
import { defaultSchedulerFile } from '../../lib/cluster/scheduler-file.js';
import { readCount } from './flags.js';
import { PUBLIC_URL, hideDashboard, showDashboard } from './watch.js';

interface SchedulerFlags {
  readonly host: string;
  readonly port?: string;
  readonly schedulerFile?: string;
  readonly json?: boolean;
  /** False by --no-dashboard. */
  readonly dashboard: boolean;
  readonly dashboardPort?: string;
  readonly publicUrl?: string;
}

export function addScheduler(program: Command): void {
  program
    .command('scheduler')
    .description('start a scheduler: workers and clients find each other there')
    .option(
      '--host <HOST>',
      'where to listen; 0.0.0.0 lets other machines in (the wire is plain: see SECURITY.md); not so the dashboard',
      '127.0.0.1',
    )
    .option('--port <PORT>', 'absent: 8786, or the next one that is free')
    .option(
      '--scheduler-file <FILE>',
      'where to write address and token, for your eyes only (absent: in your home)',
    )
    .option('--json', 'print one JSON object (address, file, pid) when it is up; the log goes to stderr')
    .option('--no-dashboard', 'do without the dashboard')
    .option('--dashboard-port <PORT>', 'absent: 8787, or the next one that is free')
    .option('--public-url <URL>', PUBLIC_URL)
    .action(runScheduler);
}

async function runScheduler(flags: SchedulerFlags): Promise<void> {
  const { host, port, schedulerFile, json } = flags;
  const file = schedulerFile ?? defaultSchedulerFile();
  const log = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const dashboard = flags.dashboard ? await showDashboard("Lola's pi: cluster", flags) : undefined;
  try {
    const scheduler = await startScheduler({
      host,
      port: port === undefined ? undefined : readCount('--port', port, 0),
      file,
      log,
      dashboard: dashboard?.address,
      onEvent: dashboard?.onEvent,
      onVitals: dashboard?.onVitals,
    });
    if (json) {
      const { address, addresses } = scheduler;
      process.stdout.write(
        `${JSON.stringify({ address, addresses, schedulerFile: file, pid: process.pid })}\n`,
      );
    }
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    });
    log('lola.scheduler - INFO - Closing');
    await scheduler.close();
  } finally {
    if (dashboard) await hideDashboard(dashboard);
  }
}
