// Reaches a scheduler over the network: answers its challenge, and asks for its own proof before saying anything. Needs Node.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import {
  CancelledError,
  ConnectionError,
  EstimatorError,
  InvalidArgumentError,
  ProtocolError,
  show,
} from '../errors.js';
import type { Wire } from './connection.js';
import { PROTOCOL } from './messages.js';
import { SOCKET_OPTIONS, proofOf, sameProof, wireOf } from './websocket.js';

/** All of an attempt takes at most this long (ms). */
const DIAL_MS = 5000;
const LOOK = "Look in the scheduler's log for its address.";

/** Where a scheduler listens, and the token that it asks for. */
export interface Target {
  /** Addresses of the same scheduler, such as ws://10.0.0.5:8786. */
  readonly addresses: readonly string[];
  readonly token: string;
  /** The scheduler file that names them. */
  readonly file?: string;
}

/**
 * Connects to the first of a scheduler's addresses that answers.
 * @param stop gives up when it aborts
 * @throws InvalidArgumentError for what is no address; ProtocolError where a scheduler refuses us, or cannot prove that
 *   it has the token; ConnectionError where none answers; CancelledError where it was stopped
 */
export async function dial({ addresses, token, file }: Target, stop?: AbortSignal): Promise<Wire> {
  addresses.forEach(checkAddress);
  const failures: Error[] = [];
  for (const address of addresses) {
    const timeout = AbortSignal.timeout(DIAL_MS);
    const signal = stop ? AbortSignal.any([timeout, stop]) : timeout;
    try {
      return await dialOne(address, token, signal);
    } catch (error) {
      if (stop?.aborted) throw new CancelledError();
      const cause = signal.aborted ? (signal.reason as Error) : (error as Error);
      failures.push(error instanceof EstimatorError ? error : connectionError(address, cause));
    }
  }
  const refused = failures.find((error) => error instanceof ProtocolError);
  if (refused || file === undefined) throw refused ?? failures[0];
  throw new ConnectionError(
    `the scheduler of '${file}' is gone, or cannot be reached from here: ${failures[0].message}`,
    { cause: failures[0] },
  );
}

/** @throws InvalidArgumentError unless it reads ws://host:port */
export function checkAddress(address: string): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'ws:' && url.hostname !== '' && url.port !== '' && url.pathname === '/') return;
  throw new InvalidArgumentError(
    `address must read ws://host:port, as in ws://127.0.0.1:8786, got ${show(address)}. The scheduler's log has it.`,
  );
}

async function dialOne(address: string, token: string, signal: AbortSignal): Promise<Wire> {
  const socket = new WebSocket(address, SOCKET_OPTIONS);
  socket.on('error', () => {}); // also that of a socket which is given up
  try {
    const opened = Promise.all([once(socket, 'upgrade', { signal }), nextText(socket, address, signal)]);
    const [[response], greeting] = (await opened) as [[IncomingMessage], string];
    const [protocol, challenge] = greeting.split(' ');
    if (protocol !== PROTOCOL)
      throw new ProtocolError(
        `${address} speaks ${show(protocol)}, we speak ${PROTOCOL}. Use the same version on both sides. ${LOOK}`,
      );
    const nonce = randomBytes(16).toString('hex');
    const answer = nextText(socket, address, signal);
    socket.send(`${PROTOCOL} ${nonce} ${proofOf(token, 'peer', challenge, nonce)}`);
    if (!sameProof(await answer, proofOf(token, 'scheduler', challenge, nonce)))
      throw new ProtocolError(`${address} does not know the token: it is not your scheduler. ${LOOK}`);
    return wireOf(socket, response.socket);
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

/** What the other side says next. @throws ProtocolError where it closes and says why; or what becomes of the socket */
async function nextText(socket: WebSocket, address: string, signal: AbortSignal): Promise<string> {
  const closed = once(socket, 'close', { signal }).then(([, reason]) => {
    const why = String(reason);
    throw why === ''
      ? new Error('it hung up')
      : new ProtocolError(`the scheduler at ${address} refuses: ${why}`);
  });
  const [data] = (await Promise.race([once(socket, 'message', { signal }), closed])) as [Buffer];
  return data.toString('latin1');
}

function connectionError(address: string, cause: Error & { code?: string }): ConnectionError {
  const message =
    cause.code === 'ECONNREFUSED'
      ? `nobody listens at ${address}. Is the scheduler up? Start one with 'lola scheduler', or look in its log for its address.`
      : cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN'
        ? `no host has the name in ${address}. ${LOOK}`
        : cause.name === 'TimeoutError' || /timed? ?out/i.test(cause.message)
          ? `${address} did not answer in ${DIAL_MS / 1000} s. A firewall may drop the messages, or the program that listens there hangs: try 'lola status' on the scheduler's own machine.`
          : `cannot reach ${new URL(address).host}: ${cause.message}. Perhaps another program listens there, or too many come at once: look in the scheduler's log.`;
  return new ConnectionError(message, { cause });
}
