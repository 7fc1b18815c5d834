// Connects to a scheduler by its address or its file. Needs Node.
import { ConnectionError } from '../errors.js';
import type { Executor } from '../task/executor.js';
import { Connection } from './connection.js';
import { dial } from './dial.js';
import { decodeFromScheduler, type ClusterStatus, type FromScheduler } from './messages.js';
import { openClient, type ClientOptions } from './client-shell.js';
import { findScheduler, type Whereabouts } from './scheduler-file.js';

/** Options of connect. Without an address, it comes from the scheduler file. The signal stops dialling. */
export type ConnectOptions = Whereabouts & ClientOptions & { readonly signal?: AbortSignal };

/**
 * Connects to a scheduler.
 * @returns an executor; its `workers` are the threads that have joined, and 1 while there are none, so that work can be cut
 * @throws InvalidArgumentError for an address or a file that cannot be used, ConnectionError where nobody answers,
 *   ProtocolError where the scheduler refuses us, CancelledError where the signal stopped it
 */
export function connect(options: ConnectOptions = {}): Promise<Executor> {
  const { onNotice = (text: string) => console.error(text) } = options;
  const { signal } = options;
  return openClient(
    async (closed) =>
      dial(findScheduler(options, onNotice), signal ? AbortSignal.any([closed, signal]) : closed),
    options,
  );
}

/**
 * Asks a scheduler for its status.
 * @throws as connect does
 */
export async function askStatus(
  where: Whereabouts = {},
  warn?: (text: string) => void,
): Promise<ClusterStatus> {
  const wire = await dial(findScheduler(where, warn));
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromScheduler) => {
      if (message.op !== 'welcome') return;
      const { workers, clients, waiting } = message;
      resolve({ workers, clients, waiting });
      connection.close('asked');
    };
    const onClosed = (reason: string) =>
      reject(new ConnectionError(`the scheduler closed the connection: ${reason}.`));
    const connection = new Connection(wire, decodeFromScheduler, { onMessage, onClosed }, 1000);
    connection.send({ op: 'hello', role: 'status', name: 'status', threads: 1, instance: '-' });
  });
}
