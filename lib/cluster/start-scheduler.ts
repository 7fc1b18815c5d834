// Starts a scheduler that others reach over the network, and writes its file. Needs Node.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { Entrance, inUrl, isEverywhere, type Listening } from '../entrance.js';
import { checkInteger } from '../errors.js';
import { ownAddresses } from '../machine.js';
import { PROTOCOL } from './messages.js';
import { newToken, readSchedulerFile, removeSchedulerFile, writeSchedulerFile } from './scheduler-file.js';
import { SchedulerShell, type ServeOptions } from './scheduler-shell.js';
import { SOCKET_OPTIONS, proofOf, sameProof, wireOf } from './websocket.js';

const DEFAULT_PORT = 8786;
const WHAT_IT_IS = 'This is a lola scheduler. It speaks WebSocket to workers and clients.\n';
/** Reasons travel in the close of a WebSocket, which holds 123 bytes. */
const WRONG_TOKEN =
  "wrong token. Perhaps this is another person's scheduler: look in your own scheduler's log for its address.";

/** What a scheduler may be given. */
export interface SchedulerOptions extends ServeOptions {
  /** The address to listen at (default 127.0.0.1, which only this machine reaches). */
  readonly host?: string;
  /** 0 to 65535, 0 for any (default 8786, or the next one that is free). */
  readonly port?: number;
  /** Where to write address and token (default: nowhere). */
  readonly file?: string;
  /** Where the dashboard is, for the file. */
  readonly dashboard?: string;
}

/** A scheduler that is up. */
export interface Scheduler {
  /** Such as ws://127.0.0.1:8786; the first one of `addresses`. */
  readonly address: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * Starts a scheduler.
 * @throws InvalidArgumentError for a port that is taken or no port, a host that is not this machine's, a file that
 *   cannot be written
 */
export async function startScheduler(options: SchedulerOptions = {}): Promise<Scheduler> {
  const { host = '127.0.0.1', port: asked, file, dashboard } = options;
  if (asked !== undefined) checkInteger('scheduler: port', asked, 0, 'Leave it out for 8786.', 65535);
  const token = tokenFor(file);
  const shell = new SchedulerShell(options);
  const door = doorOf(token, shell);
  const close = async () => {
    if (file) removeSchedulerFile(file, { token, pid: process.pid });
    shell.close();
    await door.close();
  };
  try {
    const at = await door.listen(host, asked, DEFAULT_PORT);
    const { port } = at;
    const addresses = addressesOf(at);
    if (asked === undefined && port !== DEFAULT_PORT)
      shell.log('WARNING', `Port ${DEFAULT_PORT} is taken, this is the next free one`);
    for (const address of addresses) shell.log('INFO', `  Scheduler at:  ${address}`);
    if (file) {
      const info = { protocol: PROTOCOL, addresses, port, token, dashboard, pid: process.pid };
      const warning = writeSchedulerFile(file, info);
      shell.log('INFO', `  address and token in:  ${file}`);
      if (warning) shell.log('WARNING', warning);
    }
    return { address: addresses[0], addresses, port, token, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Its door: it admits only peers that prove they have the token, and logs what strangers do. */
function doorOf(token: string, shell: SchedulerShell): Entrance {
  const sockets = new WebSocketServer({ noServer: true, ...SOCKET_OPTIONS });
  const entrance: Entrance = new Entrance({
    who: 'scheduler',
    log: (text) => shell.log('WARNING', text),
    onRequest: (_request, response) =>
      response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' }).end(WHAT_IT_IS),
    onUpgrade: (request, socket, head) => {
      if ('origin' in request.headers) return entrance.refuse(socket, 403, 'web pages may not connect.');
      sockets.handleUpgrade(request, socket, head, (peer) => challenge(peer, socket));
    },
  });
  /** Until it has answered with its proof, and sent a message more, a peer is a stranger, who has little time. */
  const challenge = (peer: WebSocket, socket: Socket) => {
    const text = randomBytes(16).toString('hex');
    const flood = () => peer.terminate(); // of small frames, for which a stranger has no use
    peer.on('ping', flood).on('pong', flood);
    peer.on('error', () => {}); // there is nobody to tell: it closes
    peer.once('message', (data: Buffer) => {
      const [protocol, nonce = '', proof] = data.toString('latin1').split(' ');
      if (protocol === PROTOCOL && sameProof(proof, proofOf(token, 'peer', text, nonce))) {
        peer.off('ping', flood).off('pong', flood);
        peer.once('message', () => entrance.admit(socket)); // its hello, or the shell will send it away
        peer.send(proofOf(token, 'scheduler', text, nonce));
        return shell.accept(wireOf(peer, socket));
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

/** The token of the scheduler whose place this one takes: its workers and clients have it, and find the new one. */
function tokenFor(file: string | undefined): string {
  try {
    return file === undefined ? newToken() : readSchedulerFile(file).token;
  } catch {
    return newToken(); // no file yet, or none to be trusted
  }
}

/** Others reach the machine by any of these; the loopback comes last, since it means each machine's own. */
function addressesOf({ host, port }: Listening): string[] {
  const reachable = ownAddresses().filter(
    ({ family, address }) => (family === 'IPv4' || host === '::') && !address.startsWith('fe80'),
  );
  const hosts = isEverywhere(host) ? reachable.map(({ address }) => address) : [host];
  const isLoopback = (each: string) => Number(each.startsWith('127.') || each === '::1');
  hosts.sort((a, b) => isLoopback(a) - isLoopback(b));
  return hosts.map((each) => `ws://${inUrl(each)}:${port}`);
}
