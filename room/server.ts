// The room's server: page, wall, lesson and guests' sockets on one port, around the machine that decides. Needs Node.
import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { Connection, Shell, decodeToScheduler, wireOf, type ToScheduler } from '../lib/cluster/index.js';
import { Entrance, inUrl, isEverywhere } from '../lib/entrance.js';
import { InvalidArgumentError } from '../lib/errors.js';
import { allottedCores, estimatePool, startPool, type Executor } from '../lib/index.js';
import { clock } from '../lib/task/index.js';
import { Gate, type Decision } from './access.js';
import { Desk } from './desk.js';
import { Files, MARK } from './files.js';
import { newCode } from './names.js';
import { addressesOfMachine, type Address } from './network.js';
import { ownOf, wallOf, type RoomPicture } from './picture.js';
import { MOST_GUESTS, RoomMachine, type RoomAction, type RoomEvent } from './room.js';
import type { Vote } from './votes.js';
import { Work } from './work.js';

export const DEFAULT_PORT = 8700;
const TICK_MS = 250;
/** Guests' pages hear of themselves every so many ticks. */
const OWN_TICKS = 4;
const HEARTBEAT_MS = 2000;
/** The longest message of a guest (bytes): a batch's counts take a few thousand. Crumbs of one would fill the memory. */
const MOST_MESSAGE = 64 * 1024;
const SOCKETS = { maxPayload: MOST_MESSAGE, maxFragments: 64 } as const;
const MOST_WALLS = 50;
/** Guests' pages that listen: one a guest, and those that have just been left. */
const MOST_PAGES = 2 * MOST_GUESTS;
/** Every so many ticks a page is asked for a sign of life. One that owes so many is gone: no close comes from a dead network. */
const PING_TICKS = 8;
const MOST_OWED = 10;
/** Its own pings and pongs in that time, before they are a flood: one of small frames would hold up everybody. */
const MOST_SIGNS = 100;
/** Connections that read a file: a page needs five of them, for a moment. One that rests so long (ms) is let go. */
const MOST_READERS = 512;
const REST_MS = 20_000;
/** A page that has so much to read still (bytes) is sent nothing more for now. */
const MOST_UNREAD = 64 * 1024;

/** What a room is given. */
export interface RoomOptions {
  /** How many random points, an integer from 1 to 2^53 - 1. */
  readonly samples: number;
  readonly seed: number | string;
  /** What the wall is headed with. */
  readonly title: string;
  /** Where to listen: an address of this machine, or 0.0.0.0 for all. */
  readonly host: string;
  /** 0 takes any (default: 8700, or the next one that is free). */
  readonly port?: number;
  /** The share of results that this machine computes again, above 0 and up to 1. */
  readonly share: number;
  /** The folder of the built lesson, served as /lesson. */
  readonly lesson?: string;
  /** The votes of the lesson, for the instructor's page. */
  readonly votes?: readonly Vote[];
  /** Threads of this machine that check, and count everything beside the room (default: all cores but one). */
  readonly threads?: number;
  readonly log?: (text: string) => void;
  /** Called when another machine reaches the room for the first time. */
  readonly onReached?: (address: string) => void;
}

/** A room that is open. */
export interface Room {
  readonly port: number;
  readonly code: string;
  /** Where guests open it, the likeliest address first; with the code. */
  readonly urls: readonly (Address & { readonly url: string })[];
  /** The wall, for this machine. */
  readonly wall: string;
  /** The instructor's page, with the secret that guests are never given. */
  readonly teach: string;
  readonly machine: RoomMachine;
  picture(): RoomPicture;
  /** Resolves when all is counted, and checked. */
  readonly over: Promise<void>;
  close(): Promise<void>;
}

