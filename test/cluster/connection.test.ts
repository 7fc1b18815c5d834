// Who counts as alive, on a wire that the tests hold in their hands and a clock that they set.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Connection, DEADLINE_BEATS, type Wire } from '../../lib/cluster/connection.js';
import { decodeFromScheduler, encode, type FromScheduler } from '../../lib/cluster/messages.js';

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

/** A connection, what was done to its wire, and what it reported. */
function connected({ received = 0 } = {}) {
  const done: string[] = [];
  const reported: string[] = [];
  let onBytes: (data: Uint8Array) => void;
  let onClosed: (reason: string) => void;
  const peer = { received };
  const wire: Wire = {
    listen: (bytes, closed) => ([onBytes, onClosed] = [bytes, closed]),
    send: (data) => void done.push(`send ${decodeFromScheduler(data).op}`),
    ping: () => void done.push('ping'),
    received: () => peer.received,
    close: () => void done.push('close'),
    destroy: () => void done.push('destroy'),
  };
  const onMessage = ({ op }: FromScheduler) => void reported.push(op);
  const closed = (reason: string, bye?: string) =>
    void reported.push(`closed: ${reason}${bye ? ' (bye)' : ''}`);
  const connection = new Connection(wire, decodeFromScheduler, { onMessage, onClosed: closed }, BEAT_MS);
  return {
    connection,
    peer,
    done,
    reported,
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
