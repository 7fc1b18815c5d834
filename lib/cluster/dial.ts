// Reaches a scheduler over the network: answers its challenge, and asks for its own proof before saying anything. Needs Node.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
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
import { CHALLENGE_PATH, MARK, SOCKET_OPTIONS, proofOf, sameProof, wireOf } from './websocket.js';

/** All of an attempt takes at most this long (ms). */
const DIAL_MS = 5000;
/** The longest answer that is read (bytes). */
const MOST_ANSWER = 1000;
const LOOK = "Look in the scheduler's log for its address.";

/** Where a scheduler listens, and the token that it asks for. */
export interface Target {
  /** The same scheduler by several ways, such as ws://10.0.0.5:8786. */
  readonly addresses: readonly string[];
  readonly token: string;
  /** The scheduler file that says so. */
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
  const challenge = await askChallenge(address, signal);
  const nonce = randomBytes(16).toString('hex');
  const authorization = `lola ${challenge} ${nonce} ${proofOf(token, 'peer', challenge, nonce)}`;
  const socket = new WebSocket(address, PROTOCOL, { headers: { authorization }, ...SOCKET_OPTIONS });
  socket.on('error', () => {}); // also that of a socket which is given up
  try {
    const { headers, socket: tcp } = await answerTo(socket, address, signal);
    if (!sameProof(headers[`${MARK}-proof`], proofOf(token, 'scheduler', challenge, nonce)))
      throw new ProtocolError(`${address} does not know the token: it is not your scheduler. ${LOOK}`);
    return wireOf(socket, tcp);
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

async function askChallenge(address: string, signal: AbortSignal): Promise<string> {
  const request = get(`${address.replace(/^ws/, 'http')}${CHALLENGE_PATH}`, { agent: false, signal });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => {}); // that of a response which is given up
  if (response.statusCode === 200 && response.headers[MARK] === 'challenge') return read(response);
  response.destroy();
  throw refusal(address, response, '');
}

/** The answer with which a socket opens. */
async function answerTo(socket: WebSocket, address: string, signal: AbortSignal): Promise<IncomingMessage> {
  const opened = Promise.all([once(socket, 'upgrade', { signal }), once(socket, 'open', { signal })]);
  const refused = once(socket, 'unexpected-response', { signal }).then(async (args) => {
    const response = args[1] as IncomingMessage;
    throw refusal(address, response, await read(response));
  });
  const [upgrade] = await Promise.race([opened, refused]);
  return upgrade[0] as IncomingMessage;
}

async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const data of response) {
    text += (data as Buffer).toString();
    if (text.length > MOST_ANSWER) break;
  }
  return text.slice(0, MOST_ANSWER).trim();
}

function refusal(address: string, { statusCode, headers }: IncomingMessage, text: string): Error {
  if (headers[MARK] === 'refused') return new ProtocolError(`the scheduler at ${address} refuses: ${text}`);
  return new ConnectionError(
    `what listens at ${address} is no lola scheduler (it answered ${statusCode}). ${LOOK}`,
  );
}

function connectionError(address: string, cause: Error & { code?: string }): ConnectionError {
  const message =
    cause.code === 'ECONNREFUSED'
      ? `nobody listens at ${address}. Is the scheduler up? Start one with 'lola scheduler', or look in its log for its address.`
      : cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN'
        ? `there is no host by the name in ${address}. ${LOOK}`
        : cause.name === 'TimeoutError' || /timed? ?out/i.test(cause.message)
          ? `${address} did not answer in ${DIAL_MS / 1000} s. A firewall may drop it, or what listens there hangs: try 'lola status' on the scheduler's own machine.`
          : `cannot reach ${new URL(address).host}: ${cause.message}. What listens there may be no lola scheduler: look in the scheduler's log for its address.`;
  return new ConnectionError(message, { cause });
}
