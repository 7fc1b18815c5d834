// One connection to a scheduler, as workers and clients have it: dialled with the token, watched by pings both ways.
import { WebSocket } from 'ws';
import { ConnectionError, InvalidArgumentError, ProtocolError, show } from '../errors.js';
import { clock } from '../task/executor.js';
import {
  MOST_BYTES,
  PROTOCOL,
  decodeFromScheduler,
  encode,
  type FromScheduler,
  type ToScheduler,
} from './protocol.js';
import { DEADLINE_BEATS } from './state.js';

/** Who does not answer in this time is not there (ms). */
const DIAL_MS = 5000;
/** Until the scheduler has told how often it wants to hear us (ms). */
const FIRST_HEARTBEAT_MS = 1000;

/** Where a scheduler listens, and the token that it asks for. */
export interface Target {
  /** The same scheduler by several ways, such as ws://10.0.0.5:8786. */
  readonly addresses: readonly string[];
  readonly token: string;
  /** The scheduler file that says so. */
  readonly file?: string;
}

/** What becomes of a channel. */
export interface ChannelListener {
  readonly onMessage: (message: FromScheduler) => void;
  /** Called once. `bye` is what the scheduler gave as its reason, where it closed on purpose. */
  readonly onClose: (reason: string, bye: string | undefined) => void;
}

/**
 * Connects to the first of a scheduler's addresses that answers.
 * @throws InvalidArgumentError for an address that cannot be one; ProtocolError where a scheduler answers and refuses us,
 *   ConnectionError where none does
 */
export async function dial({ addresses, token, file }: Target): Promise<WebSocket> {
  addresses.forEach(checkAddress);
  const failures: Error[] = [];
  for (const address of addresses) {
    try {
      return await dialOne(address, token);
    } catch (error) {
      failures.push(error as Error);
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

function dialOne(address: string, token: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, PROTOCOL, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      maxPayload: MOST_BYTES,
      handshakeTimeout: DIAL_MS,
    });
    socket.once('open', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause) => reject(connectionError(address, cause)));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (data: Buffer) => (body += data.toString().slice(0, 1000)));
      response.once('close', () => {
        const refusal = response.headers['x-lola'] === 'refused';
        if (refusal) reject(new ProtocolError(`the scheduler at ${address} refuses: ${body.trim()}`));
        else
          reject(
            new ConnectionError(
              `what listens at ${address} is no lola scheduler (it answered ${response.statusCode}). Look in the scheduler's log for its address.`,
            ),
          );
      });
    });
  });
}

function connectionError(address: string, cause: Error & { code?: string }): ConnectionError {
  const { host } = new URL(address);
  const message =
    cause.code === 'ECONNREFUSED'
      ? `nobody listens at ${address}. Is the scheduler up? Start one with 'lola scheduler', or look in its log for its address.`
      : cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN'
        ? `there is no host by the name in ${address}. Look in the scheduler's log for its address.`
        : /timed? ?out/i.test(cause.message)
          ? `${address} did not answer in ${DIAL_MS / 1000} s. A firewall may drop it, or what listens there hangs: try 'lola status' on the scheduler's own machine.`
          : `cannot reach ${host}: ${cause.message}. What listens there may be no lola scheduler: look in the scheduler's log for its address.`;
  return new ConnectionError(message, { cause });
}

/** A connection that is up. It closes by itself where the scheduler is silent for too long. */
export class Channel {
  private heartbeatMs = FIRST_HEARTBEAT_MS;
  private heardAt = clock();
  private rttMs = 0;
  private beat: NodeJS.Timeout;
  private closed = false;
  private bye: string | undefined;
  private problem: string | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly listener: ChannelListener,
  ) {
    socket.on('message', (data) => this.hear(data as Buffer));
    socket.on('error', (error) => (this.problem ??= error.message));
    socket.on('close', (code) => this.end(this.problem ?? `connection closed (${code})`));
    this.beat = setTimeout(() => this.onBeat(), 0);
  }

  /** Sends a message; after the end of the channel it goes nowhere. */
  send(message: ToScheduler): void {
    if (!this.closed) this.socket.send(encode(message));
  }

  /** Closes in order: what was sent arrives. Resolves when the other side has closed too, or after a second. */
  async close(): Promise<void> {
    if (this.closed) return;
    const closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    const impatient = setTimeout(() => this.socket.terminate(), 1000);
    this.socket.close(1000);
    await closed;
    clearTimeout(impatient);
  }

  private hear(data: Buffer): void {
    this.heardAt = clock();
    try {
      const message = decodeFromScheduler(data);
      if (message.op === 'welcome') this.heartbeatMs = message.heartbeatMs;
      else if (message.op === 'bye') this.bye = message.reason;
      // A busy machine answers late now and then; only what lasts may change how much is sent ahead.
      else if (message.op === 'pong') this.rttMs = Math.min(clock() - message.sent, 2 * this.rttMs + 0.1);
      this.listener.onMessage(message);
    } catch (error) {
      this.problem = (error as Error).message;
      this.socket.terminate();
    }
  }

  private onBeat(): void {
    const now = clock();
    const late = now - this.heardAt;
    if (late > DEADLINE_BEATS * this.heartbeatMs) {
      this.problem = `no sign of life from the scheduler for ${(late / 1000).toFixed(1)} s`;
      this.socket.terminate();
      return;
    }
    this.send({ op: 'ping', sent: now, rttMs: this.rttMs, memoryBytes: process.memoryUsage.rss() });
    this.beat = setTimeout(() => this.onBeat(), this.heartbeatMs);
  }

  private end(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.beat);
    this.listener.onClose(this.bye ?? reason, this.bye);
  }
}
