import { describe, expect, test } from 'vitest';
import { SchedulerState, type Command, type StateEvent } from '../../lib/cluster/state.js';
import { validate } from '../../lib/cluster/validate.js';
import type { FromScheduler, ToScheduler } from '../../lib/cluster/protocol.js';

const CLIENT = 100;
const none = new Uint8Array(0);

/** A state that is validated after each event, and what it sends, by short words. */
function scheduler(options: { watched?: boolean; heartbeatMs?: number } = {}) {
  const state = new SchedulerState({ heartbeatMs: 1000, firstBatch: 0, watched: false, ...options });
  let time = 0;
  const handle = (event: StateEvent): readonly Command[] => {
    const commands = state.handle(event);
    validate(state);
    return commands;
  };
  const hear = (peer: number, message: ToScheduler) =>
    sent(handle({ type: 'message', peer, message, time: ++time }));
  return {
    state,
    hear,
    join: (peer: number, threads = 1, name = `w${peer}`, instance = name) =>
      hear(peer, { op: 'join', name, threads, instance }),
    connect: (peer = CLIENT) => hear(peer, { op: 'connect', name: `c${peer}` }),
    submit: (count: number, { peer = CLIENT, run = 0, retries = 0, first = 0 } = {}) =>
      hear(peer, {
        op: 'submit',
        run,
        kind: 'k',
        retries,
        watched: true,
        tasks: tasks(count, first, `c${peer}-`),
      }),
    done: (peer: number, batch: number, count = 1, ms = 100) =>
      hear(peer, { op: 'done', batch, thread: 0, count, times: times(count, ms), values: none }),
    closed: (peer: number, reason = 'closed') => sent(handle({ type: 'closed', peer, reason, time: ++time })),
    tick: (at: number) => sent(handle({ type: 'tick', time: (time = at) })),
    raw: handle,
  };
}

const tasks = (count: number, first = 0, prefix = '') =>
  Array.from({ length: count }, (_, i) => ({
    index: first + i,
    key: `${prefix}${first + i}`,
    payload: none,
  }));
const times = (count: number, ms: number) =>
  Float64Array.from({ length: 2 * count }, (_, i) => Math.ceil(i / 2) * ms);

/** 'peer op number or index ...' for each command. */
function sent(commands: readonly Command[]): string[] {
  return commands.flatMap((command) => {
    if (command.type === 'tell') return [];
    if (command.type === 'close') return [`${command.peer} close: ${command.reason}`];
    return [`${command.peer} ${words(command.message)}`];
  });
}

function words(message: FromScheduler): string {
  switch (message.op) {
    case 'assign':
      return `assign ${message.batch}: ${message.tasks.map(({ key }) => key.replace(`c${CLIENT}-`, '')).join(' ')}`;
    case 'takeBack':
    case 'cancel':
      return `${message.op} ${message.batch}`;
    case 'finished':
      return `finished ${message.indices.join(' ')}`;
    case 'failed':
      return `failed ${message.index}${message.retried ? ', again' : ''}: ${message.error?.message ?? message.ended?.join('; ')}`;
    default:
      return message.op;
  }
}

