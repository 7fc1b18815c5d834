import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MOST_BOXES } from '../../../tools/dashboard/task-stream.js';
import type { Picture } from '../../../tools/dashboard/picture.js';
import { Recorder } from '../../../tools/dashboard/recorder.js';
import type { ExecutorEvent } from '../../../lib/task/executor.js';
import { tries } from '../../support/thorough.js';

const T0 = 1_700_000_000_000;
const SECONDS = tries(60);

/** A picture of events that are given as short rows, with times from 0. */
function pictureOf(events: readonly ExecutorEvent[], now = 0): Picture {
  const recorder = new Recorder('test');
  recorder.advance(T0);
  for (const event of events) recorder.add(event);
  recorder.advance(T0 + now);
  return recorder.picture();
}
const joined = (worker: string, threads: number, time: number): ExecutorEvent => ({
  type: 'joined',
  worker,
  threads,
  time: T0 + time,
});
const left = (worker: string, time: number): ExecutorEvent => ({
  type: 'left',
  worker,
  reason: 'its socket closed',
  time: T0 + time,
});
const queued = (task: string, time: number): ExecutorEvent => ({ type: 'queued', task, time: T0 + time });
const started = (task: string, worker: string, thread: number, time: number): ExecutorEvent => ({
  type: 'started',
  task,
  worker,
  thread,
  time: T0 + time,
});
const finished = (
  task: string,
  worker: string,
  thread: number,
  start: number,
  end: number,
  time = end,
): ExecutorEvent => ({
  type: 'finished',
  task,
  worker,
  thread,
  start: T0 + start,
  end: T0 + end,
  time: T0 + time,
});
const failed = (
  task: string,
  worker: string,
  thread: number,
  retried: boolean,
  time: number,
): ExecutorEvent => ({
  type: 'failed',
  task,
  worker,
  thread,
  message: 'no',
  retried,
  time: T0 + time,
});

/** What a pool of `threads` tells about tasks of these lengths, each taken by the thread that is free first. */
function poolRun(
  threads: number,
  lengths: readonly number[],
  gap: number,
  transfer: number,
  from = 0,
): ExecutorEvent[] {
  const events: ExecutorEvent[] = lengths.map((_, i) => queued(`t-${from}-${i}`, from));
  const free = new Array<number>(threads).fill(from);
  lengths.forEach((length, i) => {
    const thread = free.indexOf(Math.min(...free));
    const [start, end] = [free[thread] + gap, free[thread] + gap + length];
    events.push(
      started(`t-${from}-${i}`, 'local', thread, start),
      finished(`t-${from}-${i}`, 'local', thread, start, end, end + transfer),
    );
    free[thread] = end;
  });
  return events.sort((a, b) => a.time - b.time);
}

/** The rows of the ledger that are not 0, in thread-milliseconds. */
const spentOf = ({ ledger }: Pick<Picture, 'ledger'>) =>
  Object.fromEntries(
    ledger.rows.flatMap(({ name, seconds }) => {
      const ms = Math.round(seconds * 1e6) / 1e3;
      return ms === 0 ? [] : [[name, ms]];
    }),
  );
const boxesOf = ({ rows }: Picture) => rows.flatMap(({ boxes }) => boxes);

