import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPool } from '../../../lib/execute/pool.js';
import { startSerial } from '../../../lib/execute/serial.js';
import { InvalidArgumentError } from '../../../lib/errors.js';
import {
  LEDGER_ROWS,
  LedgerBook,
  ledgerOfRun,
  serialPartOf,
  type Ledger,
  type LedgerOptions,
} from '../../../tools/measure/ledger.js';
import { partition } from '../../../lib/sampling/partition.js';
import { keyOfSeed } from '../../../lib/sampling/seed.js';
import { clock, type Executor, type ExecutorEvent } from '../../../lib/task/executor.js';
import type { Task } from '../../../lib/task/task.js';

const queued = (task: string, time: number): ExecutorEvent => ({ type: 'queued', task, time });
const ran = (task: string, thread: number, start: number, end: number, time: number): ExecutorEvent[] => [
  { type: 'started', task, worker: 'w', thread, time: start },
  { type: 'finished', task, worker: 'w', thread, start, end, time },
];
const ledgerOf = (events: readonly ExecutorEvent[], options: LedgerOptions, began = 0): Ledger => {
  const book = new LedgerBook(began);
  for (const event of events) book.add(event);
  return book.ledger(options);
};
/** The rows in ms, without those of nothing. */
const msOf = ({ rows }: Ledger) =>
  Object.fromEntries(
    rows
      .filter(({ seconds }) => Math.abs(seconds) > 1e-12)
      .map(({ name, seconds }) => [name, Math.round(seconds * 1e6) / 1e3]),
  );
const total = ({ rows }: Ledger) => rows.reduce((sum, { seconds }) => sum + seconds, 0);

// Two threads from 0 to 1000. Tasks are there at 100; thread 0 runs a (110-400, delivered 405) and c (410-900, delivered
// 905), thread 1 runs b (120-500, delivered 502). The caller ends at 1000.
const plain = [
  queued('a', 100),
  queued('b', 100),
  queued('c', 101),
  ...ran('a', 0, 110, 400, 405),
  ...ran('b', 1, 120, 500, 502),
  ...ran('c', 0, 410, 900, 905),
];

