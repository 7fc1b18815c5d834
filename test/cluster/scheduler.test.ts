// The scheduler's machine, event by event; what must hold of it is checked after each.
import { describe, expect, test } from 'vitest';
import { MOST_SUBMITTED, type FromScheduler, type ToScheduler } from '../../lib/cluster/messages.js';
import type { SchedulerEvent } from '../../lib/cluster/records.js';
import { SchedulerMachine, type SchedulerAction } from '../../lib/cluster/scheduler.js';
import { packTask } from '../../lib/task/pack.js';
import { validate } from '../support/validate.js';

const CLIENT = 100;
const none = new Uint8Array(0);

/** A machine that is validated after each event, and what it sends, in short words. */
function scheduler() {
  const machine = new SchedulerMachine({ heartbeatMs: 1000, firstBatch: 0 });
  let now = 0;
  const handle = (event: SchedulerEvent): string[] => {
    const actions = machine.handle(event, ++now);
    validate(machine);
    return inShort(actions);
  };
  const hear = (peer: number, message: ToScheduler) => handle({ type: 'message', peer, message });
  const hello = (peer: number, role: 'worker' | 'client' | 'status', name: string, more = {}) =>
    hear(peer, { op: 'hello', role, name, threads: 1, instance: name, ...more });
  return {
    machine,
    hear,
    join: (peer: number, threads = 1, name = `w${peer}`, instance = name) =>
      hello(peer, 'worker', name, { threads, instance }),
    connect: (peer = CLIENT) => hello(peer, 'client', `c${peer}`),
    ask: (peer: number) => hello(peer, 'status', 'status'),
    submit: (count: number, { peer = CLIENT, first = 0, kind = 'k' } = {}) =>
      hear(peer, { op: 'submit', kind, tasks: tasks(count, first, `c${peer}-`) }),
    done: (
      peer: number,
      batch: number,
      count = 1,
      ms = 100,
      more: Partial<ToScheduler & { op: 'done' }> = {},
    ) => hear(peer, { op: 'done', batch, thread: 0, count, ages: agesOf(count, ms), values: none, ...more }),
    cancel: (ids: number[], peer = CLIENT) => hear(peer, { op: 'cancel', ids }),
    congested: (congested: boolean) => handle({ type: 'congested', peer: CLIENT, congested }),
    closed: (peer: number, reason = 'killed', blame = true) =>
      handle({ type: 'closed', peer, reason, blame }),
    /** From now on it is that late. */
    at: (time: number) => void (now = time - 1),
    tick: (time: number) => {
      now = time - 1;
      return handle({ type: 'tick' });
    },
  };
}

const tasks = (count: number, first = 0, prefix = '') =>
  Array.from({ length: count }, (_, i) => ({ id: first + i, key: `${prefix}${first + i}`, payload: none }));

/** The ages of so many tasks that took `ms` each, one after the other, the last of them until now. */
const agesOf = (count: number, ms: number) =>
  Float64Array.from({ length: 2 * count }, (_, i) => (count - Math.ceil(i / 2)) * ms);

/** 'peer op what ...' for each message and each connection that is closed; then which tasks were dropped. */
function inShort(actions: readonly SchedulerAction[]): string[] {
  const dropped = actions.flatMap((action) => (action.type === 'dropped' ? [action.task.id] : []));
  return [...actions.flatMap(words), ...(dropped.length > 0 ? [`drop ${dropped.join(' ')}`] : [])];
}

function words(action: SchedulerAction): string[] {
  if ('task' in action) return [];
  if (action.type !== 'send') return [`${action.peer} ${action.type}: ${action.reason}`];
  return action.peers.map((peer) => `${peer} ${wordsOf(action.message)}`);
}

function wordsOf(message: FromScheduler): string {
  switch (message.op) {
    case 'assign':
      return `assign ${message.batch}: ${message.tasks.map(({ key }) => key.replace(`c${CLIENT}-`, '')).join(' ')}`;
    case 'stop':
      return `stop ${message.batch}`;
    case 'started':
      return `started ${message.id}`;
    case 'finished':
      return `finished ${message.ids.join(' ')}`;
    case 'failed':
      return `failed ${message.id}${message.retried ? ', again' : ''}: ${message.error?.message ?? message.ended?.join('; ')}`;
    case 'workers':
      return [
        ...message.joined.map(({ name }) => `+${name}`),
        ...message.left.map(({ name }) => `-${name}`),
      ].join(' ');
    default:
      return message.op;
  }
}

