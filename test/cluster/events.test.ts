// What a scheduler's watchers hear: the real machine's actions, made into events.
import { describe, expect, test } from 'vitest';
import { Watcher } from '../../lib/cluster/events.js';
import type { ToScheduler } from '../../lib/cluster/messages.js';
import type { SchedulerEvent } from '../../lib/cluster/records.js';
import { SchedulerMachine } from '../../lib/cluster/scheduler.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';

const CLIENT = 100;
const none = new Uint8Array(0);

/** A machine that somebody watches, with one client and workers 1 and 2, and the events of each step. */
function watched() {
  const machine = new SchedulerMachine({ heartbeatMs: 1000, firstBatch: 0 });
  let events: ExecutorEvent[] = [];
  const watcher = new Watcher((event) => events.push(event));
  const step = (event: SchedulerEvent, now: number): ExecutorEvent[] => {
    events = [];
    for (const action of machine.handle(event, now)) watcher.saw(action, now);
    return events;
  };
  const hear = (peer: number, message: ToScheduler, now = 100) =>
    step({ type: 'message', peer, message }, now);
  const hello = (peer: number, role: 'worker' | 'client') =>
    hear(peer, { op: 'hello', role, name: `w${peer}`, threads: 1, instance: '-' });
  hello(CLIENT, 'client');
  return {
    hear,
    join: (peer: number) => hello(peer, 'worker'),
    submit: (count: number, first = 0) =>
      hear(CLIENT, {
        op: 'submit',
        kind: 'k',
        tasks: Array.from({ length: count }, (_, i) => ({
          id: first + i,
          key: `t${first + i}`,
          payload: none,
        })),
      }),
    done: (peer: number, batch: number, more: Partial<ToScheduler & { op: 'done' }> = {}, now = 100) =>
      hear(
        peer,
        { op: 'done', batch, thread: 0, count: 1, ages: Float64Array.of(2, 1), values: none, ...more },
        now,
      ),
    closed: (peer: number) => step({ type: 'closed', peer, reason: 'killed', blame: true }, 100),
  };
}

const threw = { count: 0, ages: new Float64Array(0), error: { name: 'RangeError', message: 'no' } };

/** 'type task worker' for each. */
const words = (events: readonly ExecutorEvent[]) =>
  events.map((event) =>
    [event.type, 'task' in event && event.task, 'worker' in event && event.worker].filter(Boolean).join(' '),
  );

describe('a watched scheduler', () => {
  test('reports each task as queued, started and finished, and workers as they join and leave', () => {
    const s = watched();
    expect(s.join(1)).toEqual([{ type: 'joined', worker: 'w1', threads: 1, time: 100 }]);
    expect(s.submit(2)).toEqual([
      { type: 'queued', task: 't0', time: 100 },
      { type: 'queued', task: 't1', time: 100 },
    ]);
    expect(s.hear(1, { op: 'started', batch: 0, thread: 0, age: 30 }, 150)).toEqual([
      { type: 'started', task: 't0', worker: 'w1', thread: 0, time: 120 },
    ]);
    expect(s.done(1, 0, { ages: Float64Array.of(60, 10) }, 200)).toEqual([
      { type: 'finished', task: 't0', worker: 'w1', thread: 0, start: 140, end: 190, time: 200 },
    ]);
    s.hear(1, { op: 'leave' });
    s.done(1, 1);
    expect(s.closed(1)).toEqual([{ type: 'left', worker: 'w1', reason: 'drained', time: 100 }]);
  });

  test('reports the start of a task before its end, though its worker has not told it', () => {
    const s = watched();
    s.join(1);
    s.submit(1);
    expect(words(s.done(1, 0))).toEqual(['started t0 w1', 'finished t0 w1']);
    s.submit(1, 1);
    expect(words(s.done(1, 1, threw))).toEqual(['started t1 w1', 'failed t1 w1']);
  });

  test('reports each start once, and the start of each try', () => {
    const s = watched();
    s.join(1);
    s.submit(1);
    const started = (batch: number) => words(s.hear(1, { op: 'started', batch, thread: 0, age: 0 }));
    expect([started(0), started(0)]).toEqual([['started t0 w1'], []]);
    const lost = { count: 0, ages: new Float64Array(0), lost: { at: 0, ended: 'exit code 3' } };
    expect(words(s.done(1, 0, lost))).toEqual(['failed t0 w1']);
    expect([started(1), started(1)]).toEqual([['started t0 w1'], []]);
    expect(words(s.done(1, 1))).toEqual(['finished t0 w1']);
  });

  test('reports a lost worker’s task as failed, and says whether it is tried again', () => {
    const s = watched();
    s.submit(1);
    for (const [peer, retried] of [
      [1, true],
      [2, true],
      [3, true],
      [4, false],
    ] as const) {
      s.join(peer);
      const [started, failed, left] = s.closed(peer);
      expect(words([started, left])).toEqual([`started t0 w${peer}`, `left w${peer}`]);
      expect(failed).toMatchObject({ type: 'failed', task: 't0', message: `w${peer}: killed`, retried });
    }
  });

  test('reports cancelled tasks as dropped, with the worker that has them, and nothing of them afterwards', () => {
    const s = watched();
    s.join(1);
    s.join(2);
    s.submit(4);
    expect(words(s.hear(CLIENT, { op: 'cancel', ids: [0, 1, 2] }))).toEqual([
      'dropped t0 w1',
      'dropped t1 w2',
      'dropped t2',
    ]);
    expect(words(s.done(1, 0))).toEqual([]); // it had not heard that nobody wants it
    expect(words(s.closed(2))).toEqual(['left w2']);
    expect(words(s.done(1, 2))).toEqual(['started t3 w1', 'finished t3 w1']);
  });

  test('row 9: reports the tasks of a client that is gone as dropped', () => {
    const s = watched();
    s.join(1);
    s.submit(2);
    expect(words(s.closed(CLIENT))).toEqual(['dropped t0 w1', 'dropped t1']);
  });
});
