// One connection between a scheduler and a peer, the same for both sides: messages over a wire, and who counts as alive.
//
// A small message is one piece on the wire. A large one is a frame: 9 bytes that say how long it and its head are, then
// its bytes in pieces, each sent when the wire has room. So heartbeats pass between pieces, what waits stays where it is
// (it is not copied). A slow reader is reported as `congested`, then cut off. Any bytes are a sign of life.
import { ProtocolError } from '../errors.js';
import { clock } from '../task/executor.js';
import { MOST_BYTES, encode, type FromScheduler, type ToScheduler } from './messages.js';
import type { Store } from './store.js';

/** A peer that is silent for this many heartbeats is lost; so is a worker or client that reads nothing for as long. */
export const DEADLINE_BEATS = 5;
/** A peer that was told to go and does not close is cut off after this time (ms). */
const CLOSE_MS = 1000;
/** The longest piece (bytes): 26 ms on a line of 20 Mbit/s. */
export const PIECE_BYTES = 64 * 2 ** 10;
/** The first byte of a frame. No packed message begins with it. */
const FRAME = 0xc1;
const FRAME_BYTES = 9;
/** A peer is congested when more than this waits for it, and until half of that is left (bytes). */
const CONGESTED_BYTES = 32 * 2 ** 20;

/** What carries bytes: a WebSocket of Node or a page, or a MessagePort. */
export interface Wire {
  listen(onBytes: (data: Uint8Array) => void, onClosed: (reason: string) => void, onRoom: () => void): void;
  /** Sends up to 64 KiB. @returns false if no more is to be sent before `onRoom` is called */
  send(data: Uint8Array): boolean | void;
  /** Asks the other side for a sign of life. */
  ping(): void;
  /** How many bytes have arrived: any of them is a sign of life. NaN where the other side cannot fall silent. */
  received(): number;
  /** How many bytes have left, where the wire can tell. */
  sent?(): number;
  /** Stops reading, or reads again, where the wire can. */
  pause?(paused: boolean): void;
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
  /** Whether much waits for the peer now. */
  readonly onCongested?: (congested: boolean) => void;
}

/** A frame of which not all has arrived. */
interface Frame {
  readonly head: number;
  readonly total: number;
  /** There once the store has room for it; `early` until then. */
  bytes?: Uint8Array;
  readonly early: Uint8Array[];
  at: number;
}

export class Connection<In extends ToScheduler | FromScheduler> {
  /** Where to book bytes that arrive in frames, and bytes that wait to be sent. Set before anything is sent. */
  stores?: { readonly incoming?: Store; readonly outgoing?: Store };
  private open = true;
  private bye: string | undefined;
  private last = { received: 0, sent: 0 };
  private heardAt = clock();
  private readAt = clock();
  private beatAt = clock();
  private impatient: ReturnType<typeof setTimeout> | undefined;
  private beating: ReturnType<typeof setInterval> | undefined;
  private readonly queue: Uint8Array[] = [];
  private waiting = 0;
  private full = false;
  private pauses = 0;
  private congested = false;
  private frame: Frame | undefined;

  /**
   * @param decode reads a message from its head and the bytes that follow it; throws if they are not a message
   * @param mostBytes the longest message that is taken in a frame
   */
  constructor(
    private readonly wire: Wire,
    private readonly decode: (head: Uint8Array, behind?: Uint8Array) => In,
    private readonly listener: ConnectionListener<In>,
    private heartbeatMs: number,
    public mostBytes = MOST_BYTES,
  ) {
    this.setHeartbeat(heartbeatMs);
    wire.listen(
      (data) => this.hear(data),
      (reason) => this.gone(reason),
      () => {
        this.full = false;
        this.flush();
      },
    );
  }

  /** Sends a message; once the connection has ended, it goes nowhere. */
  send(message: ToScheduler | FromScheduler): void {
    if (!this.open) return;
    const parts: Uint8Array[] = [];
    const head = encode(message, parts);
    if (parts.length === 0 && head.length <= PIECE_BYTES) {
      if (this.full || this.queue.length > 0) this.enqueue(head);
      else this.full = this.wire.send(head) === false;
      return;
    }
    const total = parts.reduce((sum, { length }) => sum + length, head.length);
    const frame = new DataView(new ArrayBuffer(FRAME_BYTES));
    frame.setUint8(0, FRAME);
    frame.setUint32(1, head.length);
    frame.setUint32(5, total);
    for (const bytes of [new Uint8Array(frame.buffer), head, ...parts]) this.enqueue(bytes);
    this.flush();
  }

  /** Closes gracefully: what was sent still arrives. `bye` tells the peer why, and not to come back. */
  close(reason: string, bye = false): void {
    if (!this.open) return;
    if (bye) this.send({ op: 'bye', reason });
    this.end(reason);
    this.flush();
  }

  /** Cuts the peer off; it may come back. */
  cut(reason: string): void {
    this.wire.destroy();
    this.gone(reason);
  }

  // ---- what is sent

  private enqueue(bytes: Uint8Array): void {
    this.queue.push(bytes);
    this.addWaiting(bytes.length);
  }

