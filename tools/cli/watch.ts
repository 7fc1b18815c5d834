// The flags --dashboard, --report and --events: what follows a run beside the terminal.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { sshLine } from '../dashboard/access.js';
import type { Dashboard } from '../dashboard/dashboard.js';
import { InvalidArgumentError } from '../../lib/errors.js';
import { describeMachine } from '../../lib/machine.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { readCount } from './flags.js';
import { outputFile } from './output.js';

/** What --public-url means, wherever there is a dashboard. */
export const PUBLIC_URL = 'where a proxy shows the dashboard (absent: what JupyterHub or Codespaces say)';

/** The flags that addWatchFlags adds. */
export interface WatchFlags {
  readonly dashboard?: boolean;
  readonly dashboardPort?: string;
  readonly publicUrl?: string;
  readonly report?: string;
  readonly events?: string;
}

/** What follows a run. */
export interface Watch {
  /** Absent where nobody wants events: executors then need not tell them. */
  readonly onEvent?: (event: ExecutorEvent) => void;
  /**
   * Writes the report. After a run that is done, a dashboard on a terminal waits for Ctrl-C, so that it can be read.
   * @param section what the report begins with, as HTML
   */
  finish(done: boolean, section?: string): Promise<void>;
}

export function addWatchFlags(command: Command): Command {
  return command
    .option('--dashboard', 'watch the run in a browser')
    .option('--dashboard-port <PORT>', 'absent: 8787, or the next one that is free')
    .option('--public-url <URL>', PUBLIC_URL)
    .option('--report <FILE>', "write one HTML file with the dashboard's panels, to open without a server")
    .option('--events <FILE>', 'write the raw events, a line of JSON each; lola report draws them');
}

/** Starts what the flags ask for. @throws InvalidArgumentError for a file that cannot be written, a port that is taken */
export async function startWatch(title: string, flags: WatchFlags): Promise<Watch> {
  if (flags.dashboard === undefined && (flags.dashboardPort !== undefined || flags.publicUrl !== undefined)) {
    throw new InvalidArgumentError(
      '--dashboard-port and --public-url belong to --dashboard. Add it, or leave them out.',
    );
  }
  const { report, events } = flags;
  if (!flags.dashboard && report === undefined && events === undefined) {
    return { finish: async () => {} };
  }
  const write = report === undefined ? undefined : outputFile('--report', report);
  // Loaded only where they are asked for: a plain run need not wait for a server's packages.
  const [{ machineLine }, { createEventsFile }, { Recorder }, { renderReport }] = await Promise.all([
    import('../measure/text.js'),
    import('../dashboard/events-file.js'),
    import('../dashboard/recorder.js'),
    import('../dashboard/report.js'),
  ]);
  const machine = machineLine(describeMachine());
  const file = events === undefined ? undefined : createEventsFile(events, title, machine);
  const recorder = report === undefined ? undefined : new Recorder(title, machine);
  const dashboard = flags.dashboard ? await showDashboard(title, flags) : undefined;
  const onEvent = (event: ExecutorEvent) => {
    file?.onEvent(event);
    recorder?.add(event);
    dashboard?.onEvent(event);
  };
  return {
    onEvent,
    finish: async (done, section) => {
      file?.close();
      if (recorder) write?.(renderReport(recorder.picture(), section));
      if (dashboard && process.stderr.isTTY && done) {
        process.stderr.write('The dashboard stays until Ctrl-C.\n');
        await interrupted();
      }
      if (dashboard) await hideDashboard(dashboard);
    },
  };
}

/** Starts a dashboard, for this machine only, and says on stderr where it is; the token goes to a terminal only. */
export async function showDashboard(title: string, flags: WatchFlags): Promise<Dashboard> {
  const port =
    flags.dashboardPort === undefined ? undefined : readCount('--dashboard-port', flags.dashboardPort, 0);
  const { startDashboard } = await import('../dashboard/dashboard.js');
  const dashboard = await startDashboard({ title, port, publicUrl: flags.publicUrl });
  note(dashboard, title);
  announce(dashboard, process.stderr);
  return dashboard;
}

/** Ends a dashboard and forgets its address. */
export async function hideDashboard(dashboard: Dashboard): Promise<void> {
  rmSync(noteOf(dashboard.port), { force: true });
  await dashboard.close();
}

/** A dashboard of this account that is up. */
export interface Noted {
  readonly title: string;
  readonly url: string;
  readonly address: string;
  readonly port: number;
  readonly pid: number;
}

/** Says where a dashboard is: with its token to a terminal, without it to anything else, which may be a log. */
export function announce(
  { url, address, port }: Pick<Noted, 'url' | 'address' | 'port'>,
  to: NodeJS.WriteStream,
): void {
  to.write(`  dashboard at:  ${to.isTTY ? url : address}\n`);
  if (!to.isTTY) to.write('  lola dashboard, in a terminal, prints the address with its token\n');
  const line = sshLine(port, userInfo().username, process.env);
  if (line) to.write(`  on the machine you sit at, first (with the name you log in by):  ${line}\n`);
}

/** The dashboards of this account that are up; what others left behind is removed. */
export function notedDashboards(): readonly Noted[] {
  return namesOfNotes().flatMap((name) => {
    const path = join(folder(), name);
    try {
      const noted = JSON.parse(readFileSync(path, 'utf8')) as Noted;
      process.kill(noted.pid, 0);
      return [noted];
    } catch {
      rmSync(path, { force: true });
      return [];
    }
  });
}

function namesOfNotes(): string[] {
  try {
    return readdirSync(folder()).filter((name) => /^dashboard-\d+\.json$/.test(name));
  } catch {
    return [];
  }
}

/** Writes the address down for `lola dashboard`, closed to others from the first byte. */
function note({ url, address, port }: Dashboard, title: string): void {
  const path = noteOf(port);
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    rmSync(draft, { force: true });
    writeFileSync(draft, JSON.stringify({ title, url, address, port, pid: process.pid } satisfies Noted), {
      mode: 0o600,
      flag: 'wx',
    });
    renameSync(draft, path);
  } catch (error) {
    process.stderr.write(
      `lola: the dashboard is up, but its address cannot be written to ${path}: ${(error as Error).message}\n`,
    );
  }
}

function folder(): string {
  return join(homedir(), '.lola');
}

function noteOf(port: number): string {
  return join(folder(), `dashboard-${port}.json`);
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve()));
}
