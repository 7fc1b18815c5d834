// One connection between a scheduler and a peer, the same for both sides: messages over a wire, and who counts as alive.
import { clock } from '../task/executor.js';
import { encode, type FromScheduler, type ToScheduler } from './messages.js';

/** Silent for this many heartbeats, a peer is lost. */
export const DEADLINE_BEATS = 5;
/** A peer that was told to go and does not close is cut off after this time (ms). */
const CLOSE_MS = 1000;

/** What carries bytes: a WebSocket of Node or a page, or a MessagePort. */
export interface Wire {
  listen(onBytes: (data: Uint8Array) => void, onClosed: (reason: string) => void): void;
  /** Sends bytes; they may be in a buffer that is reused afterwards. */
  send(data: Uint8Array): void;
  /** Asks the other side for a sign of life. */
  ping(): void;
  /** How many bytes have arrived: any of them is a sign of life. NaN where the other side cannot fall silent. */
  received(): number;
  /** Closes once everything that was sent has arrived. */
  close(): void;
  /** Cuts off at once. */
  destroy(): void;
}

/** What a connection reports. */
export interface ConnectionListener<In> {
  readonly onMessage: (message: In) => void;
  /** Called once. `bye`: the scheduler's reason, where it closed on purpose. */
  readonly onClosed: (reason: string, bye?: string) => void;
}

export class Connection<In extends ToScheduler | FromScheduler> {
  private open = true;
  private bye: string | undefined;
  private received = 0;
  private heardAt = clock();
  private beatAt = clock();
  private impatient: ReturnType<typeof setTimeout> | undefined;
  private beating: ReturnType<typeof setInterval>;

  /** @param decode reads a message, and throws with the reason for bytes that are none */
  constructor(
    private readonly wire: Wire,
    private readonly decode: (data: Uint8Array) => In,
    private readonly listener: ConnectionListener<In>,
    private heartbeatMs: number,
  ) {
    this.beating = setInterval(() => this.beat(), heartbeatMs);
    wire.listen(
      (data) => this.hear(data),
      (reason) => {
        clearTimeout(this.impatient);
        this.end(reason);
      },
    );
  }

  /** Sends a message; once the connection has ended, it goes nowhere. */
  send(message: ToScheduler | FromScheduler): void {
    if (this.open) this.wire.send(encode(message));
  }

  /** Closes in order: what was sent arrives. `bye`: tells the peer why, and that it is not to come back. */
  close(reason: string, bye = false): void {
    if (!this.open) return;
    if (bye) this.send({ op: 'bye', reason });
    this.wire.close();
    this.impatient = setTimeout(() => this.wire.destroy(), CLOSE_MS);
    this.end(reason);
  }

  /** Cuts the peer off; it may come back. */
  cut(reason: string): void {
    this.wire.destroy();
    this.end(reason);
  }

  private hear(data: Uint8Array): void {
    if (!this.open) return; // it was sent away, and does not know yet
    let message: In;
    try {
      message = this.decode(data);
    } catch (error) {
      return this.close((error as Error).message, true);
    }
    if (message.op === 'bye') this.bye = message.reason;
    if (message.op === 'welcome') this.setHeartbeat(message.heartbeatMs);
    this.listener.onMessage(message);
  }

  private setHeartbeat(heartbeatMs: number): void {
    clearInterval(this.beating);
    this.heartbeatMs = heartbeatMs;
    this.beating = setInterval(() => this.beat(), heartbeatMs);
  }

  private beat(): void {
    const now = clock();
    const received = this.wire.received();
    // If this side was held up, what the other one has sent in the meantime is still to be read.
    const heldUp = now - this.beatAt > 2 * this.heartbeatMs;
    this.beatAt = now;
    if (received !== this.received || heldUp) this.heardAt = now;
    this.received = received;
    const silentMs = now - this.heardAt;
    if (silentMs > DEADLINE_BEATS * this.heartbeatMs)
      this.cut(`no sign of life for ${(silentMs / 1000).toFixed(1)} s`);
    else this.wire.ping();
  }

  private end(reason: string): void {
    if (!this.open) return;
    this.open = false;
    clearInterval(this.beating);
    this.listener.onClosed(this.bye ?? reason, this.bye);
  }
}
