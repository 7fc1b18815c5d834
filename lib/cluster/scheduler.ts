// The scheduler's shell: sockets, clock and file around the state that decides.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { InvalidArgumentError, checkInteger } from '../errors.js';
import { clock, type ExecutorEvent } from '../task/executor.js';
import { MOST_BYTES, PROTOCOL, decodeToScheduler, encode } from './protocol.js';
import { newToken, readSchedulerFile, removeSchedulerFile, writeSchedulerFile } from './scheduler-file.js';
import { DEADLINE_BEATS, SchedulerState, type StateEvent } from './state.js';

export const DEFAULT_PORT = 8786;
/** So many ports after the default one are tried where it is taken: there may be a learner on each. */
const PORTS_TRIED = 100;
const HEARTBEAT_MS = 1000;

/** What a scheduler may be given. */
export interface SchedulerOptions {
  /** The address to listen at; absent means 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** 0 to 65535, 0 for any; absent means 8786 or the next one that is free. */
  readonly port?: number;
  /** Where to write address and token; absent means nowhere. */
  readonly file?: string;
  /** Where the dashboard is, for the file. */
  readonly dashboard?: string;
  /** Peers say something so often; silent for five times as long, they are taken for lost (ms, absent means 1000). */
  readonly heartbeatMs?: number;
  /** Called at each event of all clients' tasks, and as workers join and leave. */
  readonly onEvent?: (event: ExecutorEvent) => void;
  /** Called once a heartbeat for each worker, with what it said of itself last. */
  readonly onVitals?: (vitals: {
    readonly worker: string;
    readonly memoryBytes?: number;
    readonly time: number;
  }) => void;
  /** Called with each line of the log. */
  readonly log?: (line: string) => void;
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
  const { host = '127.0.0.1', file, dashboard } = options;
  if (options.port !== undefined)
    checkInteger('scheduler: port', options.port, 0, 'Leave it out for 8786.', 65535);
  const log = (level: 'INFO' | 'WARNING', text: string) =>
    options.log?.(`lola.scheduler - ${level} - ${text}`);
  const token = tokenFor(file);
  const server = new SchedulerServer(token, options, log);
  const port = await server.listen(host, options.port);
  const addresses = addressesOf(host, port);
  if (options.port === undefined && port !== DEFAULT_PORT)
    log('WARNING', `Port ${DEFAULT_PORT} is taken, this is the next free one`);
  for (const address of addresses) log('INFO', `  Scheduler at:  ${address}`);
  if (file) {
    try {
      const warning = writeSchedulerFile(file, {
        protocol: PROTOCOL,
        addresses,
        port,
        dashboard,
        token,
        pid: process.pid,
      });
      log('INFO', `  address and token in:  ${file}`);
      if (warning) log('WARNING', warning);
    } catch (error) {
      await server.close();
      throw error;
    }
  }
  const close = async () => {
    if (file) removeSchedulerFile(file, { token, pid: process.pid });
    await server.close();
  };
  return { address: addresses[0], addresses, port, token, close };
}

/** The token of the scheduler whose place this one takes: its workers and clients have it, and find the new one. */
function tokenFor(file: string | undefined): string {
  try {
    return file === undefined ? newToken() : readSchedulerFile(file).token;
  } catch {
    return newToken(); // no file yet, or none to be trusted
  }
}