describe('the scheduler hands out', () => {
  test('one task to each free thread, and keeps the rest: nothing lies ahead of a worker', () => {
    const s = scheduler();
    s.join(1, 2);
    s.join(2, 1);
    s.connect();
    expect(s.submit(10)).toEqual(['1 assign 0: 0', '2 assign 1: 1', '1 assign 2: 2']);
    expect(s.done(2, 1)).toEqual(['100 finished 1', '2 assign 3: 3']);
  });

  test('small tasks together, in batches that double up to 10 ms of work, or to 32 tasks within a tenth of a second', () => {
    const sizes = (ms: number, most: number) => {
      const s = scheduler();
      s.join(1);
      s.connect();
      s.submit(10_000);
      return Array.from({ length: 9 }, (_, batch) => {
        const count = Math.min(most, 2 ** batch);
        return s.done(1, batch, count, ms)[1].split(' ').length - 3;
      });
    };
    expect(sizes(25, 4)).toEqual([2, 4, 4, 4, 4, 4, 4, 4, 4]);
    expect(sizes(1, 32)).toEqual([2, 4, 8, 16, 32, 32, 32, 32, 32]);
    expect(sizes(0.1, 100)).toEqual([2, 4, 8, 16, 32, 64, 100, 100, 100]);
  });

  test('at most 16 MiB of inputs together, and a larger one alone', () => {
    const s = scheduler();
    s.join(1);
    s.connect();
    const mib = (n: number) =>
      packTask({ key: 'k', operation: 'o', input: new Uint8Array(n * 2 ** 20) }).payload;
    const sizes = [1, 1, 1, 1, 9, 9, 20, ...new Array<number>(100).fill(1)];
    const list = sizes.map((size, id) => ({ id, key: `c100-${id}`, payload: mib(size) }));
    s.hear(CLIENT, { op: 'submit', kind: 'k', tasks: list });
    expect(s.done(1, 0, 1, 0.1)[1]).toBe('1 assign 1: 1 2');
    expect(s.done(1, 1, 2, 0.1)[1]).toBe('1 assign 2: 3 4');
    expect(s.done(1, 2, 2, 0.1)[1]).toBe('1 assign 3: 5');
    expect(s.done(1, 3, 1, 0.1)[1]).toBe('1 assign 4: 6');
  });

  test('tasks to a worker that joins late, when the others have all they can run', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(2);
    expect(s.join(2)).toEqual(['100 +w2', '2 welcome', '2 assign 1: 1']);
  });

  test('of each client in turn, whatever the first one has queued', () => {
    const s = scheduler();
    s.connect(101);
    s.connect(102);
    s.submit(100, { peer: 101 });
    s.submit(2, { peer: 102 });
    expect(s.join(1, 4).filter((line) => line.includes('assign'))).toEqual([
      '1 assign 0: c101-0',
      '1 assign 1: c102-0',
      '1 assign 2: c101-1',
      '1 assign 3: c102-1',
    ]);
  });

  test('tasks of each kind apart, so that long ones do not travel with short ones', () => {
    const s = scheduler();
    s.join(1);
    s.connect();
    s.submit(100, { kind: 'short' });
    s.submit(100, { kind: 'long', first: 100 });
    expect(s.done(1, 0, 1, 0.1)[1]).toBe('1 assign 1: 1 2');
    expect(s.done(1, 1, 2, 0.1)[1]).toBe('1 assign 2: 100');
    expect(s.done(1, 2, 1, 5000)[1]).toBe('1 assign 3: 3 4 5 6');
    expect(s.done(1, 3, 4, 0.1)[1]).toBe('1 assign 4: 101');
  });

  test('a task once, though its submit came twice', () => {
    const s = scheduler();
    s.connect();
    s.submit(1);
    s.submit(1);
    expect(s.join(1)).toEqual(['100 +w1', '1 welcome', '1 assign 0: 0']);
    expect(s.done(1, 0)).toEqual(['100 finished 0']);
  });
});

