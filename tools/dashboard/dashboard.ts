// Starts a dashboard for any source of executor events: a pool in a notebook, a scheduler, a race.
import { checkInteger } from '../../lib/errors.js';
import { describeMachine } from '../../lib/machine.js';
import { machineLine } from '../measure/text.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { Recorder, type Vitals } from './recorder.js';
import { renderReport } from './report.js';
import { DashboardServer } from './server.js';

/** What a dashboard may be given. */
export interface DashboardOptions {
  /** What the page is headed with; absent means Lola's pi. */
  readonly title?: string;
  /** The address to listen at; absent means 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** 0 to 65535, 0 for any; absent means 8787 or the next one that is free. */
  readonly port?: number;
  /** Where a proxy shows it, a URL or a path; absent means what JupyterHub or Codespaces say, where they are. */
  readonly publicUrl?: string;
}

/** A dashboard that is up. */
export interface Dashboard {
  /** Where to open it, with the token: for its owner's eyes, not for logs. */
  readonly url: string;
  /** Where it is, without the token. */
  readonly address: string;
  readonly port: number;
  /** Hand it to run as `onEvent`. It may be passed on its own. */
  readonly onEvent: (event: ExecutorEvent) => void;
  /** What workers say of themselves: memory, and that they live. */
  readonly onVitals: (vitals: Vitals) => void;
  /** The report of what was recorded so far, as a text of HTML. */
  report(): string;
  /** Ends the server; pages that are open say so. Twice is harmless. */
  close(): Promise<void>;
}

/**
 * Starts a dashboard.
 * @throws InvalidArgumentError for a port that is taken or none, a host that is not this machine's, a public URL that is none
 */
export async function startDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  const { title = "Lola's pi", host = '127.0.0.1' } = options;
  if (options.port !== undefined)
    checkInteger('dashboard: port', options.port, 0, 'Leave it out for 8787.', 65535);
  const recorder = new Recorder(title, machineLine(describeMachine()));
  const server = new DashboardServer(recorder, { ...options, host });
  const port = await server.listen().catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const address = server.publicUrl ?? `http://${name}:${port}/`;
  let closing: Promise<void> | undefined;
  return {
    url: `${address}?token=${server.guard.token}`,
    address,
    port,
    onEvent: (event) => {
      server.heard();
      recorder.add(event);
    },
    onVitals: (vitals) => recorder.hear(vitals),
    report: () => renderReport(recorder.picture()),
    close: () => (closing ??= server.close()),
  };
}
