// The entrance of a server (scheduler, dashboard, room): a stranger costs little, for a short time, and breaks nothing. Needs Node.
//
//   const entrance = new Entrance({ who: 'room', log, onRequest, onUpgrade });
//   const { port } = await entrance.listen('0.0.0.0', undefined, 8789);   // the first free port from 8789 on
//   entrance.admit(request.socket);                 // authenticated: the bounds no longer apply
//   entrance.refuse(socket, 401, 'wrong token');    // instead of an upgrade: says why, logs it, and lets go
//
// Every connection is a stranger until `admit`. A stranger may stay for a short time, and only so many may wait, from each
// address and in all: then the oldest goes, since an honest one needs milliseconds. Node bounds the size of what they send.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { EstimatorError, InvalidArgumentError, plain } from './errors.js';

/** How long a stranger may stay, unless the server says otherwise (ms). */
const STRANGER_MS = 5000;
/** Strangers at a time: in all, and from one address. */
const MOST_STRANGERS = 128;
const MOST_OF_ADDRESS = 64;
/** The longest head of a request (bytes). Nothing else of it is read. */
const MOST_HEAD = 8192;
/** How long a peer that is refused, or still here when the entrance closes, has to read why (ms). */
const LET_GO_MS = 1000;
/** Ports that are tried after a default one that is taken: each learner on a machine has one. */
const PORTS_TRIED = 100;
/** At most this many lines that strangers cause are logged in this time (ms); the others are counted. */
const MOST_LINES = 20;
const LINES_MS = 10_000;

/** What an entrance is given. */
export interface EntranceOptions {
  /** What listens, as errors and answers name it. */
  readonly who: string;
  /** The flag that names its port, for errors. */
  readonly flag?: string;
  /** Answers a request. If it throws or rejects, that is logged, and the request is answered with 500. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => unknown;
  /** Answers a request for a WebSocket: with `handleUpgrade` and `admit`, or with `refuse`. */
  readonly onUpgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => unknown;
  readonly log: (text: string) => void;
  /** How long a connection may stay without being admitted (ms, default 5000). */
  readonly strangerMs?: number;
}