describe('the scheduler counts', () => {
  test('row 10: a result once: if it comes twice, from another worker, or for a batch that is over, it is dropped', () => {
    const s = scheduler();
    s.join(1);
    s.join(2);
    s.connect();
    s.submit(2);
    expect(s.done(2, 0)).toEqual([]);
    expect(s.done(1, 0)).toEqual(['100 finished 0']);
    expect(s.done(1, 0)).toEqual([]);
    expect(s.done(1, 99)).toEqual([]);
    expect(s.done(7, 1)).toEqual([]);
    expect(s.done(CLIENT, 1)).toEqual([]);
  });

  test('no result that cannot be of its batch: the worker loses its place, and no task is blamed', () => {
    const malformed: Partial<ToScheduler & { op: 'done' }>[] = [
      { count: 2 },
      { ages: agesOf(2, 1) },
      { count: 1, error: { name: 'Error', message: 'after the last' } },
      { count: 0, lost: { at: 1, ended: 'nowhere' } },
      { count: 1, lost: { at: 0, ended: 'it gave a value' } },
      { count: 0 }, // nothing, though nobody had asked for the batch back
    ];
    for (const more of malformed) {
      const s = scheduler();
      s.connect();
      s.join(1);
      s.submit(1);
      const { count = 1 } = more;
      const reason = 'sent a malformed result: batch 0 has 1 tasks';
      expect(s.done(1, 0, count, 1, more)).toEqual([`1 close: ${reason}`, '100 -w1']);
      expect(s.join(2).slice(2)).toEqual(['2 assign 1: 0']);
    }
  });

  test('tasks that run, wait and have finished, for whoever asks', () => {
    const s = scheduler();
    s.connect();
    s.hear(1, { op: 'hello', role: 'worker', name: 'w1', threads: 1, instance: 'i', memoryBytes: 5 });
    s.submit(10);
    s.done(1, 0, 1, 100, { memoryBytes: 7 });
    s.cancel([1]);
    s.done(1, 1, 0); // given back: that tells nothing of memory
    const [action] = s.machine.handle(
      {
        type: 'message',
        peer: 5,
        message: { op: 'hello', role: 'status', name: 's', threads: 1, instance: '-' },
      },
      99,
    );
    expect(action).toEqual({
      type: 'send',
      peers: [5],
      about: undefined,
      message: {
        op: 'welcome',
        heartbeatMs: 1000,
        clients: 1,
        waiting: 7,
        workers: [{ name: 'w1', threads: 1, running: 1, finished: 1, leaving: false, memoryBytes: 7 }],
      },
    });
  });

  test('nobody as a client or worker who only asks, and takes no work from strangers', () => {
    const s = scheduler();
    s.connect();
    s.ask(5);
    expect(s.submit(3, { peer: 5 })).toEqual([]);
    expect(s.submit(3, { peer: 6 })).toEqual([]);
    expect(s.hear(6, { op: 'leave' })).toEqual([]);
    expect(s.hear(6, { op: 'cancel', ids: [0] })).toEqual([]);
    expect(s.closed(5)).toEqual([]);
    expect({ workers: s.machine.workers.size, clients: s.machine.clients.size }).toEqual({
      workers: 0,
      clients: 1,
    });
  });

  test('one hello for each connection', () => {
    const s = scheduler();
    s.join(1);
    expect(s.join(1, 4, 'other')).toEqual([]);
    expect(s.connect(1)).toEqual([]);
    expect(s.machine.threads).toBe(1);
  });
});