describe('the ledger of a run by hand', () => {
  test('each cause has its own time, and nothing is unexplained', () => {
    expect(msOf(ledgerOf(plain, { ended: 1000 }))).toEqual({
      'start-up': 200,
      dispatch: 10 + 20 + 5,
      compute: 290 + 380 + 490,
      transfer: 5 + 2 + 5,
      imbalance: 905 - 502,
      tail: 2 * 95,
    });
  });

  test('a thread without a task is idle from the start, and counts', () => {
    const ledger = ledgerOf(plain, { ended: 1000, threads: 3 });
    expect(ledger.threads).toBe(3);
    expect(msOf(ledger)).toMatchObject({ 'start-up': 300, imbalance: 403 + 805, tail: 3 * 95 });
    expect(total(ledger)).toBeCloseTo(3, 12);
  });

  test('compute is the price measured apart, slower cores what tasks with others beside them took more', () => {
    // Each thread runs four tasks of 100 ms, but for the first and the last of thread 1, which are alone for a while.
    const took = [
      [100, 100, 100, 100],
      [60, 100, 100, 70],
    ];
    const events = took.flatMap((all, thread) =>
      all.flatMap((ms, i) => {
        const [task, start] = [`${thread}-${i}`, all.slice(0, i).reduce((sum, each) => sum + each, 0)];
        return [queued(task, 0), ...ran(task, thread, start, start + ms, start + ms)];
      }),
    );
    expect(msOf(ledgerOf(events, { ended: 400, aloneMs: 500 }))).toEqual({
      compute: 500,
      'cores slowed': 8 * 100 - 500,
      imbalance: 70,
      unexplained: -70,
    });
    expect(msOf(ledgerOf(events, { ended: 400 }))).toEqual({ compute: 730, imbalance: 70 });
  });

  test('with one thread, or too few tasks to have others beside them, all that tasks took counts', () => {
    const one = [queued('a', 0), ...ran('a', 0, 0, 300, 300)];
    expect(msOf(ledgerOf(one, { ended: 300, aloneMs: 200 }))).toEqual({ compute: 300 });
    const few = ledgerOf(plain, { ended: 1000, aloneMs: 870 });
    expect(msOf(few)).toMatchObject({ compute: 870, 'cores slowed': 1160 - 870 });
    expect(msOf(few)).not.toHaveProperty('unexplained');
  });

  test('a thread that has its next task at hand does not wait for the last result to arrive', () => {
    const events = [
      queued('a', 0),
      queued('b', 0),
      ...ran('a', 0, 0, 400, 800),
      ...ran('b', 0, 410, 800, 800),
    ];
    expect(msOf(ledgerOf(events, { ended: 800 }))).toEqual({ dispatch: 10, compute: 790 });
  });

  test('time in which the caller has made no task yet is no dispatch', () => {
    const events = [
      queued('a', 0),
      ...ran('a', 0, 0, 100, 100),
      queued('b', 300),
      ...ran('b', 0, 310, 500, 500),
    ];
    expect(msOf(ledgerOf(events, { ended: 500 }))).toEqual({ imbalance: 200, dispatch: 10, compute: 290 });
  });

  test('a try that failed and a worker that left are lost time, and one that joined late came up late', () => {
    const events: ExecutorEvent[] = [
      queued('a', 0),
      queued('b', 0),
      { type: 'started', task: 'a', worker: 'v', thread: 0, time: 0 },
      { type: 'joined', worker: 'w', threads: 1, time: 200 },
      { type: 'failed', task: 'a', worker: 'v', thread: 0, message: 'gone', retried: true, time: 300 },
      { type: 'left', worker: 'v', reason: 'gone', time: 300 },
      ...ran('a', 0, 200, 600, 600),
      ...ran('b', 0, 600, 1000, 1000),
    ];
    expect(msOf(ledgerOf(events, { ended: 1000 }))).toEqual({
      'start-up': 200,
      compute: 800,
      lost: 300 + 700,
    });
  });

  test('a thread that is free while any task is queued waits for dispatch, whichever task it gets', () => {
    const events: ExecutorEvent[] = [
      queued('a', 0),
      queued('b', 0),
      queued('c', 0),
      ...ran('a', 0, 0, 100, 100),
      ...ran('b', 1, 0, 200, 200),
      queued('d', 240),
      ...ran('c', 1, 250, 500, 500),
      ...ran('d', 0, 260, 500, 500),
    ];
    expect(msOf(ledgerOf(events, { ended: 500 }))).toEqual({ dispatch: 160 + 50, compute: 300 + 250 + 240 });
  });

  test('tasks that are dropped leave the queue, and their thread with what it ran of them', () => {
    const events: ExecutorEvent[] = [
      queued('a', 0),
      queued('b', 0),
      ran('a', 1, 0, 0, 0)[0],
      { type: 'dropped', task: 'a', worker: 'w', time: 100 },
      { type: 'dropped', task: 'b', worker: 'w', time: 100 }, // was with the worker, and not begun
      queued('c', 300),
      ...ran('c', 1, 310, 400, 400),
    ];
    expect(msOf(ledgerOf(events, { ended: 400 }))).toEqual({
      lost: 100,
      imbalance: 200,
      dispatch: 10,
      compute: 90,
    });
  });

  test('a worker that is told to have left twice has left once', () => {
    const left: ExecutorEvent = { type: 'left', worker: 'w', reason: 'gone', time: 500 };
    const events = [queued('a', 0), ...ran('a', 0, 0, 500, 500), left, { ...left, time: 600 }];
    expect(msOf(ledgerOf(events, { ended: 1000 }))).toEqual({ compute: 500, lost: 500 });
  });

  test('asked while tasks run, it counts them up to now', () => {
    const events = [
      queued('a', 0),
      ...ran('a', 0, 0, 400, 410),
      queued('b', 0),
      { ...ran('b', 0, 430, 0, 0)[0] },
    ];
    expect(msOf(ledgerOf(events, { ended: 700 }))).toEqual({
      compute: 400 + 270,
      transfer: 10,
      dispatch: 20,
    });
  });

  test('asked while tasks run, it books what they waited for as it does when they have ended', () => {
    // b was with the thread before a's result had arrived; c had been queued late; thread 1 is free while others work.
    const ahead = [queued('a', 0), queued('b', 0), ...ran('a', 0, 0, 400, 410), ran('b', 0, 401, 0, 0)[0]];
    expect(msOf(ledgerOf(ahead, { ended: 700 }))).toEqual({ compute: 400 + 299, dispatch: 1 });
    const late = [queued('a', 0), ...ran('a', 0, 0, 100, 100), queued('c', 300), ran('c', 0, 310, 0, 0)[0]];
    expect(msOf(ledgerOf(late, { ended: 400 }))).toEqual({ compute: 190, imbalance: 200, dispatch: 10 });
    const free = [...ahead, queued('d', 0), ...ran('d', 1, 0, 200, 200)];
    expect(msOf(ledgerOf(free, { ended: 700 }))).toMatchObject({ compute: 899, imbalance: 500 });
    expect(msOf(ledgerOf([...free, queued('e', 600)], { ended: 700 }))).toMatchObject({
      imbalance: 400,
      dispatch: 101,
    });
  });

  test('times of one thread that overlap count once, and the rows still add up', () => {
    const events = [
      queued('a', 0),
      queued('b', 0),
      ...ran('a', 0, 0, 500, 500),
      ...ran('b', 0, 400, 990, 990),
      ...ran('c', 1, -5, 600, 610),
    ];
    const ledger = ledgerOf(events, { ended: 1000 });
    expect(msOf(ledger)).toEqual({ compute: 990 + 600, transfer: 10, imbalance: 380, tail: 20 });
    expect(total(ledger)).toBeCloseTo(2, 12);
  });

  test('an end before the beginning is refused', () => {
    expect(() => ledgerOf(plain, { ended: 0 })).toThrow(InvalidArgumentError);
  });

  test('the serial part leaves slower cores out: Karp-Flatt of the same run on cores that are not', () => {
    const slow = ledgerOf(
      [queued('a', 0), queued('b', 0), ...ran('a', 0, 0, 900, 900), ...ran('b', 1, 0, 900, 900)],
      { ended: 1000, aloneMs: 900 },
    );
    const fast = ledgerOf(
      [queued('a', 0), queued('b', 0), ...ran('a', 0, 0, 450, 450), ...ran('b', 1, 0, 450, 450)],
      { ended: 550, aloneMs: 900 },
    );
    expect(serialPartOf(slow)).toBeCloseTo(serialPartOf(fast), 12);
    // 900 ms of work in 550 ms on two threads.
    expect(serialPartOf(slow)).toBeCloseTo(550 / 900 / 0.5 - 1, 12);
  });
});