describe('the scheduler state', () => {
  test('hands one task to each free thread, then one ahead, and keeps the rest', () => {
    const s = scheduler();
    s.join(1, 2);
    s.join(2, 1);
    s.connect();
    expect(s.submit(10)).toEqual([
      '1 assign 0: 0',
      '2 assign 1: 1',
      '1 assign 2: 2',
      '2 assign 3: 3',
      '1 assign 4: 4',
      '1 assign 5: 5',
    ]);
    expect(s.done(2, 1)).toEqual(['100 finished 1', '2 assign 6: 6']);
  });

  test('small tasks travel together, in batches that double up to 10 ms of work, or to 32 tasks within a tenth of a second', () => {
    const sizes = (ms: number, most: number) => {
      const s = scheduler();
      s.join(1);
      s.connect();
      s.submit(10_000);
      return Array.from({ length: 9 }, (_, batch) => {
        const count = Math.max(1, Math.min(most, 2 ** (batch - 1)));
        return s.done(1, batch, count, ms)[1].split(' ').length - 3;
      });
    };
    expect(sizes(25, 4)).toEqual([2, 4, 4, 4, 4, 4, 4, 4, 4]);
    expect(sizes(1, 32)).toEqual([2, 4, 8, 16, 32, 32, 32, 32, 32]);
    expect(sizes(0.1, 100)).toEqual([2, 4, 8, 16, 32, 64, 100, 100, 100]);
  });

  test('clients are served in turn, whatever the first one has queued', () => {
    const s = scheduler();
    s.connect(101);
    s.connect(102);
    s.submit(100, { peer: 101 });
    s.submit(2, { peer: 102 });
    expect(s.join(1, 2).filter((line) => line.includes('assign'))).toEqual([
      '1 assign 0: c101-0',
      '1 assign 1: c102-0',
      '1 assign 2: c101-1',
      '1 assign 3: c102-1',
    ]);
  });

  test('a result counts once: doubled, of another worker or of an assignment that is over, it is dropped', () => {
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
  });

  test('a lost worker’s running task is blamed, the one ahead of it is not; both run elsewhere', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(2);
    expect(s.closed(1, 'killed')).toEqual(['100 failed 0, again: w1: killed', '100 left']);
    expect(s.join(2)).toEqual(['2 welcome', '100 joined', '2 assign 2: 0', '2 assign 3: 1']);
    expect([...s.state.workers.values()][0].suspects).toBe(1);
  });

  test('the fourth worker lost gives a task up, and names how each ended', () => {
    const s = scheduler();
    s.connect();
    s.submit(1);
    for (const peer of [1, 2, 3]) {
      s.join(peer);
      expect(s.closed(peer, 'killed')[0]).toMatch(/failed 0, again/);
    }
    s.join(4);
    expect(s.closed(4, 'exit code 9')).toEqual([
      '100 failed 0: w1: killed; w2: killed; w3: killed; w4: exit code 9',
      '100 left',
    ]);
    expect(s.join(5)).toEqual(['5 welcome', '100 joined']);
  });

  test('of a batch nobody knows which was running: each is then tried alone, one suspect a worker', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(40);
    s.done(1, 0, 1, 1);
    s.done(1, 1, 1, 1);
    expect(s.closed(1, 'killed')).toEqual(['100 left']); // 2 and 3 together were running
    expect(s.join(2, 2).filter((line) => line.includes('assign'))).toEqual([
      '2 assign 4: 2',
      '2 assign 5: 4 5 6 7',
      '2 assign 6: 8 9 10 11',
      '2 assign 7: 12 13 14',
    ]);
    expect(s.closed(2, 'killed')[0]).toBe('100 failed 2, again: w2: killed'); // the others beside it are not to blame
  });

  test('a worker that drains gets no more, and is not blamed when it goes', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(3);
    expect(s.hear(1, { op: 'drain' })).toEqual([]);
    s.hear(1, { op: 'returned', batch: 1 });
    expect(s.done(1, 0)).toEqual(['100 finished 0']);
    expect(s.closed(1)).toEqual(['100 left']);
    expect(s.join(2).slice(2)).toEqual(['2 assign 2: 1', '2 assign 3: 2']);
    s.hear(2, { op: 'drain' });
    expect(s.closed(2)).toEqual(['100 left']);
  });

  test('a silent worker is removed once, by its deadline; what it says later finds nothing', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(1);
    for (let at = 1000; at <= 5000; at += 1000) {
      s.hear(CLIENT, { op: 'ping', sent: 0, rttMs: 0 });
      expect(s.tick(at)).toEqual([]);
    }
    s.hear(CLIENT, { op: 'ping', sent: 0, rttMs: 0 });
    const removed = s.tick(6000);
    expect(removed[0]).toMatch(/^1 close: no sign of life for 5.9\d+ s$/);
    expect(removed.slice(1).map((line) => line.slice(0, 20))).toEqual(['100 failed 0, again:', '100 left']);
    expect(s.done(1, 0)).toEqual([]);
    expect(s.closed(1)).toEqual([]);
    expect(s.hear(1, { op: 'ping', sent: 0, rttMs: 0 })).toEqual(['1 pong']);
  });

  test('a scheduler that was held up itself removes nobody for it', () => {
    const s = scheduler();
    s.join(1);
    s.tick(1000);
    expect(s.tick(60_000)).toEqual([]);
    for (let at = 61_000; at < 65_000; at += 1000) expect(s.tick(at)).toEqual([]);
    expect(s.tick(66_000).length).toBeGreaterThan(0);
  });

  test('a second worker of the same name is refused; the first connecting again takes its own place', () => {
    const s = scheduler();
    s.connect();
    s.join(1, 1, 'lola', 'one');
    s.submit(1);
    expect(s.join(2, 1, 'lola', 'two')[0]).toMatch(/^2 close: a worker named 'lola' is here already/);
    expect(s.state.workers.size).toBe(1);
    expect(s.join(3, 1, 'lola', 'one')).toEqual([
      '1 close: connected again',
      '100 left',
      '3 welcome',
      '100 joined',
      '3 assign 1: 0',
    ]);
    expect(s.closed(1)).toEqual([]);
  });

  test('cancelling drops what is queued, stops what runs, and hears no result of it', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(5);
    expect(s.hear(CLIENT, { op: 'cancelRun', run: 0 })).toEqual(['1 cancel 0', '1 cancel 1']);
    expect(s.submit(1, { run: 1, first: 5 })).toEqual([]); // the thread is not free before the worker has answered
    expect(s.hear(1, { op: 'returned', batch: 1 })).toEqual(['1 assign 2: 5']);
    expect(s.done(1, 0)).toEqual([]);
    expect(s.done(1, 2)).toEqual(['100 finished 5']);
    expect(s.hear(CLIENT, { op: 'cancelRun', run: 7 })).toEqual([]);
  });

  test('who watches hears that a cancelled run’s tasks are dropped: the queued at once, the others with their answer', () => {
    const s = scheduler({ watched: true });
    const told = (commands: readonly Command[]) =>
      commands.flatMap((command) => {
        if (command.type !== 'tell' || !('task' in command.event)) return [];
        const { type, task, worker = '-' } = command.event as { type: string; task: string; worker?: string };
        return [`${type} ${task} ${worker}`];
      });
    const hear = (peer: number, message: ToScheduler, time: number) =>
      told(s.raw({ type: 'message', peer, message, time }));
    s.connect();
    s.join(1);
    s.join(2);
    s.submit(5);
    expect(hear(CLIENT, { op: 'cancelRun', run: 0 }, 10)).toEqual(['dropped c100-4 -']);
    expect(hear(1, { op: 'returned', batch: 2 }, 11)).toEqual(['dropped c100-2 w1']);
    const done = { op: 'done', batch: 0, thread: 0, count: 1, times: times(1, 1), values: none } as const;
    expect(hear(1, done, 12)).toEqual(['dropped c100-0 w1']); // it had not heard that nobody wants it
    expect(told(s.raw({ type: 'closed', peer: 2, reason: 'killed', time: 13 }))).toEqual([
      'dropped c100-3 w2',
      'dropped c100-1 w2',
    ]);
  });

  test('a client that is gone releases its tasks', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(5);
    expect(s.closed(CLIENT)).toEqual(['1 cancel 0', '1 cancel 1']);
    s.hear(1, { op: 'returned', batch: 0 });
    s.hear(1, { op: 'returned', batch: 1 });
    expect(s.state.clients.size + s.state.waiting.size + [...s.state.workers.values()][0].batches.size).toBe(
      0,
    );
  });

  test('a task that throws is tried again as often as the run allows, then told', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(1, { retries: 1 });
    const error = { name: 'RangeError', message: 'no' };
    const threw = (batch: number) =>
      s.hear(1, { op: 'done', batch, thread: 0, count: 0, times: times(0, 0), values: none, error });
    expect(threw(0)).toEqual(['100 failed 0, again: no', '1 assign 1: 0']);
    expect(threw(1)).toEqual(['100 failed 0: no']);
  });

  test('a task that throws ends its batch: those before it count, those after it are handed out again', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(20);
    s.done(1, 0, 1, 1);
    s.done(1, 1, 1, 1);
    const error = { name: 'RangeError', message: 'no' };
    const lines = s.hear(1, {
      op: 'done',
      batch: 2,
      thread: 0,
      count: 1,
      times: times(1, 1),
      values: none,
      error,
    });
    expect(lines.slice(0, 2)).toEqual(['100 finished 2', '100 failed 3: no']);
  });

  test('a worker that joins late gets what lies ahead of the others when the queue is empty', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(2);
    expect(s.join(2)).toEqual(['2 welcome', '100 joined', '1 takeBack 1']);
    expect(s.hear(1, { op: 'returned', batch: 1 })).toEqual(['2 assign 2: 1']);
  });

  test('a result that cannot be of its batch costs the worker its place and blames no task', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(1);
    expect(s.done(1, 0, 2)[0]).toBe('1 close: batch 0 has 1 tasks, got 2 results');
    expect(s.join(2).slice(2)).toEqual(['2 assign 1: 0']);
  });

  test('a watched scheduler tells each task’s events', () => {
    const s = scheduler({ watched: true });
    s.connect();
    s.join(1);
    const types = (commands: readonly Command[]) =>
      commands.flatMap((command) => (command.type === 'tell' ? [command.event.type] : []));
    const submit: ToScheduler = {
      op: 'submit',
      run: 0,
      kind: 'k',
      retries: 0,
      watched: true,
      tasks: tasks(1),
    };
    expect(types(s.raw({ type: 'message', peer: CLIENT, message: submit, time: 9 }))).toEqual(['queued']);
    const started: ToScheduler = { op: 'started', batch: 0, thread: 0, time: 9 };
    expect(types(s.raw({ type: 'message', peer: 1, message: started, time: 9 }))).toEqual(['started']);
    const done: ToScheduler = { op: 'done', batch: 0, thread: 0, count: 1, times: times(1, 1), values: none };
    expect(types(s.raw({ type: 'message', peer: 1, message: done, time: 9 }))).toEqual(['finished']);
  });

  test('a task that ends before its worker has told that it began is told to have begun', () => {
    const s = scheduler({ watched: true });
    s.connect();
    s.join(1);
    s.submit(1);
    const tell = (message: ToScheduler) =>
      s
        .raw({ type: 'message', peer: 1, message, time: 9 })
        .flatMap((command) => (command.type === 'tell' ? [command.event] : []));
    const done: ToScheduler = { op: 'done', batch: 0, thread: 0, count: 1, times: times(1, 1), values: none };
    expect(tell(done).map(({ type }) => type)).toEqual(['started', 'finished']);
    s.submit(1);
    const error = { name: 'RangeError', message: 'no' };
    const thrown: ToScheduler = { ...done, batch: 1, count: 0, times: times(0, 0), error };
    expect(tell(thrown).map(({ type }) => type)).toEqual(['started', 'failed']);
  });

  test('the status counts what runs, lies ahead and waits', () => {
    const s = scheduler();
    s.connect();
    s.join(1);
    s.submit(10);
    const [command] = s.raw({ type: 'message', peer: 5, message: { op: 'status' }, time: 99 });
    expect(command).toMatchObject({
      peer: 5,
      message: {
        op: 'status',
        clients: 1,
        waiting: 8,
        workers: [{ name: 'w1', threads: 1, running: 1, ahead: 1, finished: 0, draining: false }],
      },
    });
  });
});