  /** Sends pieces while there is room. After the last one, a connection that was closed closes its wire. */
  private flush(): void {
    while (!this.full && this.queue.length > 0) {
      const [first] = this.queue;
      const piece = first.subarray(0, PIECE_BYTES);
      if (piece.length === first.length) this.queue.shift();
      else this.queue[0] = first.subarray(PIECE_BYTES);
      this.addWaiting(-piece.length);
      this.full = this.wire.send(piece) === false;
    }
    if (this.open || this.queue.length > 0 || this.impatient) return;
    this.wire.close();
    this.impatient = setTimeout(() => this.cut(''), CLOSE_MS);
  }

  /** Counts the bytes that wait for the peer, and reports when they become many or few. */
  private addWaiting(bytes: number): void {
    if (this.waiting === 0) this.readAt = clock();
    this.waiting += bytes;
    this.stores?.outgoing?.book(bytes);
    const congested = this.waiting > (this.congested ? CONGESTED_BYTES / 2 : CONGESTED_BYTES);
    if (congested === this.congested) return;
    this.congested = congested;
    this.listener.onCongested?.(congested);
  }

  // ---- what arrives

  private hear(data: Uint8Array): void {
    if (!this.open) return; // it was sent away, and does not know yet
    try {
      if (this.frame) this.add(this.frame, data);
      else if (data[0] === FRAME) this.begin(data);
      else {
        this.deliver(this.decode(data));
        if (this.pauses === 0 && this.stores?.incoming?.isFull) this.waitForRoom(0, () => {});
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(error.message, true);
    }
  }

  private deliver(message: In): void {
    if (message.op === 'bye') this.bye = message.reason;
    if (message.op === 'welcome') this.setHeartbeat(message.heartbeatMs);
    this.listener.onMessage(message);
  }

  /** A frame begins. */
  private begin(data: Uint8Array): void {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    if (data.length !== FRAME_BYTES) throw new ProtocolError('a frame that is none.');
    const [head, total] = [view.getUint32(1), view.getUint32(5)];
    if (head > total || total > this.mostBytes)
      throw new ProtocolError(`a message of ${total} bytes; ${this.mostBytes} travel at most.`);
    const frame: Frame = (this.frame = { head, total, early: [], at: 0 });
    this.waitForRoom(total, () => {
      if (this.frame === frame) this.allow(frame);
      else this.stores?.incoming?.book(-total); // it has ended in the meantime
    });
  }

  /** Reads nothing more until the store has room. */
  private waitForRoom(bytes: number, then: () => void): void {
    const { incoming } = this.stores ?? {};
    if (!incoming) return then();
    this.pauses++;
    this.wire.pause?.(true);
    incoming.ask(bytes, () => {
      this.pauses--;
      this.wire.pause?.(this.pauses > 0);
      then();
    });
  }

  private allow(frame: Frame): void {
    frame.bytes = new Uint8Array(frame.total);
    for (const data of frame.early.splice(0)) this.add(frame, data);
  }

  private add(frame: Frame, data: Uint8Array): void {
    if (!frame.bytes) return void frame.early.push(data); // read before the wire was paused
    if (frame.at + data.length > frame.total) throw new ProtocolError('a message longer than it said.');
    frame.bytes.set(data, frame.at);
    frame.at += data.length;
    if (frame.at < frame.total) return;
    this.forget();
    const { bytes, head } = frame;
    this.deliver(this.decode(bytes.subarray(0, head), bytes.subarray(head)));
  }

  /** Drops the frame that is under way, and frees its room in the store. */
  private forget(): void {
    if (this.frame?.bytes) this.stores?.incoming?.book(-this.frame.total);
    this.frame = undefined;
  }

  // ---- who counts as alive

  private setHeartbeat(heartbeatMs: number): void {
    clearInterval(this.beating);
    this.heartbeatMs = heartbeatMs;
    this.beating = setInterval(() => this.beat(), heartbeatMs);
  }

  private beat(): void {
    const now = clock();
    const [received, sent] = [this.wire.received(), this.wire.sent?.() ?? NaN];
    // If this side was held up or does not read, it still has to read what the peer has sent in the meantime.
    const heldUp = now - this.beatAt > 2 * this.heartbeatMs || this.pauses > 0;
    this.beatAt = now;
    if (received !== this.last.received || heldUp) this.heardAt = now;
    if (sent !== this.last.sent || heldUp || this.waiting === 0) this.readAt = now;
    this.last = { received, sent };
    const deadlineMs = DEADLINE_BEATS * this.heartbeatMs;
    const [silentMs, stuckMs] = [now - this.heardAt, now - this.readAt];
    if (silentMs > deadlineMs) this.cut(`no sign of life for ${(silentMs / 1000).toFixed(1)} s`);
    else if (stuckMs > deadlineMs && this.stores?.incoming) {
      const waiting = `${(this.waiting / 2 ** 20).toFixed(1)} MiB wait for it`;
      this.cut(`it has read nothing for ${(stuckMs / 1000).toFixed(1)} s, and ${waiting}`);
    } else this.wire.ping();
  }

  /** The wire is gone. */
  private gone(reason: string): void {
    clearInterval(this.beating);
    clearTimeout(this.impatient);
    this.end(reason); // first: a peer that is gone has not become quick at reading
    this.addWaiting(-this.waiting);
    this.queue.length = 0;
  }

  private end(reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.forget();
    this.listener.onClosed(this.bye ?? reason, this.bye);
  }
}
