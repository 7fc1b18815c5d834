// The dashboard's door: starts one for any source of executor events, such as a pool in a notebook or a scheduler.
import { inUrl, isEverywhere } from '../../lib/entrance.js';
import { checkInteger } from '../../lib/errors.js';
import { describeMachine } from '../../lib/machine.js';
import type { ExecutorEvent } from '../../lib/task/index.js';
import { machineLine } from '../measure/text.js';
import { Recorder, type Vitals } from './recorder.js';
import { DashboardServer } from './server.js';

export type { Picture } from './picture.js';
export { Recorder, type Vitals } from './recorder.js';
export { renderReport } from './report.js';

/** What a dashboard may be given. */
export interface DashboardOptions {
  /** The heading of the page (default: Lola's pi). */
  readonly title?: string;
  /** The address to listen at (default: 127.0.0.1, which only this machine reaches). */
  readonly host?: string;
  /** 0 to 65535, 0 for any (default: 8787, or the next one that is free). */
  readonly port?: number;
  /** Where a proxy shows it, a URL or a path (default: what JupyterHub or Codespaces say, if there is one). */
  readonly publicUrl?: string;
}

/** A dashboard that is up. */
export interface Dashboard {
  /** Where to open it, with the token: for its owner's eyes, not for logs. */
  readonly url: string;
  /** Where it is, without the token. */
  readonly address: string;
  readonly port: number;
  /** Pass it to run as `onEvent`. It is bound. */
  readonly onEvent: (event: ExecutorEvent) => void;
  /** What workers say of themselves: their memory, and that they live. */
  readonly onVitals: (vitals: Vitals) => void;
  /** Ends the server; open pages say so. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts a dashboard.
 * @throws InvalidArgumentError if the port is taken or invalid, the host is not this machine's, or the public URL is none
 */
export async function startDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  const { title = "Lola's pi", host = '127.0.0.1', port: asked, publicUrl } = options;
  if (asked !== undefined) checkInteger('dashboard: port', asked, 0, 'Leave it out for 8787.', 65535);
  const server = new DashboardServer(new Recorder(title, machineLine(describeMachine())));
  const { port, token, outside, at } = await server
    .listen(host, asked, publicUrl)
    .catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
  const name = isEverywhere(at) ? 'localhost' : inUrl(at);
  const address = outside ?? `http://${name}:${port}/`;
  const { onEvent, onVitals } = server;
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= server.close());
  return { url: `${address}?token=${token}`, address, port, onEvent, onVitals, close };
}
