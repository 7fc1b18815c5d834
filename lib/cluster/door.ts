// The scheduler's door: a port on which only those get a WebSocket who prove that they have the token. Needs Node.
import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { InvalidArgumentError } from '../errors.js';
import type { Wire } from './connection.js';
import { PROTOCOL } from './messages.js';
import { CHALLENGE_PATH, MARK, SOCKET_OPTIONS, proofOf, sameProof, wireOf } from './websocket.js';

export const DEFAULT_PORT = 8786;
/** Ports after the default one that are tried where it is taken: each learner on a machine has one. */
const PORTS_TRIED = 100;
/** How long a request may take, and a challenge holds (ms). */
const STRANGER_MS = 5000;
/** A peer that was refused and does not close is cut off after this time (ms). */
const REFUSED_MS = 1000;

/** What a door is given. */
export interface DoorOptions {
  readonly token: string;
  readonly onPeer: (wire: Wire) => void;
  /** Called with the reason of each refusal, and the address that was refused. */
  readonly onRefused: (reason: string, from: string) => void;
}

export class Door {
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private readonly secret = randomBytes(32);
  private readonly refused = new Set<Socket>(); // until they have hung up
  private readonly used = new Map<string, number>(); // challenges that were answered, and when

  constructor(private readonly options: DoorOptions) {
    this.sockets = new WebSocketServer({
      noServer: true,
      ...SOCKET_OPTIONS,
      handleProtocols: () => PROTOCOL,
    });
    const limits = {
      requestTimeout: STRANGER_MS,
      headersTimeout: STRANGER_MS,
      connectionsCheckingInterval: 1000,
    };
    this.server = createServer(limits, (request, response) => {
      const asked = request.url === CHALLENGE_PATH;
      response.writeHead(asked ? 200 : 426, {
        'content-type': 'text/plain',
        [MARK]: 'challenge',
        connection: 'close',
      });
      response.end(
        asked ? this.challenge() : 'This is a lola scheduler. It speaks WebSocket to workers and clients.\n',
      );
    });
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.upgrade(request, socket as Socket, head),
    );
    this.sockets.on('headers', (headers, request) =>
      headers.push(`${MARK}-proof: ${this.answers.get(request)!}`),
    );
  }

  private readonly answers = new WeakMap<IncomingMessage, string>();

  /**
   * @param port undefined for the default one, or the next one that is free
   * @returns the port
   * @throws InvalidArgumentError for a port that is taken, or a host that is not this machine's
   */
  async listen(host: string, port: number | undefined): Promise<number> {
    const last = port ?? DEFAULT_PORT + PORTS_TRIED;
    for (let attempt = port ?? DEFAULT_PORT; ; attempt++) {
      try {
        await new Promise<void>((resolve, reject) => {
          this.server.once('error', reject);
          this.server.listen(attempt, host, () => {
            this.server.removeListener('error', reject);
            resolve();
          });
        });
        return (this.server.address() as { port: number }).port;
      } catch (error) {
        const failure = error as NodeJS.ErrnoException;
        if (failure.code !== 'EADDRINUSE' || attempt >= last) throw listenError(failure, host, attempt);
      }
    }
  }

  /** Lets nobody in any more. Connections that are up stay their peers' to close. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    for (const socket of this.refused) socket.destroy();
    await closed;
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy()); // the peer disconnected during the handshake
    const { origin, authorization = '', 'sec-websocket-protocol': protocol = 'none' } = request.headers;
    const [challenge = '', nonce = '', proof] = authorization.replace(/^lola /, '').split(' ');
    const { token } = this.options;
    if (origin !== undefined) return this.refuse(socket, 403, 'web pages may not connect.');
    if (protocol !== PROTOCOL)
      return this.refuse(
        socket,
        400,
        `it speaks ${PROTOCOL}, we speak ${protocol}. Use the same version on both sides.`,
      );
    if (!this.isFresh(challenge) || !sameProof(proof, proofOf(token, 'peer', challenge, nonce)))
      return this.refuse(socket, 401, WRONG_TOKEN);
    this.used.set(challenge, Date.now());
    this.answers.set(request, proofOf(token, 'scheduler', challenge, nonce));
    this.sockets.handleUpgrade(request, socket, head, (accepted) =>
      this.options.onPeer(wireOf(accepted, socket)),
    );
  }

  private refuse(socket: Socket, status: number, reason: string): void {
    this.options.onRefused(reason, socket.remoteAddress ?? 'an address that is gone');
    const head = [
      `HTTP/1.1 ${status} Refused`,
      `${MARK}: refused`,
      'content-type: text/plain',
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
    this.refused.add(socket);
    socket.once('close', () => this.refused.delete(socket));
    setTimeout(() => socket.destroy(), REFUSED_MS).unref();
  }

  /** A text that nobody can guess. It is not kept: its seal and its time show that it is ours, and fresh. */
  private challenge(): string {
    const text = `${Date.now()}-${randomBytes(16).toString('hex')}`;
    return `${text}-${this.seal(text)}`;
  }

  private isFresh(challenge: string): boolean {
    for (const [old, at] of this.used) {
      if (Date.now() - at < STRANGER_MS) break;
      this.used.delete(old);
    }
    const [time, random, seal] = challenge.split('-');
    const age = Date.now() - Number(time);
    return sameProof(seal, this.seal(`${time}-${random}`)) && age < STRANGER_MS && !this.used.has(challenge);
  }

  private seal(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('hex');
  }
}

const WRONG_TOKEN =
  "wrong token. Perhaps this is another person's scheduler: look in your own scheduler's log for its address.";

function listenError({ code, message }: NodeJS.ErrnoException, host: string, port: number): Error {
  const why: { readonly [code: string]: string } = {
    EADDRINUSE: `port ${port} is taken. Leave --port out for the next free one, or name another.`,
    EACCES: `port ${port} may not be used by you. Take one from 1024 to 65535.`,
    EADDRNOTAVAIL: `'${host}' is no address of this machine. Take 127.0.0.1, or 0.0.0.0 for all of them.`,
    ENOTFOUND: `there is no host by the name '${host}'. Take 127.0.0.1, or 0.0.0.0 for all addresses of this machine.`,
  };
  return new InvalidArgumentError(
    `scheduler: ${why[code ?? ''] ?? `cannot listen at ${host}:${port}: ${message}.`}`,
  );
}
