// The dashboard's server: the page, its state, and a socket that sends the picture about four times a second. Needs Node.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { Entrance } from '../../lib/entrance.js';
import { clock, type ExecutorEvent } from '../../lib/task/index.js';
import { Guard, publicUrlOf } from './access.js';
import type { Picture } from './picture.js';
import type { Recorder, Vitals } from './recorder.js';
import { readPageFile, renderReport } from './report.js';

/** The first port that is free is taken, from this one on. */
const DEFAULT_PORT = 8787;
const TICK_MS = 220;
/** A page hears at least this often (ms). After twice as long it takes the connection for lost. */
const SILENCE_MS = 10_000;
/** A run with tasks to do and threads to do them is stalled after so long without an event (ms). */
const STALLED_MS = 5000;

const HEADERS = {
  // Nothing inline, and nothing from elsewhere.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Where a dashboard is; `outside` is where a proxy shows it. */
type Place = Readonly<Record<'at' | 'token', string>> & { readonly port: number; readonly outside?: string };

/** Serves the pictures of one recorder to those who have its token. */
export class DashboardServer {
  private readonly entrance = new Entrance({
    who: 'dashboard',
    flag: '--dashboard-port',
    onRequest: (request, response) => this.respond(request, response),
    onUpgrade: (request, socket, head) => this.upgrade(request, socket, head),
    log: (text) => process.stderr.write(`lola: dashboard: ${text}\n`),
  });
  /** Pictures are alike from one to the next, so they shrink to a fraction on the way. */
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { zlibDeflateOptions: { level: 1 } },
    maxPayload: 1024,
  });
  private readonly ticker: NodeJS.Timeout;
  /** Something has changed that a page does not show yet. */
  private changed = false;
  private lastSent = 0;
  private lastEvent = clock();
  private guard!: Guard;

  constructor(private readonly recorder: Recorder) {
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  /** @throws InvalidArgumentError if the port is taken, or cannot be listened at */
  async listen(host: string, asked?: number, publicUrl?: string): Promise<Place> {
    const { port, host: at } = await this.entrance.listen(host, asked, DEFAULT_PORT);
    const outside = publicUrlOf(port, publicUrl);
    this.guard = new Guard(port, host, outside);
    return { port, at, token: this.guard.token, outside };
  }

  readonly onEvent = (event: ExecutorEvent): void => {
    this.changed = true;
    this.lastEvent = clock();
    this.recorder.add(event);
  };

  readonly onVitals = (vitals: Vitals): void => {
    this.changed = true;
    this.recorder.hear(vitals);
  };

  async close(): Promise<void> {
    clearInterval(this.ticker);
    this.tick();
    for (const socket of this.sockets.clients) socket.terminate();
    await this.entrance.close();
  }

  // ---- pages

  private respond(request: IncomingMessage, response: ServerResponse): void {
    const decision = this.guard.decide(request);
    if (decision.answer === 'refuse')
      return send(response, decision.status, 'text/plain', `${decision.why}\n`, { connection: 'close' });
    // Sent on to the same folder, so that the token stays neither in the address nor in the history.
    if (decision.answer === 'enter') return send(response, 303, 'text/plain', '', decision.headers);
    if (decision.path === '/health') return this.health(response);
    this.entrance.admit(request.socket);
    if (decision.path === '/state.json')
      return send(response, 200, 'application/json', JSON.stringify(this.now()));
    if (decision.path === '/report.html')
      return send(response, 200, 'text/html', renderReport(this.now()), {
        'content-disposition': 'attachment; filename="run.html"',
      });
    const file = readPageFile(decision.path);
    if (file) return send(response, 200, file.type, file.text);
    send(response, 404, 'text/plain', 'There is the page /, /state.json, /report.html and /health.\n');
  }

  private health(response: ServerResponse): void {
    const { threads, progress } = this.now();
    const { waiting, running, finished, failed } = progress;
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

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const decision = this.guard.decide(request);
    if (decision.answer === 'refuse') return this.entrance.refuse(socket, decision.status, decision.why);
    if (decision.answer !== 'serve' || decision.path !== '/live')
      return this.entrance.refuse(socket, 404, 'The socket is at /live.');
    this.sockets.handleUpgrade(request, socket, head, (page) => {
      this.entrance.admit(socket);
      page.on('error', () => page.terminate()); // it sent what it should not; a page never sends
      page.send(JSON.stringify(this.now()));
    });
  }

  private tick(): void {
    const time = clock();
    // Executors in this process call their worker 'local'. Any other worker tells its memory itself.
    if (time - this.lastEvent < TICK_MS)
      this.recorder.hear({ worker: 'local', memoryBytes: process.memoryUsage.rss(), time });
    this.recorder.advance(time);
    if (this.sockets.clients.size === 0) return;
    const picture = this.recorder.picture();
    if (!this.changed && picture.progress.running === 0 && time - this.lastSent < SILENCE_MS) return;
    this.lastSent = time;
    const text = JSON.stringify(picture);
    this.changed = false;
    for (const page of this.sockets.clients) {
      if (page.bufferedAmount === 0) page.send(text);
      else this.changed = true; // it still reads the last picture, and gets a later one
    }
  }
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  more: Record<string, string> = {},
): void {
  response.writeHead(status, { ...HEADERS, 'content-type': `${type}; charset=utf-8`, ...more }).end(body);
}