/** Opens a room. @throws InvalidArgumentError for a port that is taken, or a host that is not this machine's */
export async function startRoom(options: RoomOptions): Promise<Room> {
  const server = new RoomServer(
    options,
    await startPool({ workers: options.threads ?? Math.max(1, allottedCores() - 1) }),
  );
  try {
    await server.listen();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

/** Whether a room answers at a port of this machine. */
async function isRoom(port: number): Promise<boolean> {
  try {
    const { headers } = await fetch(`http://127.0.0.1:${port}/reach`, { signal: AbortSignal.timeout(5000) });
    return headers.get(MARK) === 'room';
  } catch {
    return false;
  }
}

class RoomServer implements Room {
  readonly code = newCode(randomInt);
  readonly machine: RoomMachine;
  readonly over: Promise<void>;
  urls: Room['urls'] = [];
  port = 0;
  private host = '';
  private readonly desk: Desk;
  private readonly gate: Gate;
  private readonly files: Files;
  private readonly entrance: Entrance;
  private readonly shell: Shell<RoomEvent, RoomAction>;
  private readonly connections = new Map<number, Connection<ToScheduler>>();
  private readonly works = new WebSocketServer({ noServer: true, ...SOCKETS });
  private readonly lives = new WebSocketServer({ noServer: true, ...SOCKETS, maxPayload: 1024 });
  private readonly owed = new WeakMap<WebSocket, number>(); // pings without an answer
  private signs = new WeakMap<WebSocket, number>(); // pings and pongs of each socket lately
  private readonly walls = new Set<WebSocket>();
  private readonly pages = new Map<WebSocket, readonly [string, string]>(); // guests' pages, by their keys and voters'
  private readonly readers = new Set<Socket>();
  private readonly reached = new Set<string>();
  private readonly ticker: NodeJS.Timeout;
  private readonly stop = new AbortController();
  private laptop: { samples: number; inside?: number; seconds: number } = { samples: 0, seconds: 0 };
  private readonly checks: number[] = [];
  private checkers = 0;
  private peers = 1; // 0 is the room itself
  private ticks = 0;
  private isOver = () => {};

  constructor(
    private readonly options: RoomOptions,
    private readonly pool: Executor,
  ) {
    const { samples, seed, share, host, lesson } = options;
    this.machine = new RoomMachine({
      work: new Work(samples, seed),
      share,
      random: () => randomInt(2 ** 40) / 2 ** 40,
      heartbeatMs: HEARTBEAT_MS,
      firstBatch: randomInt(2 ** 40),
    });
    this.over = new Promise((resolve) => (this.isOver = resolve));
    this.shell = new Shell(this.machine, (action) => this.perform(action));
    this.desk = new Desk(options.votes ?? []);
    this.gate = new Gate(this.code, host, this.desk.secret);
    this.files = new Files(lesson);
    this.entrance = new Entrance({
      who: 'room',
      onRequest: (request, response) => this.respond(request, response),
      onUpgrade: (request, socket, head) => this.upgrade(request, socket, head),
      log: (text) => options.log?.(text),
    });
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  async listen(): Promise<void> {
    const { host, port } = this.options;
    const wanted = port ?? DEFAULT_PORT;
    if (await isRoom(wanted))
      throw new InvalidArgumentError(
        `room: there is a room on this machine already, at port ${wanted}. Close it first, or give this one another --port.`,
      );
    ({ port: this.port, host: this.host } = await this.entrance.listen(host, port, DEFAULT_PORT));
    const only = [{ address: this.host, card: 'as --host says' }];
    const addresses = isEverywhere(this.host) ? addressesOfMachine() : only;
    this.urls = addresses.map((each) => ({
      ...each,
      url: `http://${inUrl(each.address)}:${this.port}/#${this.code}`,
    }));
  }

  get wall(): string {
    return `${this.here}/wall?code=${this.code}`;
  }

  get teach(): string {
    return `${this.here}/teach#${this.desk.secret}`;
  }

  private get here(): string {
    return `http://${isEverywhere(this.host) ? '127.0.0.1' : inUrl(this.host)}:${this.port}`;
  }

  picture(): RoomPicture {
    const { title } = this.options;
    const [first] = this.urls;
    const [reached, answers] = [this.reached.size, this.desk.answers.wall(clock())];
    const around = { title, address: first?.url ?? '', reached, laptop: this.laptop, answers };
    return wallOf(this.machine, clock(), around);
  }

  async close(): Promise<void> {
    clearInterval(this.ticker);
    this.desk.close();
    this.stop.abort();
    for (const connection of this.connections.values()) connection.close('The room was closed.', true);
    for (const page of [...this.walls, ...this.pages.keys()]) page.close(1001);
    await Promise.all([this.entrance.close(), this.pool.close()]);
  }

  // ---- requests

  private respond(request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const { url, headers, socket } = request;
    if (this.readers.has(socket)) return void socket.destroy(); // one request for a connection
    const decision = this.decide(request);
    const why = decision.answer === 'refuse' ? decision.why : undefined;
    if (decision.answer === 'refuse' && !/^\/(join|answer)/.test(url ?? ''))
      return this.files.send(response, decision.status, 'text/plain', `${why}\n`);
    this.read(socket, response);
    if (decision.answer === 'file') return this.files.serve(decision.path, headers.host ?? '', response);
    const refused = decision.answer === 'take' ? this.desk.take(decision) : why;
    const { title, samples, lesson } = this.options;
    const has = { at: clock(), title, samples, lesson: lesson !== undefined };
    const told = refused === undefined ? { ok: true, ...has } : { ok: false, why: refused };
    this.files.send(response, 200, 'application/json', JSON.stringify(told));
  }

  /** Gives a request the time to read its answer, slowly too; then its connection closes. */
  private read(socket: Socket, response: ServerResponse): void {
    response.setHeader('connection', 'close');
    this.entrance.admit(socket);
    this.readers.add(socket);
    socket.setTimeout(REST_MS, () => socket.destroy());
    socket.once('close', () => this.readers.delete(socket));
    const neighbours = [...this.readers].filter((other) => other.remoteAddress === socket.remoteAddress);
    if (neighbours.length > MOST_READERS / 4) neighbours[0].destroy();
    else if (this.readers.size > MOST_READERS) [...this.readers][0].destroy();
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const decision = this.decide(request);
    if (decision.answer === 'refuse') return this.entrance.refuse(socket, decision.status, decision.why);
    if (decision.answer !== 'socket') return this.entrance.refuse(socket, 404, 'There is no socket here.');
    const { kind, key, name, voter } = decision;
    const [isWall, isPage] = [this.walls.size >= MOST_WALLS, this.pages.size >= MOST_PAGES];
    if ({ wall: isWall, live: isPage, teach: this.desk.isFull, work: false }[kind])
      return this.entrance.refuse(socket, 503, 'Too many of these pages are open. Close one.');
    this.entrance.admit(socket);
    const server = kind === 'work' ? this.works : this.lives;
    server.handleUpgrade(request, socket, head, (peer) => {
      for (const sign of ['ping', 'pong']) peer.on(sign, () => this.sign(peer));
      if (kind === 'work') this.open(peer, socket, key, name);
      else if (kind === 'teach') this.desk.open(peer);
      else this.show(peer, kind, [key, voter || key]);
    });
  }

  private sign(peer: WebSocket): void {
    const signs = (this.signs.get(peer) ?? 0) + 1;
    this.signs.set(peer, signs);
    this.owed.delete(peer);
    if (signs > MOST_SIGNS) peer.terminate();
  }

  private decide(request: IncomingMessage): Decision {
    const { method, url, headers, socket } = request;
    const address = socket.remoteAddress ?? '';
    const decision = this.gate.decide({ method, url, headers, address }, clock());
    if (decision.answer !== 'refuse') this.arrived(address.replace(/^::ffff:/, ''));
    return decision;
  }

  /** The reach test: somebody else has got here. */
  private arrived(address: string): void {
    if (this.reached.has(address) || this.reached.size > 1000) return;
    if (/^127\.|^::1$/.test(address) || this.urls.some((own) => own.address === address)) return;
    this.reached.add(address);
    this.options.onReached?.(address);
  }

  // ---- sockets

  private open(guest: WebSocket, socket: Socket, key: string, name: string): void {
    const peer = this.peers++;
    const onMessage = (message: ToScheduler) => this.shell.post({ type: 'message', peer, message });
    const onClosed = (reason: string) => {
      this.connections.delete(peer);
      this.shell.post({ type: 'closed', peer, reason, blame: false });
    };
    const [wire, listener] = [wireOf(guest, socket), { onMessage, onClosed }];
    const connection = new Connection(wire, decodeToScheduler, listener, HEARTBEAT_MS, MOST_MESSAGE);
    this.connections.set(peer, connection);
    this.shell.post({ type: 'opened', peer, key, name });
  }

  private show(page: WebSocket, kind: 'wall' | 'live', keys: readonly [string, string]): void {
    page.on('error', () => page.terminate());
    page.on('message', () => page.close(1003, 'Nothing is asked here.'));
    if (kind === 'wall') this.walls.add(page);
    else this.pages.set(page, keys);
    page.on('close', () => {
      this.walls.delete(page);
      this.pages.delete(page);
    });
    this.send(page, kind === 'wall' ? this.picture() : this.own(keys));
  }

  private own([key, voter]: readonly [string, string]): unknown {
    const guest = this.machine.guests.get(key);
    const own = guest ? ownOf(this.machine, guest, clock()) : { op: 'none' };
    return { ...own, at: clock(), vote: this.desk.answers.learner(voter, clock()) };
  }

  private send(page: WebSocket, data: unknown): void {
    if (page.readyState === page.OPEN && page.bufferedAmount < MOST_UNREAD) page.send(JSON.stringify(data));
  }

  private tick(): void {
    this.shell.post({ type: 'tick' });
    this.desk.tick();
    if (this.walls.size > 0) {
      const picture = this.picture();
      for (const wall of this.walls) this.send(wall, picture);
    }
    if (this.ticks % PING_TICKS === 0) {
      this.signs = new WeakMap();
      this.lives.clients.forEach((page) => this.ping(page));
    }
    if (this.ticks++ % OWN_TICKS > 0) return;
    for (const [page, keys] of this.pages) this.send(page, this.own(keys));
  }

  private ping(page: WebSocket): void {
    const owed = this.owed.get(page) ?? 0;
    if (owed >= MOST_OWED) return page.terminate();
    this.owed.set(page, owed + 1);
    page.ping();
  }

  // ---- what the machine wants

  private perform(action: RoomAction): void {
    if (action.type === 'send')
      for (const peer of action.peers) this.connections.get(peer)?.send(action.message);
    else if (action.type === 'check') {
      this.checks.push(action.task);
      if (this.checkers < this.pool.workers) void this.check();
    } else if (action.type === 'over') this.isOver();
    else {
      const connection = this.connections.get(action.peer);
      this.connections.delete(action.peer);
      if (action.type === 'close') connection?.close(action.reason, true);
      else connection?.cut(action.reason);
    }
    if (this.machine.began !== undefined && this.laptop.seconds === 0) void this.countAlone();
  }

  /** Computes what is to be checked, on as many threads as there are. */
  private async check(): Promise<void> {
    this.checkers++;
    const { signal } = this.stop;
    for (let task = this.checks.shift(); task !== undefined && !signal.aborted; task = this.checks.shift()) {
      try {
        const [inside] = await this.pool.run([this.machine.options.work.taskOf(task)], { signal });
        this.shell.post({ type: 'checked', task, inside: inside as number });
      } catch (error) {
        this.failed(error);
      }
    }
    this.checkers--;
  }

  /** What the laptop counts by itself: the integer that the room's is held against. */
  private async countAlone(): Promise<void> {
    const { samples, seed } = this.options;
    const began = clock();
    const seconds = () => Math.max(1e-3, (clock() - began) / 1000);
    const onProgress = (counted: number) => (this.laptop = { samples: counted, seconds: seconds() });
    this.laptop = { samples: 0, seconds: seconds() };
    try {
      const { signal } = this.stop;
      const given = { seed, executor: this.pool, signal, onProgress };
      const { inside, interrupted } = await estimatePool(samples, given);
      if (!interrupted) this.laptop = { samples, inside, seconds: seconds() };
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (!this.stop.signal.aborted) this.options.log?.(`A count on this machine failed: ${String(error)}`);
  }
}