describe('a lost worker', () => {
  test('costs the task that it ran one try; the task runs elsewhere, and the others wait as before', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(2);
    expect(s.closed(1)).toEqual(['100 failed 0, again: w1: killed', '100 -w1']);
    expect(s.join(2, 2).slice(2)).toEqual(['2 assign 1: 0', '2 assign 2: 1']);
  });

  test('row 5: is removed once; what it says later finds nothing', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(1);
    expect(s.closed(1, 'no sign of life for 5.1 s')).toEqual([
      '100 failed 0, again: w1: no sign of life for 5.1 s',
      '100 -w1',
    ]);
    expect(s.done(1, 0)).toEqual([]);
    expect(s.hear(1, { op: 'started', batch: 0, thread: 0, age: 1 })).toEqual([]);
    expect(s.closed(1)).toEqual([]);
  });

  test('row 3: the fourth one gives the task up, and the error names how each ended', () => {
    const s = scheduler();
    s.connect();
    s.submit(1);
    for (const peer of [1, 2, 3]) {
      s.join(peer);
      expect(s.closed(peer)[0]).toMatch(/failed 0, again/);
    }
    s.join(4);
    expect(s.closed(4, 'exit code 9')).toEqual([
      '100 failed 0: w1: killed; w2: killed; w3: killed; w4: exit code 9',
      '100 -w4',
    ]);
    expect(s.join(5)).toEqual(['100 +w5', '5 welcome']);
  });

  test('so does the fourth lost thread, and the worker stays', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(1);
    const lose = (batch: number) => s.done(1, batch, 0, 0, { lost: { at: 0, ended: 'exit code 3' } });
    for (const batch of [0, 1, 2]) expect(lose(batch)[1]).toBe(`1 assign ${batch + 1}: 0`);
    expect(lose(3)).toEqual([`100 failed 0: ${new Array(4).fill('w1: exit code 3').join('; ')}`]);
    expect(s.submit(1, { first: 1 })).toEqual(['1 assign 4: 1']);
  });

  test('with a batch in hand makes a suspect of each of its tasks: each is tried alone, one suspect a worker', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(40);
    s.done(1, 0, 1, 1);
    s.done(1, 1, 2, 1); // tasks 3 4 5 6 are with it now
    expect(s.closed(1)).toEqual(['100 -w1']);
    expect(s.join(2, 3).slice(2)).toEqual(['2 assign 3: 3', '2 assign 4: 7', '2 assign 5: 8']);
    expect(s.join(3).slice(2)).toEqual(['3 assign 6: 4']);
    // The suspect is to blame, and the tasks beside it are not.
    expect(s.closed(2)).toEqual(['100 failed 3, again: w2: killed', '100 -w2']);
    expect(s.done(3, 6)).toEqual(['100 finished 4', '3 assign 7: 3']);
  });

  test('gives its tasks back in their order, before those that wait', () => {
    const s = scheduler();
    s.connect();
    s.join(1, 3);
    s.submit(5);
    s.hear(1, { op: 'leave' });
    s.closed(1);
    expect(s.join(2, 5).slice(2)).toEqual([0, 1, 2, 3, 4].map((id) => `2 assign ${3 + id}: ${id}`));
  });
});

describe('a worker', () => {
  test('row 4: that leaves gets no more, hands back what it has not begun, and is not blamed when it goes', () => {
    const s = scheduler();
    s.connect();
    s.join(1, 2);
    s.submit(3);
    expect(s.hear(1, { op: 'leave' })).toEqual([]);
    expect(s.done(1, 1, 0)).toEqual([]); // not begun
    expect(s.done(1, 0)).toEqual(['100 finished 0']);
    expect(s.closed(1)).toEqual(['100 -w1']);
    expect(s.join(2, 2).slice(2)).toEqual(['2 assign 2: 1', '2 assign 3: 2']);
    s.hear(2, { op: 'leave' });
    expect(s.closed(2)).toEqual(['100 -w2']);
  });

  test('row 11: of a name that is taken is refused; a process that connects again takes its own place', () => {
    const s = scheduler();
    s.connect();
    s.join(1, 1, 'lola', 'one');
    s.submit(1);
    expect(s.join(2, 1, 'lola', 'two')).toEqual([
      "2 close: a worker named 'lola' is here already. Give this one another --name, or none.",
    ]);
    expect(s.machine.workers.size).toBe(1);
    expect(s.join(3, 1, 'lola', 'one')).toEqual([
      '1 cut: connected again',
      '100 -lola',
      '100 +lola',
      '3 welcome',
      '3 assign 1: 0',
    ]);
    expect(s.closed(1)).toEqual([]);
    expect(s.machine.threads).toBe(1);
  });
});

