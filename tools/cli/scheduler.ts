// `lola scheduler`: starts a scheduler and logs what happens, until it is stopped.
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { defaultSchedulerFile, readSchedulerFile } from '../../lib/cluster/scheduler-file.js';
import { startScheduler } from '../../lib/cluster/start-scheduler.js';
import { PUBLIC_URL, readCount } from './flags.js';
import { stopped } from './interrupt.js';

/** How often to see whether the file is still this scheduler's (ms). */
const LOOK_MS = 2000;

interface SchedulerFlags {
  readonly host: string;
  readonly port?: string;
  readonly schedulerFile?: string;
  readonly heartbeat: string;
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
      'where to listen; 0.0.0.0 lets other machines in, but not to the dashboard (see SECURITY.md)',
      '127.0.0.1',
    )
    .option('--port <PORT>', 'default: 8786, or the next one that is free')
    .option(
      '--scheduler-file <FILE>',
      'where to write address and token, for your eyes only (default: in your home)',
    )
    .option('--heartbeat <MS>', 'a peer that is silent for five times as long is lost', '1000')
    .option('--json', 'print one JSON object (address, file, pid) when it is up; the log goes to stderr')
    .option('--no-dashboard', 'start no dashboard')
    .option('--dashboard-port <PORT>', 'default: 8787, or the next one that is free')
    .option('--public-url <URL>', PUBLIC_URL)
    .action(runScheduler);
}

async function runScheduler(flags: SchedulerFlags): Promise<void> {
  const { host, port, schedulerFile, json } = flags;
  const file = schedulerFile ?? defaultSchedulerFile();
  const log = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const asked = stopped(); // from now on there may be something to take back
  const watch = flags.dashboard ? await import('./watch.js') : undefined; // a dashboard's packages take 30 ms
  const dashboard = await watch?.showDashboard("Lola's pi: cluster", flags);
  const client = existsSync(file) ? await import('../../lib/cluster/index.js') : undefined; // its files take 10 ms
  const earlier = client?.askStatus({ file }).then(String, () => undefined);
  try {
    const scheduler = await startScheduler({
      host,
      port: port === undefined ? undefined : readCount('--port', port, 0),
      file,
      heartbeatMs: readCount('--heartbeat', flags.heartbeat),
      log,
      dashboard: dashboard?.address,
      onEvent: dashboard?.onEvent,
      onVitals: dashboard?.onVitals,
    });
    const { address, addresses } = scheduler;
    const up = { address, addresses, schedulerFile: file, pid: process.pid };
    if (json) process.stdout.write(`${JSON.stringify(up)}\n`);
    const advice = 'Give each scheduler its own --scheduler-file.';
    if (await Promise.race([earlier, asked]))
      log(`lola.scheduler - WARNING - ${file} belonged to a scheduler that still answers. ${advice}`);
    const watching = setInterval(() => {
      const loss = lossOf(file);
      if (loss === undefined) return;
      clearInterval(watching);
      log(`lola.scheduler - WARNING - ${loss}: nobody can find this scheduler any more. ${advice}`);
    }, LOOK_MS);
    await asked;
    clearInterval(watching);
    log('lola.scheduler - INFO - Closing');
    await scheduler.close();
  } finally {
    if (dashboard) await watch!.hideDashboard(dashboard);
  }
}

/** Why the file does not lead to this scheduler any more, if so. */
export function lossOf(file: string, read = readSchedulerFile): string | undefined {
  try {
    const { pid, addresses } = read(file);
    const loss = `${file} now belongs to process ${pid} at ${addresses.join(', ')}`;
    return pid === process.pid ? undefined : loss;
  } catch (error) {
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    // Without a free descriptor this process cannot look: the file may well be there.
    return ['EMFILE', 'ENFILE'].includes(cause?.code ?? '') ? undefined : message;
  }
}