describe('the recorder', () => {
  test('two threads and three tasks: rows, boxes, progress and where the time went', () => {
    const picture = pictureOf([
      joined('local', 2, 0),
      queued('a', 0),
      queued('b', 0),
      queued('c', 0),
      started('a', 'local', 0, 0),
      started('b', 'local', 1, 0),
      finished('a', 'local', 0, 0, 100, 104),
      started('c', 'local', 0, 110),
      finished('b', 'local', 1, 0, 160),
      finished('c', 'local', 0, 110, 210),
    ]);
    const box = { count: 1, again: false };
    const gap = { count: 0, again: false, busyMs: 0, task: '' };
    expect(picture.rows.map(({ worker, thread, boxes }) => ({ worker, thread, boxes }))).toEqual([
      {
        worker: 'local',
        thread: 0,
        boxes: [
          { cause: 'compute', start: 0, end: 100, busyMs: 100, task: 'a', ...box },
          { cause: 'transfer', start: 100, end: 104, ...gap },
          { cause: 'dispatch', start: 104, end: 110, ...gap },
          { cause: 'compute', start: 110, end: 210, busyMs: 100, task: 'c', ...box },
        ],
      },
      {
        worker: 'local',
        thread: 1,
        boxes: [{ cause: 'compute', start: 0, end: 160, busyMs: 160, task: 'b', ...box }],
      },
    ]);
    expect(picture.progress).toEqual({
      queued: 3,
      waiting: 0,
      running: 0,
      finished: 3,
      failed: 0,
      dropped: 0,
      retried: 0,
    });
    expect(picture.ledger).toMatchObject({ threads: 2, makespanMs: 210 });
    expect(spentOf(picture)).toEqual({ compute: 360, transfer: 4, dispatch: 6, imbalance: 50 });
  });

  test('a running task grows with time', () => {
    const events = [joined('w', 1, 0), queued('a', 0), started('a', 'w', 0, 5)];
    expect(pictureOf(events, 50).rows[0].running).toEqual({ task: 'a', start: 5, again: false });
    expect(spentOf(pictureOf(events, 50))).toEqual({ compute: 45 });
    expect(pictureOf(events, 80).ledger.makespanMs).toBe(75);
  });

  test('a lost worker is marked, and what runs again is outlined', () => {
    const picture = pictureOf([
      joined('w1', 1, 0),
      joined('w2', 1, 0),
      queued('a', 0),
      started('a', 'w1', 0, 0),
      failed('a', 'w1', 0, true, 40),
      left('w1', 42), // as a client hears it, a moment later
      started('a', 'w2', 0, 50),
      finished('a', 'w2', 0, 50, 90),
    ]);
    expect(picture.rows[0].left).toEqual({ time: 42, reason: 'its socket closed' });
    expect(picture.rows[0].boxes[0]).toMatchObject({ cause: 'lost', end: 40 });
    expect(picture.rows[1].boxes.at(-1)).toMatchObject({ cause: 'compute', task: 'a', again: true });
    expect(picture.progress).toMatchObject({ waiting: 0, running: 0, finished: 1, failed: 0, retried: 1 });
    expect(spentOf(picture).lost).toBe(40 + 48); // the try, and the thread that is gone until the end
    expect(picture.workers.map(({ name, left }) => [name, left])).toEqual([
      ['w1', 'its socket closed'],
      ['w2', undefined],
    ]);
  });

  test('waits no longer once it has ended elsewhere, though no second start was told', () => {
    const lost = [
      joined('a', 1, 0),
      joined('b', 1, 0),
      queued('t', 0),
      started('t', 'a', 0, 1),
      left('a', 2),
    ];
    const progressOf = (...then: ExecutorEvent[]) => pictureOf([...lost, ...then]).progress;
    expect(progressOf()).toMatchObject({ waiting: 1, running: 0, retried: 1 });
    expect(progressOf(finished('t', 'b', 0, 3, 4))).toMatchObject({ waiting: 0, running: 0, finished: 1 });
    const lostAgain = failed('t', 'b', 0, true, 4);
    expect(progressOf(lostAgain)).toMatchObject({ waiting: 1, running: 0, retried: 2 });
    const atLast = [lostAgain, started('t', 'b', 0, 5), finished('t', 'b', 0, 5, 6)];
    expect(progressOf(...atLast)).toMatchObject({ waiting: 0, running: 0, finished: 1, retried: 2 });
  });

  test('a cancelled run leaves nothing behind: no box grows, nothing waits', () => {
    const events: ExecutorEvent[] = [
      joined('w', 2, 0),
      ...['a', 'b', 'c', 'd'].map((task) => queued(task, 0)),
      started('a', 'w', 0, 0),
      started('b', 'w', 1, 0),
      { type: 'dropped', task: 'd', time: T0 + 30 },
      { type: 'dropped', task: 'b', worker: 'w', time: T0 + 40 },
      { type: 'dropped', task: 'c', worker: 'w', time: T0 + 40 }, // ahead on w, and not begun
      finished('a', 'w', 0, 0, 50),
    ];
    const { progress, rows, ledger, now } = pictureOf(events, 500);
    expect(progress).toEqual({
      ...{ queued: 4, waiting: 0, running: 0, finished: 1, failed: 0, dropped: 3, retried: 0 },
    });
    expect(rows.map(({ running, boxes }) => [running, boxes[0].cause, boxes[0].end])).toEqual([
      [undefined, 'compute', 50],
      [undefined, 'lost', 40],
    ]);
    expect([ledger.makespanMs, now]).toEqual([50, 500]);
  });

  test('a dropped task frees its own thread, however alike two long names begin', () => {
    const [one, other] = ['x'.repeat(150) + 1, 'x'.repeat(150) + 2];
    const picture = pictureOf([
      ...[queued(one, 0), queued(other, 0), started(one, 'w', 0, 0), started(other, 'w', 1, 0)],
      { type: 'dropped', task: other, worker: 'w', time: T0 + 30 },
    ]);
    expect(picture.rows.map(({ running, boxes }) => [running?.task.length, boxes.length])).toEqual([
      [120, 0],
      [undefined, 1],
    ]);
  });

  test('a slow worker’s task that a second one finished leaves no box growing on the first', () => {
    const picture = pictureOf(
      [
        joined('a', 1, 0),
        joined('b', 1, 0),
        queued('x', 0),
        started('x', 'a', 0, 10),
        finished('x', 'b', 0, 500, 600),
      ],
      1000,
    );
    expect(picture.progress).toMatchObject({ running: 0, waiting: 0, finished: 1, failed: 0 });
    expect(boxesOf(picture).map(({ cause, start, end }) => [cause, start, end])).toEqual([
      ['lost', 10, 600],
      ['dispatch', 10, 500],
      ['compute', 500, 600],
    ]);
  });

  test('a gap is imbalance until the next task is queued, and dispatch from then on', () => {
    const events = [joined('local', 1, 0), queued('a', 0), started('a', 'local', 0, 0)];
    events.push(finished('a', 'local', 0, 0, 100), queued('b', 160), started('b', 'local', 0, 175));
    const { rows, ledger } = pictureOf([...events, finished('b', 'local', 0, 175, 200)]);
    expect(rows[0].boxes.map(({ cause, start, end }) => [cause, start, end])).toEqual([
      ['compute', 0, 100],
      ['imbalance', 100, 160],
      ['dispatch', 160, 175],
      ['compute', 175, 200],
    ]);
    expect(spentOf({ ledger })).toEqual({ compute: 125, imbalance: 60, dispatch: 15 });
  });

  test('times that overlap by the way of their messages are cut: each moment is drawn and booked once', () => {
    const { rows, ledger } = pictureOf([
      ...[joined('w', 1, 0), queued('a', 0), queued('b', 0)],
      ...[started('a', 'w', 0, 0), finished('a', 'w', 0, 0, 100)],
      ...[started('b', 'w', 0, 97), finished('b', 'w', 0, 96, 200)],
    ]);
    expect(rows[0].boxes.map(({ cause, start, end }) => [cause, start, end])).toEqual([
      ['compute', 0, 100],
      ['compute', 100, 200],
    ]);
    expect(spentOf({ ledger })).toEqual({ compute: 200 });
  });

  test('a run after a silence has accounts of its own', () => {
    const lengths = new Array<number>(10).fill(100);
    for (const [silence, drawn] of [
      [5000, 20],
      [60_000, 10], // after a long silence the stream begins anew
    ]) {
      const picture = pictureOf([...poolRun(1, lengths, 1, 0), ...poolRun(2, lengths, 1, 0, silence)]);
      expect(picture.run).toBe(2);
      expect(picture.progress.queued).toBe(10);
      expect(boxesOf(picture).filter(({ cause }) => cause === 'compute').length).toBe(drawn);
      expect(picture.ledger.makespanMs).toBeLessThan(600);
    }
  });

  test('who comes and goes after a run is none of it', () => {
    const run = [
      joined('w1', 1, 0),
      queued('a', 0),
      started('a', 'w1', 0, 0),
      finished('a', 'w1', 0, 0, 400),
    ];
    const { ledger } = pictureOf(run);
    const later = pictureOf([...run, joined('w2', 2, 500), left('w1', 600), left('w2', 650)], 900);
    expect(later.ledger).toEqual(ledger);
    expect(ledger).toMatchObject({ threads: 1, makespanMs: 400 });
  });

  test('where all threads left with nothing to do, as racers do by turns, the next begins a new run', () => {
    const turn = (worker: string, from: number): ExecutorEvent[] => [
      joined(worker, 1, from),
      queued('a', from),
      started('a', worker, 0, from + 5),
      finished('a', worker, 0, from + 5, from + 305),
      left(worker, from + 310),
    ];
    const one = pictureOf(turn('pool(1)', 0));
    expect([one.run, one.ledger.threads, one.progress.finished]).toEqual([1, 1, 1]);
    const three = pictureOf([...turn('serial', 0), ...turn('pool(1)', 320), ...turn('serial', 640)]);
    expect([three.run, three.ledger.threads, three.ledger.makespanMs]).toEqual([3, 1, 300]);
    expect(three.progress).toMatchObject({ queued: 1, finished: 1 });
    expect(spentOf(three)).toEqual({ compute: 300 });
    expect(
      three.rows.map(({ worker, boxes }) => [
        worker,
        boxes.flatMap(({ cause, start }) => (cause === 'compute' ? [start] : [])),
      ]),
    ).toEqual([
      ['serial', [5, 645]],
      ['pool(1)', [325]],
    ]);
  });

  test('a hundred thousand tasks make no more than the most boxes, and none is lost', () => {
    const picture = pictureOf(poolRun(4, new Array<number>(100_000).fill(0.3), 0.05, 0.01));
    expect(boxesOf(picture).length).toBeLessThanOrEqual(MOST_BOXES);
    expect(boxesOf(picture).length).toBeGreaterThan(MOST_BOXES / 4);
    expect(boxesOf(picture).reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  });

  test('a thousand threads are all counted, some are drawn', () => {
    const picture = pictureOf(poolRun(1000, new Array<number>(3000).fill(10), 1, 0));
    expect(picture.rows.length + picture.threadsNotDrawn).toBe(1000);
    expect(picture.ledger.threads).toBe(1000);
    expect(picture.progress.finished).toBe(3000);
  });

  test('panels cost what is there: no thread number, however large, and no order of threads is walked', () => {
    const numbers = [2 ** 31, 2 ** 53 - 1, ...Array.from({ length: 1000 }, (_, i) => 1e9 - i)];
    const one = pictureOf(
      numbers.map((thread, i) => started(`t${i}`, 'w', thread, 1)),
      10,
    );
    expect([one.threads, one.rows.length, one.threadsNotDrawn, one.ledger.threads >= 1002]).toEqual([
      ...[1002, 100, 902, true],
    ]);
    const many = pictureOf(Array.from({ length: 40 }, (_, i) => joined(`w${i}`, 1024, i)));
    expect([many.threads, many.workers.length, many.rows.length]).toEqual([40 * 1024, 40, 100]);
  });

  test('an event whose time is no number is no event', () => {
    const picture = pictureOf([joined('w', 1, 0), queued('a', NaN), queued('b', 0), queued('c', Infinity)]);
    expect([picture.progress.queued, picture.now]).toEqual([1, 0]);
    const at = { task: 'b', worker: 'w', thread: 0, time: T0 + 5 };
    const odd = pictureOf([
      ...[joined('w', 1, 0), queued('b', 0), started('b', 'w', 0, 0)],
      { type: 'finished', ...at, start: NaN, end: T0 },
      { type: 'finished', ...at, start: T0, end: -Infinity },
    ]);
    expect(odd.progress).toMatchObject({ running: 1, finished: 0 });
  });

  test('characters that a terminal obeys, or that turn a text around, are shown as what they are', () => {
    const picture = pictureOf([
      ...[joined('w\u001b[2J\n', 1, 0), queued('a\u202e', 0), started('a\u202e', 'w\u001b[2J\n', 0, 0)],
      { type: 'left', worker: 'w\u001b[2J\n', reason: '\u0007é', time: T0 + 5 },
    ]);
    const [{ worker, boxes, left: gone }] = picture.rows;
    expect([worker, boxes[0].task, gone?.reason]).toEqual(['w\\u{1b}[2J\\u{a}', 'a\\u{202e}', '\\u{7}é']);
    expect(picture.workers[0]).toMatchObject({ name: worker, left: gone?.reason });
  });

  test('an event of a thread that is none (a pool that does not know which) harms nothing', () => {
    expect(pictureOf([queued('a', 0), failed('a', 'local', -1, false, 5)]).progress.failed).toBe(1);
  });

  test('whatever pools do: no negative time, no overlap, every task in one box, every moment in one account', () => {
    const lengths = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1, maxLength: 400 });
    const small = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), lengths, small, small, (threads, all, gap, transfer) => {
        const picture = pictureOf([joined('local', threads, 0), ...poolRun(threads, all, gap, transfer)]);
        checkRows(picture);
        expect(boxesOf(picture).reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
        const busy = all.reduce((a, b) => a + b);
        const spent = spentOf(picture);
        expect(Math.abs((spent.compute ?? 0) - busy)).toBeLessThan(0.01 * all.length);
        expect(Math.abs(spent.unexplained ?? 0)).toBeLessThan(0.01 * all.length);
        const { makespanMs, rows } = picture.ledger;
        const total = rows.reduce((sum, { seconds }) => sum + 1000 * seconds, 0);
        expect(Math.abs(total - threads * makespanMs)).toBeLessThan(0.01);
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  test('whatever fails, is tried again or dropped: the counts balance, and stream and ledger agree on waits', () => {
    const task = fc.record({
      ms: fc.integer({ min: 2, max: 50 }),
      queuedAt: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
      waysMs: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 2 }),
    });
    const run = fc.record({
      tasks: fc.array(task, { minLength: 1, maxLength: 40 }),
      stop: fc.option(fc.integer({ min: 1, max: 300 }), { nil: Infinity }),
    });
    const runs = fc.array(run, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), runs, (threads, all) => {
        const events = [joined('local', threads, 0)];
        for (const { tasks, stop } of all) {
          const last = events[events.length - 1].time - T0;
          events.push(...raggedRun(threads, tasks, events.length > 1 ? last + 100 : 0, stop));
        }
        const picture = pictureOf(events);
        checkRows(picture);
        const { queued: drawnAll, finished: good, failed: bad, dropped, ...rest } = picture.progress;
        expect(rest).toMatchObject({ waiting: 0, running: 0 });
        expect(good + bad + dropped).toBe(drawnAll);
        const drawn = (cause: string) =>
          boxesOf(picture).reduce((sum, box) => sum + (box.cause === cause ? box.end - box.start : 0), 0);
        const spent = spentOf(picture);
        expect(spent.dispatch ?? 0).toBeCloseTo(drawn('dispatch'), 2);
        expect(spent.imbalance ?? 0).toBeGreaterThanOrEqual(drawn('imbalance') - 0.01);
        expect(Math.abs(spent.unexplained ?? 0)).toBeLessThan(0.01);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  test('whatever comes, in whatever order: no negative time, no overlap, no count below zero', () => {
    const name = fc.constantFrom('w1', 'w2', 'w3');
    const task = fc.integer({ min: 0, max: 20 }).map((i) => `t${i}`);
    const thread = fc.integer({ min: -1, max: 2 });
    const time = fc.double({ min: T0, max: T0 + 9000, noNaN: true });
    const event = fc.oneof(
      fc.record({ type: fc.constant('queued' as const), task, time }),
      fc.record({ type: fc.constant('started' as const), task, worker: name, thread, time }),
      fc.record({
        type: fc.constant('finished' as const),
        task,
        worker: name,
        thread,
        start: time,
        end: time,
        time,
      }),
      fc.record({
        type: fc.constant('failed' as const),
        task,
        worker: name,
        thread,
        message: task,
        retried: fc.boolean(),
        time,
      }),
      fc.record({
        type: fc.constant('joined' as const),
        worker: name,
        threads: fc.integer({ min: 1, max: 3 }),
        time,
      }),
      fc.record({ type: fc.constant('left' as const), worker: name, reason: task, time }),
      fc.record({
        type: fc.constant('dropped' as const),
        task,
        worker: fc.option(name, { nil: undefined }),
        time,
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const recorder = new Recorder('test');
        for (const [i, each] of events.entries()) {
          recorder.add(each);
          if (i % 7 === 0) checkRows(recorder.picture());
        }
        checkRows(recorder.picture());
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  test(`${SECONDS} seconds of 10 000 tasks a second leave the picture small`, () => {
    const recorder = new Recorder('test');
    const tasks = SECONDS * 10_000;
    for (let i = 0; i < tasks; i++) {
      const time = i / 10;
      recorder.add(queued('t', time));
      recorder.add(started('t', `w${i % 4}`, 0, time));
      recorder.add(finished('t', `w${i % 4}`, 0, time, time + 0.3, time + 0.4));
    }
    expect(JSON.stringify(recorder.picture()).length).toBeLessThan(300_000);
    expect(recorder.picture().progress.finished).toBe(tasks);
  });
});

/**
 * What a pool tells from `began` on, whose tasks come late or not and throw but at their last try, and whose run is stopped
 * `stop` ms after that, or not. A task takes `waysMs` to get to its thread, a time for each try.
 */
function raggedRun(
  threads: number,
  tasks: readonly { readonly ms: number; readonly queuedAt: number; readonly waysMs: readonly number[] }[],
  began: number,
  stop: number,
): ExecutorEvent[] {
  const events: ExecutorEvent[] = [];
  const free = new Array<number>(threads).fill(began);
  const end = began + stop;
  const open = new Map<string, string | undefined>();
  const waiting = tasks.flatMap(({ ms, queuedAt, waysMs }, i) => {
    const [key, at] = [`t${began}-${i}`, began + queuedAt];
    if (at >= end) return [];
    events.push(queued(key, at));
    open.set(key, undefined);
    return [{ ms, waysMs, key, at }];
  });
  while (waiting.length > 0) {
    const [{ key, ms, waysMs, at }] = waiting.sort((a, b) => a.at - b.at).splice(0, 1);
    const thread = free.indexOf(Math.min(...free));
    const from = Math.max(free[thread], at) + waysMs[0];
    if (from >= end) continue;
    const [to, again] = [from + ms, waysMs.length > 1];
    events.push(started(key, 'local', thread, from));
    open.set(key, 'local');
    free[thread] = to;
    if (to >= end) continue;
    events.push(again ? failed(key, 'local', thread, true, to) : finished(key, 'local', thread, from, to));
    if (again) waiting.push({ key, ms, waysMs: waysMs.slice(1), at: to });
    if (again) open.set(key, undefined);
    else open.delete(key);
  }
  const rank = ({ type }: ExecutorEvent) => ['finished', 'failed', 'queued', 'started'].indexOf(type);
  events.sort((a, b) => a.time - b.time || rank(a) - rank(b));
  for (const [task, worker] of open) events.push({ type: 'dropped', task, worker, time: T0 + end });
  return events;
}

function checkRows(picture: Picture): void {
  for (const { name, seconds } of picture.ledger.rows)
    if (name !== 'unexplained') expect(seconds).toBeGreaterThanOrEqual(0);
  for (const value of Object.values(picture.progress)) expect(value).toBeGreaterThanOrEqual(0);
  for (const { boxes } of picture.rows) {
    for (const [i, { start, end, busyMs }] of boxes.entries()) {
      expect(end).toBeGreaterThanOrEqual(start);
      expect(busyMs).toBeLessThanOrEqual(end - start + 0.01);
      if (i > 0) expect(start).toBeGreaterThanOrEqual(boxes[i - 1].end - 0.002);
    }
  }
}
