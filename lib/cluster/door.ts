// The scheduler's door: a port on which only those get a WebSocket who prove that they have the token. Needs Node.
import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { Entrance } from '../entrance.js';
import type { Wire } from './connection.js';
import { PROTOCOL } from './messages.js';
import { CHALLENGE_PATH, MARK, SOCKET_OPTIONS, proofOf, sameProof, wireOf } from './websocket.js';

export const DEFAULT_PORT = 8786;
/** How long a challenge holds (ms). */
const CHALLENGE_MS = 5000;
const WHAT_IT_IS = 'This is a lola scheduler. It speaks WebSocket to workers and clients.\n';
const WRONG_TOKEN =
  "wrong token. Perhaps this is another person's scheduler: look in your own scheduler's log for its address.";

/** What a door is given. */
export interface DoorOptions {
  readonly token: string;
  readonly onPeer: (wire: Wire) => void;
  /** Called with what strangers cause, such as each refusal and its reason. */
  readonly log: (text: string) => void;
}

export class Door {
  private readonly entrance: Entrance;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    ...SOCKET_OPTIONS,
    handleProtocols: () => PROTOCOL,
  });
  private readonly secret = randomBytes(32);
  private readonly used = new Map<string, number>(); // challenges that were answered, and when
  private readonly proofs = new WeakMap<IncomingMessage, string>(); // ours, for those let in

  constructor(private readonly options: DoorOptions) {
    this.entrance = new Entrance({
      who: 'scheduler',
      onRequest: (request, response) => this.respond(request, response),
      onUpgrade: (request, socket, head) => this.upgrade(request, socket, head),
      log: options.log,
    });
    this.sockets.on('headers', (headers, request) =>
      headers.push(`${MARK}-proof: ${this.proofs.get(request)!}`),
    );
  }

  /** Opens it; undefined for the default port, or the next one that is free. Otherwise as Entrance.listen. */
  listen(host: string, port: number | undefined): Promise<number> {
    return this.entrance.listen(host, port, DEFAULT_PORT);
  }

  /** Stops admitting peers, and cuts off those that have not closed within a second. */
  close(): Promise<void> {
    return this.entrance.close();
  }

  private respond(request: IncomingMessage, response: ServerResponse): void {
    const asked = request.url === CHALLENGE_PATH;
    const headers = { 'content-type': 'text/plain', [MARK]: 'challenge', connection: 'close' };
    response.writeHead(asked ? 200 : 426, headers).end(asked ? this.challenge() : WHAT_IT_IS);
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { token, onPeer } = this.options;
    const { origin, authorization = '', 'sec-websocket-protocol': protocol = 'none' } = request.headers;
    const [challenge = '', nonce = '', proof] = authorization.replace(/^lola /, '').split(' ');
    const refuse = (status: number, reason: string) =>
      this.entrance.refuse(socket, status, reason, { [MARK]: 'refused' });
    if (origin !== undefined) return refuse(403, 'web pages may not connect.');
    if (protocol !== PROTOCOL)
      return refuse(400, `it speaks ${PROTOCOL}, we speak ${protocol}. Use the same version on both sides.`);
    if (!this.isFresh(challenge) || !sameProof(proof, proofOf(token, 'peer', challenge, nonce)))
      return refuse(401, WRONG_TOKEN);
    this.used.set(challenge, Date.now());
    this.proofs.set(request, proofOf(token, 'scheduler', challenge, nonce));
    this.sockets.handleUpgrade(request, socket, head, (accepted) => {
      this.entrance.admit(socket);
      onPeer(wireOf(accepted, socket));
    });
  }

  /** A text that nobody can guess. It is not kept: its seal and its time show that it is ours, and fresh. */
  private challenge(): string {
    const text = `${Date.now()}-${randomBytes(16).toString('hex')}`;
    return `${text}-${this.seal(text)}`;
  }

  private isFresh(challenge: string): boolean {
    for (const [old, at] of this.used) {
      if (Date.now() - at < CHALLENGE_MS) break;
      this.used.delete(old);
    }
    const [time, random, seal] = challenge.split('-');
    const age = Date.now() - Number(time);
    return sameProof(seal, this.seal(`${time}-${random}`)) && age < CHALLENGE_MS && !this.used.has(challenge);
  }

  private seal(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('hex');
  }
}
