// Connects a worker or client to its scheduler, and connects again whenever the connection is lost.
import { ConnectionError, ProtocolError } from '../errors.js';
import { clock } from '../task/executor.js';
import { Connection, type Wire } from './connection.js';
import { decodeFromScheduler, type FromScheduler, type ToScheduler } from './messages.js';
import type { Net } from './state-machine.js';

/** How long to wait before the scheduler is tried again, at first and at most (ms). */
const RETRY_MS = { first: 20, most: 1000 } as const;
/** A connection counts as progress if it lasted longer than this (ms), or brought more than a welcome. */
const STEADY_MS = 10_000;
/** The heartbeat, until the scheduler has said how often it wants to hear from us (ms). */
const FIRST_HEARTBEAT_MS = 1000;

/** Reaches the scheduler, wherever it is now, until the signal aborts. A ConnectionError means: try again. */
export type Dial = (signal: AbortSignal) => Promise<Wire>;

/** What a link is given. */
export interface LinkOptions {
  readonly dial: Dial;
  /** Takes what happens on the connection. */
  readonly post: (event: Net<FromScheduler>) => void;
  /** How long to look for a scheduler, at first and whenever it is lost (ms). */
  readonly patienceMs: { readonly first: number; readonly later: number };
  /** The error with which it gives up: how long it looked, why, and how the last connection was lost. */
  readonly giveUp: (seconds: number, why: string, lost: string | undefined) => string;
  /** Called when the scheduler cannot be reached, before it is looked for, and when it is lost. */
  readonly log?: (level: 'INFO' | 'WARNING', text: string) => void;
}

export class Link {
  /** Resolves when the scheduler has welcomed us for the first time; rejects as `ended` does. */
  readonly joined: Promise<void>;
  /** Resolves with the reason when the scheduler sends us away, or we close; rejects when no scheduler accepts us. */
  readonly ended: Promise<{ readonly reason: string; readonly sentAway: boolean }>;
  private welcomed!: () => void;
  private connection: Connection<FromScheduler> | undefined;
  private readonly closed = new AbortController();
  private nextPeer = 0;
  private lost: string | undefined;
  private since = clock();
  private waitMs: number = RETRY_MS.first;

  constructor(private readonly options: LinkOptions) {
    this.ended = this.live();
    this.joined = new Promise((resolve, reject) => {
      this.welcomed = resolve;
      this.ended.then(({ reason }) => reject(new ProtocolError(reason)), reject);
    });
    for (const promise of [this.ended, this.joined]) promise.catch(() => {}); // the callers that await them handle it
  }

  /** There is a connection now. */
  get up(): boolean {
    return this.connection !== undefined;
  }

  private get closing(): boolean {
    return this.closed.signal.aborted;
  }

  send(message: ToScheduler): void {
    this.connection?.send(message);
  }

  /** Closes in order, or gives up the search. */
  close(): void {
    this.closed.abort();
    this.connection?.close('closed');
  }

  private async live(): Promise<{ reason: string; sentAway: boolean }> {
    while (!this.closing) {
      const wire = await this.dial();
      if (!wire) continue;
      const began = clock();
      const { reason, bye, messages } = await this.session(wire);
      const isProgress = messages > 1 || clock() - began > STEADY_MS;
      this.options.log?.('INFO', `Left the scheduler: ${reason}`);
      if (bye !== undefined) return { reason: bye, sentAway: true };
      this.lost = reason;
      // Gives up on a scheduler that lets us in again and again, and drops us at once.
      if (isProgress) [this.since, this.waitMs] = [clock(), RETRY_MS.first];
      else if (!this.closing) await this.pause(reason);
    }
    return { reason: 'left', sentAway: false };
  }

  private async dial(): Promise<Wire | undefined> {
    try {
      const wire = await this.options.dial(this.closed.signal);
      if (!this.closing) return wire;
      wire.destroy();
    } catch (error) {
      if (this.closing) return undefined;
      if (!(error instanceof ConnectionError)) throw error;
      await this.pause(error.message);
    }
    return undefined;
  }

  /** Waits before the next try. @throws ConnectionError where it has tried for long enough */
  private async pause(why: string): Promise<void> {
    const { patienceMs, giveUp, log } = this.options;
    const mostMs = this.nextPeer === 0 ? patienceMs.first : patienceMs.later;
    if (clock() - this.since >= mostMs) throw new ConnectionError(giveUp(mostMs / 1000, why, this.lost));
    if (this.waitMs === RETRY_MS.first)
      log?.('WARNING', `Looking for the scheduler for ${mostMs / 1000} s: ${why}`);
    const { signal } = this.closed;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(this.waitMs, mostMs));
      signal.addEventListener('abort', done);
    });
    this.waitMs = Math.min(RETRY_MS.most, 1.25 * this.waitMs);
  }

  /** One connection, from its start to its end. */
  private session(wire: Wire): Promise<{ reason: string; bye: string | undefined; messages: number }> {
    const { post } = this.options;
    const peer = this.nextPeer++;
    let messages = 0;
    return new Promise((resolve) => {
      const onMessage = (message: FromScheduler) => {
        messages++;
        post({ type: 'message', peer, message });
        if (message.op === 'welcome') this.welcomed();
      };
      const onClosed = (reason: string, bye?: string) => {
        this.connection = undefined;
        post({ type: 'closed', peer, reason, blame: false });
        resolve({ reason, bye, messages });
      };
      this.connection = new Connection(
        wire,
        decodeFromScheduler,
        { onMessage, onClosed },
        FIRST_HEARTBEAT_MS,
      );
      post({ type: 'opened', peer });
    });
  }
}