function addressesOf(host: string, port: number): string[] {
  const every = host === '0.0.0.0' || host === '::';
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  // Others reach the machine by any of these, itself best by the loopback, which comes last as it means each one's own.
  const hosts = every
    ? own
        .filter(({ family, address }) => (family === 'IPv4' || host === '::') && !address.startsWith('fe80'))
        .map(({ address }) => address)
    : [host];
  hosts.sort((a, b) => Number(isLoopback(a)) - Number(isLoopback(b)));
  return hosts.map((each) => `ws://${each.includes(':') ? `[${each}]` : each}:${port}`);
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

interface Peer {
  readonly socket: WebSocket;
  readonly since: number;
  problem?: string;
}

class SchedulerServer {
  private readonly state: SchedulerState;
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private readonly digest: Buffer;
  private readonly peers = new Map<number, Peer>();
  private readonly ticker: NodeJS.Timeout;
  private readonly heartbeatMs: number;
  private peersMade = 0;

  constructor(
    token: string,
    private readonly options: SchedulerOptions,
    private readonly log: (level: 'INFO' | 'WARNING', text: string) => void,
  ) {
    this.heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    this.digest = digestOf(token);
    const watched = options.onEvent !== undefined;
    // Numbers of batches start somewhere else in each scheduler, so that an answer to another one's is not taken for ours.
    this.state = new SchedulerState({
      heartbeatMs: this.heartbeatMs,
      firstBatch: Math.floor(Math.random() * 2 ** 50),
      watched,
    });
    this.sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: MOST_BYTES,
      handleProtocols: () => PROTOCOL,
    });
    this.server = createServer((_request, response) => {
      response
        .writeHead(426, { 'content-type': 'text/plain' })
        .end('This is a lola scheduler. It speaks WebSocket to workers and clients.\n');
    });
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.ticker = setInterval(() => this.tick(), this.heartbeatMs);
  }

  async listen(host: string, port: number | undefined): Promise<number> {
    const last = port === undefined ? DEFAULT_PORT + PORTS_TRIED : port;
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
        if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE' && attempt < last) continue;
        clearInterval(this.ticker);
        throw listenError(error as NodeJS.ErrnoException, host, attempt);
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.ticker);
    for (const [number, { socket }] of this.peers) {
      socket.removeAllListeners('close');
      this.dismiss(number, 'the scheduler was closed');
    }
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** Who knocks is let in with the token and the same protocol; whoever is not hears why, by name. */
  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy()); // it has hung up while we looked at its papers
    const { origin, authorization = '', 'sec-websocket-protocol': protocol = 'none' } = request.headers;
    const token = authorization.replace(/^Bearer /, '');
    if (origin !== undefined) return refuse(socket, 403, 'web pages may not connect.');
    // Digests are of one length and tell nothing of how much of a guess was right.
    if (!timingSafeEqual(digestOf(token), this.digest)) {
      this.log('WARNING', `Refused a connection from ${request.socket.remoteAddress}: wrong token`);
      return refuse(
        socket,
        401,
        "wrong token. Perhaps this is another person's scheduler: look in your own scheduler's log for its address.",
      );
    }
    if (protocol !== PROTOCOL) {
      this.log('WARNING', `Refused a connection from ${request.socket.remoteAddress}: it speaks ${protocol}`);
      return refuse(
        socket,
        400,
        `it speaks ${PROTOCOL}, we speak ${protocol}. Use the same version on both sides.`,
      );
    }
    this.sockets.handleUpgrade(request, socket, head, (accepted) => this.accept(accepted));
  }

  private accept(socket: WebSocket): void {
    const number = this.peersMade++;
    const peer: Peer = { socket, since: clock() };
    this.peers.set(number, peer);
    socket.on('message', (data, isBinary) => this.hear(number, data as Buffer, isBinary));
    socket.on('error', (error) => {
      peer.problem ??= `broke the protocol: ${error.message}`;
      this.log('WARNING', `A connection ${peer.problem}`);
    });
    socket.on('close', (code) => {
      if (this.peers.delete(number))
        this.handle({
          type: 'closed',
          peer: number,
          reason: peer.problem ?? closeReason(code),
          time: clock(),
        });
    });
  }

  private hear(number: number, data: Buffer, isBinary: boolean): void {
    if (!this.peers.has(number)) return; // sent away; what it had sent before it knew is not heard
    let message;
    try {
      message = decodeToScheduler(isBinary ? data : new Uint8Array(0));
    } catch (error) {
      const reason = (error as Error).message;
      this.log('WARNING', `Closed a connection: ${reason}`);
      this.dismiss(number, reason);
      this.handle({ type: 'closed', peer: number, reason, time: clock() });
      return;
    }
    this.handle({ type: 'message', peer: number, message, time: clock() });
  }

  private tick(): void {
    const time = clock();
    for (const [number, { since }] of this.peers) {
      const known = this.state.workers.has(number) || this.state.clients.has(number);
      if (!known && time - since > DEADLINE_BEATS * this.heartbeatMs)
        this.dismiss(number, 'it did not say who it is');
    }
    this.handle({ type: 'tick', time });
    for (const { name, memoryBytes, lastSeen } of this.state.workers.values())
      this.options.onVitals?.({ worker: name, memoryBytes, time: lastSeen });
  }

  private handle(event: StateEvent): void {
    for (const command of this.state.handle(event)) {
      if (command.type === 'send') this.peers.get(command.peer)?.socket.send(encode(command.message));
      else if (command.type === 'tell') this.tell(command.event);
      else if (command.final) this.dismiss(command.peer, command.reason);
      else this.cut(command.peer);
    }
  }

  private tell(event: ExecutorEvent): void {
    if (event.type === 'joined') {
      this.log(
        'INFO',
        `Worker joined: ${event.worker}, ${event.threads} ${event.threads === 1 ? 'thread' : 'threads'} (${this.state.workers.size} here)`,
      );
    } else if (event.type === 'left')
      this.log('INFO', `Worker left: ${event.worker} (${event.reason}; ${this.state.workers.size} here)`);
    this.options.onEvent?.(event);
  }

  private cut(number: number): void {
    this.peers.get(number)?.socket.terminate();
    this.peers.delete(number);
  }

  /** Tells a peer why and closes; one that does not even close is cut off. */
  private dismiss(number: number, reason: string): void {
    const peer = this.peers.get(number);
    if (!peer) return;
    this.peers.delete(number);
    peer.socket.send(encode({ op: 'bye', reason }));
    peer.socket.close(1000);
    const impatient = setTimeout(() => peer.socket.terminate(), 1000);
    peer.socket.once('close', () => clearTimeout(impatient));
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function refuse(socket: Duplex, status: number, reason: string): void {
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'x-lola: refused',
    'content-type: text/plain',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
}

function closeReason(code: number): string {
  return code === 1006
    ? 'its connection broke off: killed, or its machine or network is gone'
    : `closed (${code})`;
}

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
