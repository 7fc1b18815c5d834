// The worker's machine: what it answers, event by event.
import { describe, expect, test } from 'vitest';
import type { FromScheduler } from '../../lib/cluster/messages.js';
import { WorkerMachine, type WorkerAction, type WorkerEvent } from '../../lib/cluster/worker.js';

/** A worker's machine on connection 0, and what it wants done, in short words. */
function worker(threads = 1) {
  const machine = new WorkerMachine({ op: 'hello', role: 'worker', name: 'w', threads, instance: 'i' });
  const handle = (event: WorkerEvent, now = 100): string[] => machine.handle(event, now).map(words);
  const hear = (message: FromScheduler, peer = 0) => handle({ type: 'message', peer, message });
  return {
    machine,
    handle,
    open: (peer = 0) => handle({ type: 'opened', peer }),
    closed: (peer = 0) => handle({ type: 'closed', peer, reason: 'broke off', blame: false }),
    assign: (batch: number, peer = 0) =>
      hear({ op: 'assign', batch, tasks: [{ key: `task-${batch}`, payload: new Uint8Array(0) }] }, peer),
    stop: (batch: number) => hear({ op: 'stop', batch }),
    ended: (batch: number, count = 1) =>
      handle({
        type: 'ended',
        batch,
        result: { thread: 0, count, times: count === 1 ? [90, 95] : [], values: new Uint8Array(0) },
      }),
    leave: () => handle({ type: 'leave' }),
  };
}

function words(action: WorkerAction): string {
  if (action.type === 'send') {
    const { message } = action;
    const what = message.op === 'done' ? ` ${message.batch}: ${message.count}` : '';
    return `${action.peers.join(' ')} ${message.op}${what}`;
  }
  return 'reason' in action ? `${action.type}: ${action.reason}` : `${action.type} ${action.batch}`;
}

describe('the worker’s machine', () => {
  test('says who it is on each connection, before anything else', () => {
    const w = worker();
    expect(w.open(3)).toEqual(['3 hello']);
    expect(w.closed(3)).toEqual([]);
    expect(w.open(4)).toEqual(['4 hello']);
  });

  test('runs one batch for each thread, and the next one when a thread is free', () => {
    const w = worker(2);
    w.open();
    expect([w.assign(1), w.assign(2), w.assign(3)]).toEqual([['run 1'], ['run 2'], []]);
    expect(w.ended(2)).toEqual(['0 done 2: 1', 'run 3']);
  });

  test('row 10: answers a batch once, though its assignment comes twice', () => {
    const w = worker(2);
    w.open();
    expect([w.assign(1), w.assign(1)]).toEqual([['run 1'], []]);
    expect(w.ended(1)).toEqual(['0 done 1: 1']);
    const full = worker(1);
    full.open();
    full.assign(1);
    expect([full.assign(2), full.assign(2)]).toEqual([[], []]);
    expect(full.ended(1)).toEqual(['0 done 1: 1', 'run 2']);
    expect(full.ended(2)).toEqual(['0 done 2: 1']);
  });

  test('gives a batch back at once if it is stopped before its start', () => {
    const w = worker();
    w.open();
    w.assign(1);
    w.assign(2);
    expect(w.stop(2)).toEqual(['0 done 2: 0']);
    expect(w.ended(1)).toEqual(['0 done 1: 1']);
  });

  test('stops what runs, and answers for it when its thread is free', () => {
    const w = worker();
    w.open();
    w.assign(1);
    expect(w.stop(1)).toEqual(['stop 1']);
    expect(w.ended(1, 0)).toEqual(['0 done 1: 0']);
    expect(w.stop(1)).toEqual([]);
    expect(w.stop(99)).toEqual([]);
  });

  test('reports ages, not times: two clocks need not agree', () => {
    const w = worker();
    w.open();
    w.assign(1);
    const begun = { type: 'begun', batch: 1, thread: 0, time: 88 } as const;
    const [started] = w.machine.handle(begun, 100);
    expect(started).toMatchObject({ message: { op: 'started', batch: 1, thread: 0, age: 12 } });
    const result = { thread: 0, count: 1, times: [90, 100.5], values: new Uint8Array(0) };
    const [done] = w.machine.handle({ type: 'ended', batch: 1, result }, 100);
    expect(done).toMatchObject({ message: { op: 'done', ages: Float64Array.of(10, 0) } }); // never below 0
    expect(w.handle(begun)).toEqual([]); // it has ended: nobody wants to know when it began
  });

  describe('that leaves', () => {
    test('says so, gives back what it has not begun, ends what it runs, and then closes', () => {
      const w = worker();
      w.open();
      w.assign(1);
      w.assign(2);
      expect(w.leave()).toEqual(['0 leave', '0 done 2: 0']);
      expect(w.assign(3)).toEqual(['0 done 3: 0']); // it was under way already
      expect(w.ended(1)).toEqual(['0 done 1: 1', 'close: left']);
    });

    test('closes at once if it runs nothing', () => {
      const w = worker();
      w.open();
      expect(w.leave()).toEqual(['0 leave', 'close: left']);
    });

    test('closes a connection that is made afterwards, and takes nothing on it', () => {
      const w = worker();
      w.open(0);
      w.assign(1);
      w.leave();
      expect(w.closed(0)).toEqual(['stop 1']);
      expect(w.ended(1)).toEqual([]);
      expect(w.open(1)).toEqual(['close: left']);
    });
  });

  describe('that loses its connection', () => {
    test('stops what it runs, forgets what it has not begun, and answers for neither', () => {
      const w = worker();
      w.open(0);
      w.assign(1);
      w.assign(2);
      expect(w.closed(0)).toEqual(['stop 1']);
      expect(w.ended(1, 0)).toEqual([]);
    });

    test('runs a batch anew that it is given again, once its thread has stopped, and answers for that alone', () => {
      for (const threads of [1, 2]) {
        const w = worker(threads);
        w.open(0);
        w.assign(1);
        w.closed(0);
        w.open(1);
        expect(w.assign(1, 1)).toEqual([]); // its thread still stops
        expect(w.ended(1, 0)).toEqual(['run 1']);
        expect(w.ended(1)).toEqual(['1 done 1: 1']);
      }
    });

    test('ignores what its old connection still brings', () => {
      const w = worker();
      w.open(0);
      w.closed(0);
      w.open(1);
      expect(w.assign(1, 0)).toEqual([]);
      expect(w.closed(0)).toEqual([]);
      expect(w.assign(2, 1)).toEqual(['run 2']);
    });
  });
});
