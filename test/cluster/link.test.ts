// The way of a worker or client to its scheduler, over wires that the tests hold in their hands.
import { afterEach, expect, test, vi } from 'vitest';
import type { Wire } from '../../lib/cluster/connection.js';
import { Link, type LinkOptions } from '../../lib/cluster/link.js';
import { encode, type FromScheduler } from '../../lib/cluster/messages.js';
import { ConnectionError, InvalidArgumentError, ProtocolError } from '../../lib/errors.js';
import { until } from '../support/cluster.js';

const WELCOME: FromScheduler = { op: 'welcome', heartbeatMs: 60_000, workers: [], clients: 0, waiting: 0 };
const BYE = { op: 'bye', reason: 'no room' } as const;

const links: Link[] = [];
afterEach(() => {
  for (const link of links.splice(0)) link.close();
});

/** A scheduler that sends these messages on each connection, and then closes it, or waits. */
function wireThat(messages: readonly FromScheduler[], { closes }: { closes: boolean }): Wire {
  let closed = (_reason: string) => {};
  return {
    listen(onBytes, onClosed) {
      closed = onClosed;
      queueMicrotask(() => {
        for (const message of messages) onBytes(encode(message).slice());
        if (closes) onClosed('dropped');
      });
    },
    send: () => true,
    ping: () => {},
    received: () => NaN,
    close: () => closed('closed'),
    destroy: () => {},
  };
}

function start(dial: () => Promise<Wire>, more: Partial<LinkOptions> = {}) {
  const posted: string[] = [];
  const link = new Link({
    dial,
    post: (event) => posted.push(event.type === 'message' ? event.message.op : event.type),
    patienceMs: { first: 100, later: 100 },
    giveUp: (seconds, why, lost) => `gave up after ${seconds} s: ${why} (${lost ?? 'never connected'})`,
    ...more,
  });
  links.push(link);
  return { link, posted };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
const nobody = () => Promise.reject(new ConnectionError('nobody listens'));

test('row 8: a scheduler that is not there is looked for, and given up by name', async () => {
  const { link } = start(nobody);
  const error = await failure(link.ended);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error.message).toBe('gave up after 0.1 s: nobody listens (never connected)');
  expect(await failure(link.joined)).toBe(error);
});

test('a scheduler that lets us in and drops us each time is given up by name', async () => {
  const { link } = start(() => Promise.resolve(wireThat([WELCOME], { closes: true })));
  const error = await failure(link.ended);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error.message).toBe('gave up after 0.1 s: dropped (dropped)');
  await link.joined;
});

test('so is a connection that lasted: an idle worker does not give up as it loses its scheduler', async () => {
  let dialled = 0;
  let drop = () => {};
  const wire = () => ({
    ...wireThat([], { closes: false }),
    listen: (onBytes: (data: Uint8Array) => void, onClosed: (reason: string) => void) => {
      drop = () => onClosed('dropped');
      queueMicrotask(() => onBytes(encode(WELCOME).slice()));
    },
  });
  const { link } = start(() => (dialled++, Promise.resolve(wire())), { patienceMs: { first: 0, later: 0 } });
  await link.joined;
  const later = performance.now() + 60_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
  drop();
  await until(() => dialled === 2);
  clock.mockRestore();
});

test('a connection that brought more than a welcome is progress: the search starts anew', async () => {
  let dialled = 0;
  const progress = [WELCOME, { op: 'stop', batch: 1 }] as const;
  const { link, posted } = start(
    () => (dialled++, Promise.resolve(wireThat(progress, { closes: dialled < 200 }))),
    { patienceMs: { first: 0, later: 0 } },
  );
  await until(() => dialled === 200 && posted.filter((each) => each === 'stop').length === 200);
  expect(posted.slice(0, 8)).toEqual([
    'opened',
    'welcome',
    'stop',
    'closed',
    'opened',
    'welcome',
    'stop',
    'closed',
  ]);
  expect(link.up).toBe(true);
});

test('row 6: sent away, it ends with the reason and does not dial again', async () => {
  let dialled = 0;
  const { link } = start(() => (dialled++, Promise.resolve(wireThat([BYE], { closes: true }))));
  expect(await link.ended).toEqual({ reason: 'no room', sentAway: true });
  expect(await failure(link.joined)).toEqual(new ProtocolError('no room'));
  expect(dialled).toBe(1);
});

test('what no second try can help ends it at once', async () => {
  const { link } = start(() => Promise.reject(new InvalidArgumentError('no address')));
  expect(await failure(link.ended)).toBeInstanceOf(InvalidArgumentError);
});

test('closed while it searches, it ends, and dials no more', async () => {
  let dialled = 0;
  const { link } = start(() => (dialled++, nobody()), { patienceMs: { first: 1e9, later: 1e9 } });
  await until(() => dialled > 0);
  link.close();
  expect(await link.ended).toEqual({ reason: 'left', sentAway: false });
  const last = dialled;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(dialled).toBe(last);
});

test('closed while it dials, it ends, whether the scheduler answers or not', async () => {
  let answer: ((wire: Wire) => void) | undefined;
  let refuse: ((error: Error) => void) | undefined;
  const dial = () => new Promise<Wire>((resolve, reject) => ([answer, refuse] = [resolve, reject]));
  const answered = start(dial).link;
  answered.close();
  let destroyed = 0;
  answer!({ ...wireThat([WELCOME], { closes: false }), destroy: () => destroyed++ });
  expect(await answered.ended).toEqual({ reason: 'left', sentAway: false });
  expect(destroyed).toBe(1);
  const refused = start(dial, { patienceMs: { first: 0, later: 0 } }).link;
  refused.close();
  refuse!(new ConnectionError('nobody listens'));
  expect(await refused.ended).toEqual({ reason: 'left', sentAway: false });
});

test('closed while it is up, it closes in order and ends', async () => {
  const { link, posted } = start(() => Promise.resolve(wireThat([WELCOME], { closes: false })));
  await link.joined;
  expect(link.up).toBe(true);
  link.close();
  expect(await link.ended).toEqual({ reason: 'left', sentAway: false });
  expect(posted).toEqual(['opened', 'welcome', 'closed']);
});