/** Where an entrance listens. */
export type Listening = { readonly port: number; readonly host: string };
/** Whether that is at all addresses of the machine. */
export const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::';
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export class Entrance {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  /** The oldest one first. */
  private readonly strangers = new Map<Socket, { readonly from: string; readonly timer: NodeJS.Timeout }>();
  private lines = { since: 0, count: 0 };

  constructor(private readonly options: EntranceOptions) {
    const { onRequest, onUpgrade } = options;
    this.server = createServer({ maxHeaderSize: MOST_HEAD });
    this.server.on('connection', (socket) => this.arrived(socket));
    this.server.on('request', (request, response) => {
      void this.guard(request.socket, () => onRequest(request, response), response);
    });
    this.server.on('upgrade', (request, socket, head) => {
      void this.guard(socket as Socket, () => onUpgrade(request, socket as Socket, head));
    });
  }

  /**
   * Opens it.
   * @param asked 0 for any port, undefined for the first that is free from `first` on
   * @returns the port, and the address that it listens at: a name, or '0', says too little of where others can reach it
   * @throws InvalidArgumentError for a port that is taken, or a host that is not this machine's; EstimatorError if none is
   *   free
   */
  async listen(host: string, asked: number | undefined, first: number): Promise<Listening> {
    const { who, flag = '--port' } = this.options;
    if (host === '')
      throw new InvalidArgumentError(`${who}: host must be a name or an address, got ''. ${REMEDY}`);
    const last = asked ?? first + PORTS_TRIED;
    for (let port = asked ?? first; ; port++) {
      try {
        this.server.listen(port, host);
        await once(this.server, 'listening');
        this.server.on('error', ({ message }) => this.note(`Cannot take a connection: ${message}`));
        const at = this.server.address() as AddressInfo;
        return { port: at.port, host: at.address.replace(/^::ffff:(?=[\d.]+$)/, '') };
      } catch (error) {
        const failure = error as NodeJS.ErrnoException;
        if (/^(EADDRINUSE|EACCES)$/.test(failure.code ?? '') && port < last) continue; // systems keep some for themselves
        if (asked === undefined && port === last)
          throw new EstimatorError(
            'PORTS',
            `${who}: ports ${first} to ${last} are all taken. Name a free one: ${flag}.`,
          );
        const why = whyNot(failure, host, port, flag);
        throw new InvalidArgumentError(`${who}: cannot listen at ${host}:${port}: ${why}`);
      }
    }
  }

  /** Marks a connection as authenticated. */
  admit(socket: Socket): void {
    clearTimeout(this.strangers.get(socket)?.timer);
    this.strangers.delete(socket);
  }

  /** Answers a request for a WebSocket with a reason instead. */
  refuse(socket: Socket, status: number, reason: string): void {
    socket.end(
      `HTTP/1.1 ${status} Refused\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n` +
        `content-length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
    );
    this.letGo(socket, reason);
  }

  /** Logs why a connection is refused, and lets it go, also if it stays. */
  letGo(socket: Socket, reason: string): void {
    this.note(`Refused a connection from ${addressOf(socket)}: ${reason}`);
    setTimeout(() => socket.destroy(), LET_GO_MS).unref();
  }

  /** Stops admitting peers. Unproven ones are cut off at once; the others have a second to close. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    for (const socket of this.strangers.keys()) socket.destroy();
    const impatient = setTimeout(() => this.sockets.forEach((socket) => socket.destroy()), LET_GO_MS);
    await closed;
    clearTimeout(impatient);
  }

  private arrived(socket: Socket): void {
    const from = addressOf(socket);
    const timer = setTimeout(() => socket.destroy(), this.options.strangerMs ?? STRANGER_MS).unref();
    this.sockets.add(socket);
    this.strangers.set(socket, { from, timer });
    socket.on('error', () => socket.destroy()); // it has hung up: there is nobody to tell
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.admit(socket);
    });
    const alike = [...this.strangers].filter(([, other]) => other.from === from);
    const [oldest] = alike.length > MOST_OF_ADDRESS ? alike : [...this.strangers];
    if (alike.length <= MOST_OF_ADDRESS && this.strangers.size <= MOST_STRANGERS) return;
    this.note(`Dropped a connection from ${oldest[1].from}: too many peers do not show who they are`);
    oldest[0].destroy();
    this.admit(oldest[0]);
  }

  /** A request that fails never brings down the server. */
  private async guard(socket: Socket, answer: () => unknown, response?: ServerResponse): Promise<void> {
    try {
      await answer();
    } catch (error) {
      this.note(
        `A request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      if (!response || response.headersSent) return void socket.destroy();
      response.writeHead(500, { 'content-type': 'text/plain', connection: 'close' });
      response.end(`The ${this.options.who} failed to answer. Its log says why.\n`);
    }
  }

  /** Logs what strangers cause: a flood of them must not fill the disk. */
  private note(text: string): void {
    const now = performance.now();
    const { since, count } = this.lines;
    if (now - since > LINES_MS) {
      if (count > MOST_LINES) this.options.log(`${count - MOST_LINES} more lines like these were left out`);
      this.lines = { since: now, count: 0 };
    }
    if (++this.lines.count <= MOST_LINES) this.options.log(plain(text));
  }
}

function addressOf(socket: Socket): string {
  return socket.remoteAddress ?? 'an address that is gone';
}

const REMEDY = 'Take 127.0.0.1, or 0.0.0.0 for all addresses of this machine.';

function whyNot({ code, message }: NodeJS.ErrnoException, host: string, port: number, flag: string): string {
  const why: { readonly [code: string]: string } = {
    EADDRINUSE: `port ${port} is taken. Leave ${flag} out for the next free one, or name another.`,
    EACCES: `you may not use port ${port}. Take one from 1024 to 65535.`,
    ERR_SOCKET_BAD_PORT: `there is no port ${port}. Take one from 1024 to 65535.`,
    EADDRNOTAVAIL: `'${host}' is not an address of this machine. ${REMEDY}`,
    ENOTFOUND: `no host has the name '${host}'. ${REMEDY}`,
  };
  return why[code ?? ''] ?? `${message}.`;
}