describe('cancelling', () => {
  test('drops what is queued, stops what runs, and hears no result of it', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(5);
    expect(s.cancel([0, 1, 2, 3, 4])).toEqual(['1 stop 0', 'drop 0 1 2 3 4']);
    expect(s.submit(1, { first: 5 })).toEqual([]); // the thread is not free before the worker has answered
    expect(s.done(1, 0, 0)).toEqual(['1 assign 1: 5']);
    expect(s.done(1, 1)).toEqual(['100 finished 5']);
    expect(s.cancel([0, 5, 77])).toEqual([]);
  });

  test('drops a result that comes before the worker has heard of it', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(2);
    s.cancel([0]);
    expect(s.hear(1, { op: 'started', batch: 0, thread: 0, age: 1 })).toEqual([]);
    expect(s.done(1, 0)).toEqual(['1 assign 1: 1']);
  });

  test.each([
    [1, 2],
    [2, 1],
  ])('a part of a batch stops it: without %i, %i runs again, and starts only then', (cancelled, other) => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(20);
    s.done(1, 0, 1, 1); // 1 and 2 are with it now
    expect(s.cancel([cancelled])).toEqual(['1 stop 1', `drop ${cancelled}`]);
    expect(s.hear(1, { op: 'started', batch: 1, thread: 0, age: 3 })).toEqual([]);
    expect(s.done(1, 1, 0)[0]).toMatch(new RegExp(`^1 assign 2: ${other}\\b`));
  });

  test('a task whose worker is lost, or throws it, blames nobody and tells nobody', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(1);
    s.cancel([0]);
    expect(s.closed(1)).toEqual(['100 -w1']);
    s.join(2);
    s.submit(1, { first: 1 });
    s.cancel([1]);
    expect(s.done(2, 1, 0, 0, { error: { name: 'Error', message: 'no' } })).toEqual([]);
  });

  test('row 9: a client that is gone releases its tasks', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(5);
    expect(s.closed(CLIENT)).toEqual(['1 stop 0', 'drop 0 1 2 3 4']);
    s.done(1, 0, 0);
    const { clients, waiting, free } = s.machine;
    expect({ clients: clients.size, waiting: waiting.size, free: free.size }).toEqual({
      clients: 0,
      waiting: 0,
      free: 1,
    });
  });
});

describe('a client that submits without an end', () => {
  test('is sent away by name, and what it has submitted is forgotten', () => {
    const s = scheduler();
    s.connect();
    for (let first = 0; first < MOST_SUBMITTED; first += 1000) expect(s.submit(1000, { first })).toEqual([]);
    expect(s.submit(1000)).toEqual([]); // the first thousand, sent twice
    const [words] = s.submit(1, { first: MOST_SUBMITTED });
    expect(words).toBe(
      `${CLIENT} close: it has more than 20000 unfinished tasks here. Wait for their results.`,
    );
    expect([s.machine.clients.size, s.machine.waiting.size]).toEqual([0, 0]);
    expect(s.submit(1)).toEqual([]);
  });
});

describe('a client that reads too slowly', () => {
  test('is given no more results to read until it has read; others are served in the meantime', () => {
    const s = scheduler();
    s.connect();
    s.connect(200);
    s.submit(3);
    expect(s.join(1)).toContain('1 assign 0: 0');
    expect(s.congested(true)).toEqual([]);
    expect(s.done(1, 0)).toEqual(['100 finished 0']);
    expect(s.submit(1, { peer: 200 })).toEqual(['1 assign 1: c200-0']);
    expect(s.done(1, 1)).toEqual(['200 finished 0']);
    expect(s.congested(false)).toEqual(['1 assign 2: 1']);
  });

  test('and goes is forgotten with all its tasks', () => {
    const s = scheduler();
    s.connect();
    s.submit(3);
    s.congested(true);
    s.closed(CLIENT);
    expect(s.congested(false)).toEqual([]);
    expect(s.machine.waiting.size).toBe(0);
    expect(s.join(1)).not.toContain('1 assign 0: 0');
  });

  test('and what is kept of inputs is counted to the byte', () => {
    const s = scheduler();
    s.connect();
    const payload = new Uint8Array(10);
    const tasks = [0, 1, 2].map((id) => ({ id, key: `k${id}`, payload }));
    s.hear(CLIENT, { op: 'submit', kind: 'k', tasks });
    const client = s.machine.clients.get(CLIENT)!;
    expect(client.bytes).toBe(30);
    s.join(1);
    s.done(1, 0);
    s.cancel([1, 1, 7]);
    expect(client.bytes).toBe(10);
  });
});

describe('a task that throws', () => {
  const error = { name: 'RangeError', message: 'no' };

  test('row 14: is not tried again: its error is reported', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(1);
    expect(s.done(1, 0, 0, 0, { error })).toEqual(['100 failed 0: no']);
  });

  test('ends its batch: those before it count, those after it are handed out again', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(20);
    s.done(1, 0, 1, 1);
    s.done(1, 1, 2, 1); // 3 4 5 6 are with it now
    const lines = s.done(1, 2, 1, 1, { error });
    expect(lines.slice(0, 2)).toEqual(['100 finished 3', '100 failed 4: no']);
    expect(lines[2]).toMatch(/^1 assign 3: 5 6\b/);
  });
});

