// Who counts as alive, on a wire that the tests hold in their hands and a clock that they set.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Connection, DEADLINE_BEATS, PIECE_BYTES, type Wire } from '../../lib/cluster/connection.js';
import {
  MOST_BYTES,
  decodeFromScheduler,
  encode,
  type FromScheduler,
  type ToScheduler,
} from '../../lib/cluster/messages.js';
import { Store } from '../../lib/cluster/store.js';

const BEAT_MS = 1000;
const FAST_MS = 200;
const WELCOME: FromScheduler = { op: 'welcome', heartbeatMs: FAST_MS, workers: [], clients: 0, waiting: 0 };

let now = 0;
beforeEach(() => {
  now = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Lets time pass, in which this process runs all the while. */
function pass(ms: number): void {
  for (let i = 0; i < ms; i += 10) {
    now += 10;
    vi.advanceTimersByTime(10);
  }
}

/** A message that is whole says what it is. */
function nameOf(data: Uint8Array): string {
  try {
    return `send ${decodeFromScheduler(data).op}`;
  } catch {
    return 'piece';
  }
}

/** A connection, what was done to its wire, and what it reported. */
function connected({ received = 0 } = {}) {
  const done: string[] = [];
  const pieces: Uint8Array[] = [];
  const reported: string[] = [];
  const messages: FromScheduler[] = [];
  let onBytes: (data: Uint8Array) => void;
  let onClosed: (reason: string) => void;
  let onRoom: () => void;
  const peer = { received, sent: 0, room: Infinity };
  const wire: Wire = {
    listen: (bytes, closed, room) => ([onBytes, onClosed, onRoom] = [bytes, closed, room]),
    send(data) {
      pieces.push(data.slice());
      done.push(nameOf(data));
      return --peer.room > 0;
    },
    ping: () => void done.push('ping'),
    received: () => peer.received,
    sent: () => peer.sent,
    pause: (paused) => void done.push(paused ? 'pause' : 'resume'),
    close: () => void done.push('close'),
    destroy: () => void done.push('destroy'),
  };
  const onMessage = (message: FromScheduler) => {
    messages.push(message);
    reported.push(message.op);
  };
  const onCongested = (congested: boolean) => void reported.push(congested ? 'congested' : 'free');
  const closed = (reason: string, bye?: string) =>
    void reported.push(`closed: ${reason}${bye ? ' (bye)' : ''}`);
  const connection = new Connection(
    wire,
    decodeFromScheduler,
    { onMessage, onClosed: closed, onCongested },
    BEAT_MS,
  );
  return {
    connection,
    peer,
    done,
    pieces,
    reported,
    messages,
    /** There is room for so many pieces more. */
    drains: (room = Infinity) => {
      peer.room = room;
      onRoom();
    },
    brings: (data: Uint8Array) => onBytes(data.slice()),
    breaks: (reason: string) => onClosed(reason),
  };
}

describe('a connection', () => {
  test('row 5: is cut off once nothing has come for five heartbeats, and not before', () => {
    const c = connected();
    pass(DEADLINE_BEATS * BEAT_MS);
    expect(c.reported).toEqual([]);
    expect(c.done).toEqual(new Array(DEADLINE_BEATS).fill('ping'));
    pass(BEAT_MS);
    expect(c.reported).toEqual(['closed: no sign of life for 6.0 s']);
    expect(c.done.at(-1)).toBe('destroy');
    pass(10 * BEAT_MS);
    expect(c.reported.length).toBe(1);
  });

  test('lives as long as any bytes come, though no message is whole', () => {
    const c = connected();
    for (let i = 0; i < 20; i++) {
      c.peer.received++;
      pass(DEADLINE_BEATS * BEAT_MS);
    }
    expect(c.reported).toEqual([]);
  });

  test('lives where the other side cannot fall silent', () => {
    const c = connected({ received: NaN });
    pass(100 * BEAT_MS);
    expect(c.reported).toEqual([]);
  });

  test('is not cut off by a process that was held up itself: it hears the other side out first', () => {
    const c = connected();
    pass(3 * BEAT_MS);
    now += 60_000; // no timer ran
    vi.advanceTimersByTime(BEAT_MS);
    expect(c.reported).toEqual([]);
    pass(DEADLINE_BEATS * BEAT_MS - 10);
    expect(c.reported).toEqual([]);
    pass(2 * BEAT_MS);
    expect(c.reported.length).toBe(1);
  });

  test('takes over the heartbeat of the scheduler’s welcome', () => {
    const c = connected();
    c.brings(encode(WELCOME));
    pass(6 * FAST_MS);
    expect(c.reported).toEqual(['welcome', 'closed: no sign of life for 1.2 s']);
  });

  test('row 6: that is told to go reports why, and that it is not to come back', () => {
    const c = connected();
    c.brings(encode({ op: 'bye', reason: 'the scheduler was closed' }));
    c.breaks('connection closed (1000)');
    expect(c.reported).toEqual(['bye', 'closed: the scheduler was closed (bye)']);
  });

  test('that breaks reports how, once', () => {
    const c = connected();
    c.breaks('its connection broke off');
    c.breaks('again');
    expect(c.reported).toEqual(['closed: its connection broke off']);
  });

  test('that closes says why and lets everything arrive; a peer that stays is cut off after a second', () => {
    const c = connected();
    c.connection.close('full', true);
    expect([c.done, c.reported]).toEqual([['send bye', 'close'], ['closed: full']]);
    pass(990);
    expect(c.done).not.toContain('destroy');
    pass(10);
    expect(c.done.at(-1)).toBe('destroy');
  });

  test('that was closed hears nothing more, and sends nothing more', () => {
    const c = connected();
    c.connection.close('left');
    c.brings(encode(WELCOME));
    c.connection.send({ op: 'leave' });
    c.connection.close('again', true);
    expect([c.done, c.reported]).toEqual([['close'], ['closed: left']]);
  });

  test('row 17: that brings what is no message is closed by name', () => {
    const c = connected();
    c.brings(new Uint8Array([0xd9, 9]));
    expect(c.done).toEqual(['send bye', 'close']);
    expect(c.reported).toMatchObject([/^closed: 2 bytes cannot be read/]);
  });
});

/** A message with a value of so many bytes. */
const withValue = (bytes: number): FromScheduler & ToScheduler =>
  ({
    ...{ op: 'finished', ids: [1], worker: 'w', thread: 0, ages: new Float64Array(2) },
    values: new Uint8Array(bytes).fill(7),
  }) as never;

describe('a large message', () => {
  test.each([PIECE_BYTES, 200_000, 1_000_000])(
    'of %i bytes travels in pieces and arrives as it was',
    (bytes) => {
      const [from, to] = [connected(), connected()];
      from.connection.send(withValue(bytes));
      expect(Math.max(...from.pieces.map(({ length }) => length))).toBeLessThanOrEqual(PIECE_BYTES);
      expect(from.pieces.length).toBeGreaterThanOrEqual(bytes / PIECE_BYTES);
      for (const piece of from.pieces) to.brings(piece);
      const [{ values, ...rest }] = to.messages as (FromScheduler & { op: 'finished' })[];
      expect(rest).toMatchObject({ op: 'finished', ids: [1], worker: 'w' });
      expect([values.length, values.every((byte) => byte === 7)]).toEqual([bytes, true]);
    },
  );

  test('leaves room for heartbeats, and messages behind it keep their order', () => {
    const c = connected();
    c.peer.room = 2;
    c.connection.send(withValue(PIECE_BYTES - 1));
    c.connection.send(WELCOME);
    pass(BEAT_MS);
    expect(c.done).toEqual(['piece', 'piece', 'ping']);
    c.drains();
    expect(c.done).toEqual(['piece', 'piece', 'ping', 'piece', 'send welcome']);
  });

  test('that was sent before a goodbye arrives before it, however slowly', () => {
    const c = connected();
    c.peer.room = 1;
    c.connection.send(withValue(5 * PIECE_BYTES));
    c.connection.close('left', true);
    expect(c.reported).toEqual(['congested', 'free', 'closed: left'].slice(2));
    for (let i = 0; i < 5; i++) {
      c.peer.received++;
      c.peer.sent++;
      pass(BEAT_MS);
      expect(c.done).not.toContain('close');
      c.drains(1);
    }
    c.drains();
    expect(c.done.filter((each) => each !== 'ping').slice(-2)).toEqual(['send bye', 'close']);
  });

  test('that is longer than a connection takes is refused before there is memory for it', () => {
    const c = connected();
    c.connection.mostBytes = 1000;
    c.brings(new Uint8Array([0xc1, 0, 0, 0, 1, 0, 0, 0x03, 0xe9]));
    expect(c.reported).toEqual(['closed: a message of 1001 bytes; 1000 travel at most.']);
  });

  test('a scheduler that reads nothing of it has no room for it, and is waited for while it answers', () => {
    const c = connected();
    c.peer.room = 1;
    c.connection.send(withValue(PIECE_BYTES + 1));
    for (let i = 0; i < 100; i++) {
      c.peer.received++;
      pass(BEAT_MS);
    }
    expect(c.reported).toEqual([]);
    c.drains();
    expect(c.done.filter((each) => each === 'piece').length).toBeGreaterThan(1);
  });

  test('a peer that reads nothing of what a scheduler sends is cut off by name, though it answers', () => {
    const c = connected();
    c.connection.stores = { incoming: new Store(2 ** 30) };
    c.peer.room = 1;
    c.connection.send(withValue(40 * 2 ** 20));
    for (let i = 0; i < 6; i++) {
      c.peer.received++;
      pass(BEAT_MS);
    }
    expect(c.reported).toEqual([
      'congested',
      'closed: it has read nothing for 6.0 s, and 40.0 MiB wait for it',
      'free', // of a peer that is gone: nobody gives it work for that
    ]);
    expect(c.done.at(-1)).toBe('destroy');
  });

  test('a peer that reads slowly is congested until it has read, and lives', () => {
    const c = connected();
    c.peer.room = 1;
    c.connection.send(withValue(40 * 2 ** 20));
    for (let i = 0; i < 20; i++) {
      c.peer.received++;
      c.peer.sent++;
      pass(BEAT_MS);
      c.drains(1);
    }
    expect(c.reported).toEqual(['congested']);
    c.drains();
    expect(c.reported).toEqual(['congested', 'free']);
  });

  const header = (head: number, total: number) => {
    const view = new DataView(new ArrayBuffer(9));
    view.setUint8(0, 0xc1);
    view.setUint32(1, head);
    view.setUint32(5, total);
    return new Uint8Array(view.buffer);
  };
  test.each([
    ['is longer than one may be', [header(10, MOST_BYTES + 1)]],
    ['has a head longer than itself', [header(11, 10)]],
    ['goes on after its end', [header(4, 10), new Uint8Array(11)]],
    ['is none inside', [header(4, 10), new Uint8Array(10)]],
    ['has no length', [new Uint8Array([0xc1, 1])]],
  ])('that %s closes its connection by name, before any memory is taken for it', (_name, pieces) => {
    const c = connected();
    for (const piece of pieces) c.brings(piece);
    expect(c.reported).toMatchObject([/^closed: /]);
    expect(c.done).toEqual(['send bye', 'close']);
  });

  test('waits outside while there is no room for it, is not taken for dead, and comes in when there is', () => {
    const store = new Store(1_000_000);
    const from = connected();
    from.connection.send(withValue(600_000));
    const [first, second] = [connected(), connected()];
    for (const c of [first, second]) c.connection.stores = { incoming: store };
    first.brings(from.pieces[0]);
    for (const piece of from.pieces.slice(0, 3)) second.brings(piece);
    expect([first.done, second.done]).toEqual([['pause', 'resume'], ['pause']]);
    for (let i = 0; i < 20; i++) {
      first.peer.received++;
      pass(BEAT_MS);
    }
    expect([first.reported, second.reported]).toEqual([[], []]);
    for (const piece of from.pieces.slice(1)) first.brings(piece);
    expect(second.done.filter((each) => each !== 'ping')).toEqual(['pause', 'resume']);
    for (const piece of from.pieces.slice(3)) second.brings(piece);
    expect([first.reported, second.reported]).toEqual([['finished'], ['finished']]);
  });

  test('of any size waits outside while the store is full: small ones cannot fill a process either', () => {
    let kept = 0;
    const store = new Store(1_000_000, () => kept);
    const from = connected();
    from.connection.send(WELCOME);
    from.connection.send(withValue(600_000));
    const c = connected();
    c.connection.stores = { incoming: store };
    c.brings(from.pieces[0]);
    expect([c.reported, c.done]).toEqual([['welcome'], []]);
    kept = 1_000_001;
    c.brings(from.pieces[0]);
    expect([c.reported, c.done]).toEqual([['welcome', 'welcome'], ['pause']]);
    for (const piece of from.pieces) c.brings(piece); // read before the pause
    for (let i = 0; i < 100; i++) pass(BEAT_MS);
    expect(c.done.filter((each) => each !== 'ping').at(-1)).toBe('pause');
    expect(c.reported).toEqual(['welcome', 'welcome', 'welcome']);
    kept = 0;
    store.serve();
    expect(c.done.filter((each) => each !== 'ping').at(-1)).toBe('resume');
    expect(c.reported).toEqual(['welcome', 'welcome', 'welcome', 'finished']);
  });

  test('of a peer that is gone takes no room from the others', () => {
    const store = new Store(1_000_000);
    const from = connected();
    from.connection.send(withValue(600_000));
    const [first, second, third] = [connected(), connected(), connected()];
    for (const c of [first, second, third]) {
      c.connection.stores = { incoming: store };
      c.brings(from.pieces[0]);
    }
    second.breaks('gone');
    first.breaks('gone');
    for (const piece of from.pieces.slice(1)) third.brings(piece);
    expect(third.reported).toEqual(['finished']);
  });
});

describe('a store', () => {
  test('lets in what fits, in the order of asking, and something of any size into an empty one', () => {
    let kept = 0;
    const store = new Store(10, () => kept);
    const came: number[] = [];
    for (const bytes of [25, 4, 5, 1]) store.ask(bytes, () => came.push(bytes));
    expect(came).toEqual([25]);
    kept = 3;
    store.book(-25);
    expect(came).toEqual([25, 4]);
    kept = 0;
    store.serve();
    expect(came).toEqual([25, 4, 5, 1]);
  });
});
