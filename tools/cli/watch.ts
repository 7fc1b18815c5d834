// The flags --dashboard and --report: what follows a run beside the terminal.
import type { Command } from 'commander';
import type { Dashboard } from '../dashboard/index.js';
import { InvalidArgumentError } from '../../lib/errors.js';
import { describeMachine } from '../../lib/machine.js';
import type { ExecutorEvent } from '../../lib/task/index.js';
import { beside, tellFailure } from './beside.js';
import { announce, forgetDashboard, noteDashboard } from './dashboard.js';
import { PUBLIC_URL, readCount } from './flags.js';
import { stopped } from './interrupt.js';
import { outputFile } from './output.js';

/** The flags that addWatchFlags adds. */
export interface WatchFlags {
  readonly dashboard?: boolean;
  readonly dashboardPort?: string;
  readonly publicUrl?: string;
  readonly report?: string;
}

/** What follows a run. */
export interface Watch {
  /** Absent if nobody wants events: executors then need not report them. */
  readonly onEvent?: (event: ExecutorEvent) => void;
  /** Writes the report. After a run that is done, a dashboard on a terminal waits for Ctrl-C, so that it can be read. */
  finish(done: boolean): Promise<void>;
}

export function addWatchFlags(command: Command): Command {
  return command
    .option('--dashboard', 'watch the run in a browser')
    .option('--dashboard-port <PORT>', 'default: 8787, or the next one that is free')
    .option('--public-url <URL>', PUBLIC_URL)
    .option('--report <FILE>', "write the dashboard's panels as one HTML file that needs no server");
}

/** Starts what the flags ask for. @throws InvalidArgumentError if a file cannot be written, or a port is taken */
export async function startWatch(title: string, flags: WatchFlags): Promise<Watch> {
  if (flags.dashboard === undefined && (flags.dashboardPort !== undefined || flags.publicUrl !== undefined))
    throw new InvalidArgumentError(
      '--dashboard-port and --public-url belong to --dashboard. Add it, or leave them out.',
    );
  const report = flags.report === undefined ? undefined : await startReport(title, flags.report);
  const dashboard = flags.dashboard ? await showDashboard(title, flags) : undefined;
  const hear = [
    ...(report ? [unlessBroken('--report', report.onEvent)] : []),
    ...(dashboard ? [unlessBroken('--dashboard', dashboard.onEvent)] : []),
  ];
  return {
    ...(hear.length > 0 && { onEvent: (event) => hear.forEach((each) => each(event)) }),
    finish: async (done) => {
      if (report) await beside('--report', () => report.write());
      const stays = dashboard && process.stderr.isTTY && done;
      if (stays) process.stderr.write('The dashboard stays until Ctrl-C.\n');
      if (stays) await stopped();
      if (dashboard) await beside('--dashboard', () => hideDashboard(dashboard));
    },
  };
}

function unlessBroken(what: string, hear: (event: ExecutorEvent) => void): (event: ExecutorEvent) => void {
  let broken = false;
  return (event) => {
    if (broken) return;
    try {
      hear(event);
    } catch (error) {
      broken = true;
      tellFailure(what, error);
    }
  };
}

/** Records a run for a report. */
async function startReport(title: string, path: string) {
  const write = outputFile('--report', path);
  // Loaded only if it is asked for: a plain run need not wait for a server's packages.
  const [{ Recorder, renderReport }, { machineLine }] = await Promise.all([
    import('../dashboard/index.js'),
    import('../measure/text.js'),
  ]);
  const recorder = new Recorder(title, machineLine(describeMachine()));
  return {
    onEvent: (event: ExecutorEvent) => recorder.add(event),
    write: () => write(renderReport(recorder.picture())),
  };
}

/**
 * Starts a dashboard, for this machine only, and says on stderr where it is. Nothing if the system does not let it.
 * @throws InvalidArgumentError for flags that cannot be meant
 */
export async function showDashboard(title: string, flags: WatchFlags): Promise<Dashboard | undefined> {
  const { dashboardPort, publicUrl } = flags;
  const port = dashboardPort === undefined ? undefined : readCount('--dashboard-port', dashboardPort, 0);
  const { startDashboard } = await import('../dashboard/index.js');
  try {
    const dashboard = await startDashboard({ title, port, publicUrl });
    noteDashboard(dashboard, title);
    announce(dashboard, process.stderr);
    return dashboard;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    tellFailure('--dashboard', error);
    return undefined;
  }
}

/** Ends a dashboard and forgets its address. */
export async function hideDashboard(dashboard: Dashboard): Promise<void> {
  await beside('--dashboard', () => forgetDashboard(dashboard.port));
  await dashboard.close();
}
