// The dashboard's server: the page, its state, and a socket that sends what changed about four times a second.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { InvalidArgumentError } from '../../lib/errors.js';
import { clock } from '../../lib/task/executor.js';
import { Guard, publicUrlOf, type Decision } from './access.js';
import { differenceOf, threadsHere, type Frame, type Picture } from './picture.js';
import type { Recorder } from './recorder.js';
import { pageFile, renderReport } from './report.js';

export const DEFAULT_PORT = 8787;
/** So many ports after the default one are tried where it is taken. */
const PORTS_TRIED = 100;
const TICK_MS = 220;
/** A subscriber hears at least so often, or the connection is lost (ms; the page waits twice as long). */
const SILENCE_MS = 10_000;
/** Frames kept for those who come back: 20 seconds of a busy run. */
const FRAMES_KEPT = 90;
/** A subscriber that is so far behind is cut off, and resumes when it can (bytes). */
const MOST_BEHIND = 4 * 2 ** 20;
/** A refused socket has so long to read why, then it is closed (ms). */
const LET_GO_MS = 1000;
/** A run with tasks to do and threads to do them is stalled after so long without an event (ms). */
const STALLED_MS = 5000;

const HEADERS = {
  // No inline script, and nothing from elsewhere. Plotly places its labels by style attributes.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Where to serve. */
export interface ServerOptions {
  readonly host: string;
  /** Absent means 8787 or the next one that is free. */
  readonly port?: number;
  readonly publicUrl?: string;
}

/** Serves the pictures of one recorder, to those who have its token. */
export class DashboardServer {
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 1024,
  });
  private readonly ticker: NodeJS.Timeout;
  /** Those who have been brought up to date; all of them have heard the last frame. */
  private readonly subscribers = new Set<WebSocket>();
  private shown: Picture;
  // Starts at the time, so that a page never takes another server's frame for the next of its own.
  private number = Date.now() * 1000;
  private frames: { readonly number: number; readonly text: string }[] = [];
  private lastSent = 0;
  private lastEvent = clock();
  guard!: Guard;
  publicUrl: string | undefined;

  constructor(
    private readonly recorder: Recorder,
    private readonly options: ServerOptions,
  ) {
    this.shown = recorder.picture();
    this.http = createServer((request, response) => {
      try {
        this.respond(request, response);
      } catch (error) {
        logFault(error);
        if (response.headersSent) response.destroy();
        else send(response, 500, 'text/plain', 'The dashboard failed to answer; its log says why.\n');
      }
    });
    this.http.on('upgrade', (request, socket, head) => {
      try {
        this.upgrade(request, socket, head);
      } catch (error) {
        logFault(error);
        socket.destroy();
      }
    });
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  /** Resolves to the port. @throws InvalidArgumentError where it is taken or cannot be listened at */
  async listen(): Promise<number> {
    const { host, port: asked } = this.options;
    for (let port = asked ?? DEFAULT_PORT; ; port++) {
      try {
        await new Promise<void>((resolve, reject) => {
          this.http.once('error', reject).listen(port, host, () => {
            this.http.removeListener('error', reject);
            resolve();
          });
        });
        break;
      } catch (error) {
        const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (taken && asked === undefined && port < DEFAULT_PORT + PORTS_TRIED) continue;
        const remedy = taken
          ? `Leave the port out, and the next free one from ${DEFAULT_PORT} is taken.`
          : "Listen at 127.0.0.1, or at an address that is this machine's.";
        throw new InvalidArgumentError(
          `dashboard: cannot listen at ${host}:${port}: ${(error as Error).message}. ${remedy}`,
        );
      }
    }
    const { port } = this.http.address() as { port: number };
    this.publicUrl = publicUrlOf(port, this.options.publicUrl, process.env);
    this.guard = new Guard(port, host, this.publicUrl);
    return port;
  }

  /** An event has come: for /health. */
  heard(): void {
    this.lastEvent = clock();
  }

  async close(): Promise<void> {
    clearInterval(this.ticker);
    this.tick();
    const closed = new Promise((resolve) => this.http.close(resolve));
    this.http.closeAllConnections();
    for (const socket of this.sockets.clients) socket.terminate();
    await closed;
  }

  // ---- pages

  private respond(request: IncomingMessage, response: ServerResponse): void {
    const decision = this.guard.decide(request);
    if (decision.answer === 'refuse')
      return send(response, decision.status, 'text/plain', `${decision.why}\n`);
    // Sent on to the same folder, so that the token stays neither in the address nor in the history.
    if (decision.answer === 'enter')
      return send(response, 303, 'text/plain', '', {
        location: decision.location,
        'set-cookie': decision.cookie,
      });
    if (decision.path === '/health') return this.health(response);
    if (decision.path === '/state.json')
      return send(response, 200, 'application/json', JSON.stringify(this.now()));
    if (decision.path === '/report.html') {
      return send(response, 200, 'text/html', renderReport(this.now()), {
        'content-disposition': 'attachment; filename="run.html"',
      });
    }
    const file = pageFile(decision.path);
    if (file) return send(response, 200, file.type, readFileSync(file.url));
    send(response, 404, 'text/plain', 'There is the page /, /state.json, /report.html and /health.\n');
  }

  private health(response: ServerResponse): void {
    const now = this.now();
    const threads = threadsHere(now);
    const { waiting, running, finished, failed } = now.progress;
    const silentMs = Math.round(clock() - this.lastEvent);
    let status = running > 0 ? 'running' : 'idle';
    if (running === 0 && failed > 0) status = 'run failed';
    else if (waiting > 0 && threads === 0) status = 'no workers';
    else if (running === 0 && waiting > 0 && silentMs > STALLED_MS) status = 'stalled';
    const ok = status !== 'no workers' && status !== 'stalled';
    const told = { ok, status, threads, waiting, running, finished, failed, silentMs };
    send(response, ok ? 200 : 503, 'application/json', `${JSON.stringify(told)}\n`);
  }

  private now(): Picture {
    this.recorder.advance(clock());
    return this.recorder.picture();
  }

  // ---- sockets

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const decision = this.guard.decide(request);
    if (decision.answer !== 'serve' || decision.path !== '/live') return refuseUpgrade(socket, decision);
    this.sockets.handleUpgrade(request, socket, head, (subscriber) => {
      subscriber.on('error', () => subscriber.terminate()); // it sent what it should not; a page never sends
      subscriber.on('close', () => this.subscribers.delete(subscriber));
      this.welcome(subscriber, Number(decision.query.get('after') ?? NaN));
    });
  }

  /** Brings a new subscriber up to date: by the frames it has missed, or by the whole picture. */
  private welcome(subscriber: WebSocket, after: number): void {
    this.makeFrame();
    const missed = this.frames.filter(({ number }) => number > after);
    if (after === this.number || missed[0]?.number === after + 1)
      for (const { text } of missed) subscriber.send(text);
    else subscriber.send(JSON.stringify({ number: this.number, picture: this.shown } satisfies Frame));
    this.subscribers.add(subscriber);
  }

  private tick(): void {
    const time = clock();
    // What executors in this process call their worker; any other says itself how much memory it has.
    if (time - this.lastEvent < TICK_MS) {
      this.recorder.hear({ worker: 'local', memoryBytes: process.memoryUsage.rss(), time });
    }
    this.recorder.advance(time);
    if (this.subscribers.size > 0) this.makeFrame();
  }

  /** Makes and sends the next frame where something changed; one text for all subscribers. */
  private makeFrame(): void {
    const picture = this.recorder.picture();
    const difference = differenceOf(this.shown, picture);
    if (Object.keys(difference).length === 1 && clock() - this.lastSent < SILENCE_MS) return;
    this.shown = picture;
    this.lastSent = clock();
    const text = JSON.stringify({ number: ++this.number, difference } satisfies Frame);
    this.frames = [...this.frames, { number: this.number, text }].slice(-FRAMES_KEPT);
    for (const subscriber of this.subscribers) {
      if (subscriber.bufferedAmount > MOST_BEHIND) subscriber.terminate();
      else subscriber.send(text);
    }
  }
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  more: Record<string, string> = {},
): void {
  const text = type.startsWith('text/') || type.endsWith('json') ? `${type}; charset=utf-8` : type;
  response.writeHead(status, { ...HEADERS, 'content-type': text, ...more }).end(body);
}

function refuseUpgrade(socket: Duplex, decision: Decision): void {
  const [status, why] =
    decision.answer === 'refuse' ? [decision.status, decision.why] : [404, 'The socket is at /live.'];
  socket.on('error', () => socket.destroy());
  setTimeout(() => socket.destroy(), LET_GO_MS).unref(); // a peer that never hangs up would keep it, and our end, for ever
  socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${why}\n`);
}

/** A request that fails costs that request, never the run that is watched. */
function logFault(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`lola: dashboard: a request failed: ${text}\n`);
}
