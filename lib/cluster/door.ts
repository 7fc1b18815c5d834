// The scheduler's door: a port on which only those get a WebSocket who prove that they have the token. Needs Node.
import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Wire } from './connection.js';
import { listen } from './listen.js';
import { PROTOCOL } from './messages.js';
import { CHALLENGE_PATH, MARK, SOCKET_OPTIONS, proofOf, sameProof, wireOf } from './websocket.js';

export const DEFAULT_PORT = 8786;
/** How long a request may take, and a challenge holds (ms). */
const STRANGER_MS = 5000;
/** A peer that was refused and does not close is cut off after this time (ms). */
const REFUSED_MS = 1000;
const WHAT_IT_IS = 'This is a lola scheduler. It speaks WebSocket to workers and clients.\n';
const WRONG_TOKEN =
  "wrong token. Perhaps this is another person's scheduler: look in your own scheduler's log for its address.";

/** What a door is given. */
export interface DoorOptions {
  readonly token: string;
  readonly onPeer: (wire: Wire) => void;
  /** Called with the reason of each refusal, and the address that was refused. */
  readonly onRefused: (reason: string, from: string) => void;
}

export class Door {
  private readonly server: Server;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    ...SOCKET_OPTIONS,
    handleProtocols: () => PROTOCOL,
  });
  private readonly secret = randomBytes(32);
  private readonly used = new Map<string, number>(); // challenges that were answered, and when
  private readonly proofs = new WeakMap<IncomingMessage, string>(); // ours, for those let in
  private readonly refused = new Set<Socket>(); // until they have hung up

  constructor(private readonly options: DoorOptions) {
    const limits = { requestTimeout: STRANGER_MS, headersTimeout: STRANGER_MS };
    this.server = createServer({ ...limits, connectionsCheckingInterval: 1000 });
    this.server.on('request', (request, response) => this.respond(request, response));
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket as Socket, head));
    this.sockets.on('headers', (headers, request) =>
      headers.push(`${MARK}-proof: ${this.proofs.get(request)!}`),
    );
  }

  /** Opens it; undefined for the default port, or the next one that is free. Otherwise as `listen`. */
  listen(host: string, port: number | undefined): Promise<number> {
    return listen(this.server, 'scheduler', host, port, DEFAULT_PORT);
  }

  /** Lets nobody in any more. Connections that are up stay their peers' to close. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    for (const socket of this.refused) socket.destroy();
    await closed;
  }

  private respond(request: IncomingMessage, response: ServerResponse): void {
    const asked = request.url === CHALLENGE_PATH;
    const headers = { 'content-type': 'text/plain', [MARK]: 'challenge', connection: 'close' };
    response.writeHead(asked ? 200 : 426, headers).end(asked ? this.challenge() : WHAT_IT_IS);
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy()); // the peer disconnected during the handshake
    const { token, onPeer } = this.options;
    const { origin, authorization = '', 'sec-websocket-protocol': protocol = 'none' } = request.headers;
    const [challenge = '', nonce = '', proof] = authorization.replace(/^lola /, '').split(' ');
    const refuse = (status: number, reason: string) => this.refuse(socket, status, reason);
    if (origin !== undefined) return refuse(403, 'web pages may not connect.');
    if (protocol !== PROTOCOL)
      return refuse(400, `it speaks ${PROTOCOL}, we speak ${protocol}. Use the same version on both sides.`);
    if (!this.isFresh(challenge) || !sameProof(proof, proofOf(token, 'peer', challenge, nonce)))
      return refuse(401, WRONG_TOKEN);
    this.used.set(challenge, Date.now());
    this.proofs.set(request, proofOf(token, 'scheduler', challenge, nonce));
    this.sockets.handleUpgrade(request, socket, head, (accepted) => onPeer(wireOf(accepted, socket)));
  }

  private refuse(socket: Socket, status: number, reason: string): void {
    this.options.onRefused(reason, socket.remoteAddress ?? 'an address that is gone');
    const head = [
      `HTTP/1.1 ${status} Refused`,
      `${MARK}: refused`,
      'content-type: text/plain',
      'connection: close',
      `content-length: ${Buffer.byteLength(reason)}`,
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${reason}`);
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
