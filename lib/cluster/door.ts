// The scheduler's door: a port on which only those are heard who prove that they have the token. Needs Node.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { Entrance } from '../entrance.js';
import type { Wire } from './connection.js';
import { PROTOCOL } from './messages.js';
import { SOCKET_OPTIONS, proofOf, sameProof, wireOf } from './websocket.js';

const WHAT_IT_IS = 'This is a lola scheduler. It speaks WebSocket to workers and clients.\n';
/** Reasons travel in the close of a WebSocket, which holds 123 bytes. */
const WRONG_TOKEN =
  "wrong token. Perhaps this is another person's scheduler: look in your own scheduler's log for its address.";

/**
 * Makes the door of a scheduler.
 * @param onPeer called with each peer that has proved that it has the token
 * @param log called with what strangers cause, such as each refusal and its reason
 */
export function doorOf(token: string, onPeer: (wire: Wire) => void, log: (text: string) => void): Entrance {
  const sockets = new WebSocketServer({ noServer: true, ...SOCKET_OPTIONS });
  const entrance: Entrance = new Entrance({
    who: 'scheduler',
    log,
    onRequest: (_request, response) =>
      response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' }).end(WHAT_IT_IS),
    onUpgrade: (request, socket, head) => {
      const isPage = request.headers.origin !== undefined;
      if (isPage) return entrance.refuse(socket, 403, 'web pages may not connect.');
      sockets.handleUpgrade(request, socket, head, (peer) => challenge(peer, socket));
    },
  });
  /** Until it has answered with its proof, and said hello, a peer is a stranger, who has little time. */
  const challenge = (peer: WebSocket, socket: Socket) => {
    const text = randomBytes(16).toString('hex');
    peer.on('error', () => {}); // its own affair: it closes
    peer.once('message', (data: Buffer) => {
      const [protocol, nonce = '', proof] = data.toString('latin1').split(' ');
      if (protocol === PROTOCOL && sameProof(proof, proofOf(token, 'peer', text, nonce))) {
        peer.once('message', () => entrance.admit(socket)); // now it has said who it is, too
        peer.send(proofOf(token, 'scheduler', text, nonce));
        return onPeer(wireOf(peer, socket));
      }
      const other = `it speaks ${protocol.slice(0, 20)}, we speak ${PROTOCOL}. Use the same version on both sides.`;
      const reason = protocol === PROTOCOL ? WRONG_TOKEN : other;
      peer.close(1008, reason);
      entrance.letGo(socket, reason);
    });
    peer.send(`${PROTOCOL} ${text}`);
  };
  return entrance;
}