test('the client hears that a task has started', () => {
  const s = scheduler();
  s.connect();
  s.join(1);
  s.submit(1);
  expect(s.hear(1, { op: 'started', batch: 0, thread: 0, age: 3 })).toEqual(['100 started 0']);
});

describe('a slow worker', () => {
  /** Workers 1 and 2; task 0 took 1 s, worker 1 has task 1 since 1000 ms, and worker 2 has nothing to do. */
  function slowed() {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(2);
    s.at(1000);
    expect(s.done(1, 0, 1, 1000)).toEqual(['100 finished 0', '1 assign 1: 1']);
    s.join(2);
    return s;
  }

  test('row 19: does not hold up a run: what lasts more than twice as long as usual is given to another one as well', () => {
    const s = slowed();
    expect(s.tick(2990)).toEqual([]);
    expect(s.tick(3010)).toEqual(['2 assign 1: 1']);
    expect(s.tick(9e9)).toEqual([]); // nobody is left who could help
    expect(s.done(2, 1)).toEqual(['100 finished 1', '1 stop 1']);
    expect(s.submit(2, { first: 2 })).toEqual(['2 assign 2: 2']); // worker 1 has not answered
    expect(s.done(1, 1, 0)).toEqual(['1 assign 3: 3']);
  });

  test('row 19: may be the faster one after all: the first result counts, and the other one is dropped', () => {
    const s = slowed();
    s.tick(3010);
    expect(s.done(1, 1)).toEqual(['100 finished 1', '2 stop 1']);
    expect(s.done(2, 1)).toEqual([]);
    expect(s.machine.clients.get(CLIENT)!.entries.size).toBe(0);
  });

  test('is helped by a third one, if the second is slow as well, but only after twice the time', () => {
    const s = slowed();
    s.tick(3010);
    s.join(3);
    expect(s.tick(7000)).toEqual([]);
    expect(s.tick(7020)).toEqual(['3 assign 1: 1']);
    expect(s.done(3, 1)).toEqual(['100 finished 1', '1 stop 1', '2 stop 1']);
  });

  test('is not helped before a result of that kind has shown how long tasks take', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.join(2);
    s.submit(1);
    expect(s.tick(9e9)).toEqual([]);
  });

  test('is not helped while something else waits, which is done first', () => {
    const s = slowed();
    s.submit(2, { first: 2 });
    expect(s.tick(5000)).toEqual([]);
    expect(s.done(2, 2)).toEqual(['100 finished 2', '2 assign 3: 3']);
  });

  test('that is lost, or gives the batch back, costs nothing: the other one has it', () => {
    const lost = slowed();
    lost.tick(3010);
    expect(lost.closed(1)).toEqual(['100 -w1']);
    expect(lost.done(2, 1)).toEqual(['100 finished 1']);
    const leaves = slowed();
    leaves.tick(3010);
    leaves.hear(1, { op: 'leave' });
    expect(leaves.done(1, 1, 0)).toEqual([]);
    expect(leaves.done(2, 1)).toEqual(['100 finished 1']);
  });

  test('makes no killer worse: a suspect is never given to two, and each loss counts', () => {
    const s = slowed();
    s.tick(3010);
    s.closed(1);
    s.join(3);
    expect(s.tick(9e9)).toEqual([]); // it may have killed worker 1
    expect(s.closed(2)).toEqual([
      '100 failed 1, again: w1: killed',
      '100 failed 1, again: w1: killed; w2: killed',
      '100 -w2',
      '3 assign 2: 1',
    ]);
    s.join(4);
    expect(s.tick(9e10)).toEqual([]);
    expect(s.closed(3)[0]).toMatch(/failed 1, again/);
    expect(s.closed(4)[0]).toBe('100 failed 1: w1: killed; w2: killed; w3: killed; w4: killed');
  });

  test('and its helper both stop if the task is cancelled', () => {
    const s = slowed();
    s.tick(3010);
    expect(s.cancel([1])).toEqual(['1 stop 1', '2 stop 1', 'drop 1']);
    expect([s.done(1, 1, 0), s.done(2, 1, 0)]).toEqual([[], []]);
    expect(s.submit(1, { first: 5 })).toEqual(['1 assign 2: 5']);
  });
});