describe('the ledger of real runs', () => {
  const key = keyOfSeed(2017);
  const counts = (samples: number, parts: number): Task[] =>
    Array.from(partition(samples, parts), (part) => ({
      key: `count-${part.start}`,
      operation: 'countInside',
      input: { key, ...part },
    }));
  let pool: Executor;
  beforeAll(async () => {
    pool = await startPool({ workers: 2 });
  });
  afterAll(() => pool.close());

  test.each([
    ['few large tasks', 2e7, 7],
    ['many small tasks, in batches', 1e7, 3000],
    ['fewer tasks than threads', 5e6, 1],
  ])('%s on a pool: rows of both threads, unexplained at most 2 %%', async (_, samples, parts) => {
    const book = new LedgerBook();
    let busy = 0;
    await pool.run(counts(samples, parts), {
      onEvent: (event) => {
        book.add(event);
        if (event.type === 'finished') busy += event.end - event.start;
      },
    });
    const ledger = book.ledger({ threads: pool.workers });
    expect(ledger.threads).toBe(2);
    expect(total(ledger)).toBeCloseTo(2 * ledger.makespanSeconds, 9);
    const share = Object.fromEntries(ledger.rows.map((row) => [row.name, row.share]));
    expect(Math.abs(share.unexplained)).toBeLessThan(0.02);
    expect(share.compute * 2 * ledger.makespanSeconds).toBeCloseTo(busy / 1000, 6);
    for (const name of ['start-up', 'dispatch', 'compute', 'transfer', 'imbalance', 'tail'])
      expect(share[name]).toBeGreaterThanOrEqual(0);
  });

  test('the ledger of the serial executor is of one thread, and adds up', async () => {
    const book = new LedgerBook();
    await (await startSerial()).run(counts(2e7, 20), { onEvent: book.add });
    const ledger = book.ledger();
    expect(ledger.threads).toBe(1);
    expect(total(ledger)).toBeCloseTo(ledger.makespanSeconds, 9);
    expect(ledger.rows.find(({ name }) => name === 'unexplained')!.share).toBeCloseTo(0, 6);
  });

  test(
    'the ledger of a run has all rows, with costs that were measured apart, and adds up',
    { timeout: 120_000 },
    async () => {
      const ledger = await ledgerOfRun(pool, { samples: 5e6, chunk: 1e6, rounds: 1 });
      expect(ledger.rows.map(({ name }) => name)).toEqual(Object.keys(LEDGER_ROWS));
      expect(ledger.threads).toBe(2);
      expect(total(ledger)).toBeCloseTo(2 * ledger.makespanSeconds, 9);
    },
  );

  test('fifty thousand tasks are booked', () => {
    const book = new LedgerBook();
    const began = clock();
    for (let i = 0; i < 50_000; i++)
      for (const event of [
        queued(`${i}`, began + i),
        ...ran(`${i}`, 0, began + i, began + i + 1, began + i + 1),
      ])
        book.add(event);
    expect(
      book.ledger({ ended: began + 50_000 }).rows.find(({ name }) => name === 'compute')!.seconds,
    ).toBeCloseTo(50, 3);
  });
});
