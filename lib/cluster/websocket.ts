// A WebSocket of Node as a wire, and the proof with which both sides show that they have the token. Needs Node.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { PIECE_BYTES, type Wire } from './connection.js';
import { PROTOCOL } from './messages.js';

/** What both sides set: no compression, no longer piece, and few fragments: each takes 100 bytes of memory. */
export const SOCKET_OPTIONS = { perMessageDeflate: false, maxPayload: PIECE_BYTES, maxFragments: 64 };
/** How much may wait in the socket on its way to the system (bytes): 2 s at 1 Mbit/s. */
const AHEAD_BYTES = 256 * 2 ** 10;

/** @param tcp the socket below, which counts the bytes */
export function wireOf(socket: WebSocket, tcp: Socket): Wire {
  return {
    listen(onBytes, onClosed, onRoom) {
      tcp.on('drain', onRoom);
      let problem: string | undefined;
      // Text is no message; the decoder says so.
      socket.on('message', (data, isBinary) => onBytes(isBinary ? (data as Buffer) : new Uint8Array(0)));
      socket.on('error', ({ message }) => (problem ??= `broke the protocol: ${message}`));
      socket.on('close', (code) => onClosed(problem ?? reasonOf(code)));
    },
    send(data) {
      socket.send(data);
      return tcp.writableLength < AHEAD_BYTES;
    },
    // Behind bulk that is still to be sent no ping is needed: those bytes are a sign of life themselves.
    ping: () => socket.readyState === socket.OPEN && socket.bufferedAmount === 0 && socket.ping(),
    received: () => tcp.bytesRead,
    sent: () => tcp.bytesWritten - tcp.writableLength,
    pause: (paused) => (paused ? socket.pause() : socket.resume()),
    close: () => socket.close(1000),
    destroy: () => socket.terminate(),
  };
}

function reasonOf(code: number): string {
  if (code !== 1006) return `connection closed (${code})`;
  return 'its connection broke off: killed, or its machine or network is gone';
}

/**
 * What proves that a side has the token without showing it: HMAC-SHA-256 over both sides' random texts, as in the mutual
 * authentication of ISO/IEC 9798-4. Before any message, three texts travel: the scheduler's 'protocol challenge', the
 * peer's 'protocol nonce proof', and the scheduler's 'proof'.
 * @param side the side that proves; a proof of one side is not valid for the other
 */
export function proofOf(token: string, side: 'peer' | 'scheduler', challenge: string, nonce: string): string {
  return createHmac('sha256', token).update([PROTOCOL, side, challenge, nonce].join('\n')).digest('hex');
}

/** Compares proofs in a time that does not depend on how much of a guess is right. */
export function sameProof(given: unknown, right: string): boolean {
  if (typeof given !== 'string' || given.length !== right.length) return false;
  return timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(right, 'latin1'));
}
