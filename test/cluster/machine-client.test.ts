// The client's machine: what it submits and when, and what it makes of answers, event by event.
import { describe, expect, test } from 'vitest';
import { ClientMachine, type ClientEvent } from '../../lib/cluster/client.js';
import type { FromScheduler, ToScheduler } from '../../lib/cluster/messages.js';
import { TaskError, WorkerLostError } from '../../lib/errors.js';
import type { ExecutorEvent, RunOptions } from '../../lib/task/executor.js';
import { packValue } from '../../lib/task/pack.js';
import { Run } from '../../lib/task/run.js';
import type { Task, Value } from '../../lib/task/task.js';

type Submit = ToScheduler & { op: 'submit' };

/** A client's machine on connection 0 of a cluster, and what it sends. */
function client() {
  const machine = new ClientMachine('client');
  const handle = (event: ClientEvent, now = 1000): ToScheduler[] =>
    machine.handle(event, now).flatMap((action) => (action.type === 'send' ? [action.message] : []));
  const hear = (message: FromScheduler, peer = 0) => handle({ type: 'message', peer, message });
  const submits = (messages: readonly ToScheduler[]) =>
    messages.filter((message): message is Submit => message.op === 'submit');
  return {
    machine,
    handle,
    hear,
    open: (peer = 0) => handle({ type: 'opened', peer }),
    closed: (peer = 0) => handle({ type: 'closed', peer, reason: 'broke off', blame: false }),
    /** @returns the keys of the tasks that it submits */
    welcome: (threads: readonly number[], peer = 0) => keys(hear(welcomeOf(threads), peer)),
    run: (tasks: Iterable<Task>, options: RunOptions = {}) => {
      const sent: ToScheduler[] = [];
      const run = new Run(tasks, options, (settled) =>
        sent.push(...handle({ type: 'settled', run: settled })),
      );
      const submitted = submits(handle({ type: 'run', run }));
      return { run, submitted, sent };
    },
    /** @returns the keys of the tasks that it submits then */
    finished: (ids: number[], values: Value = ids.map((id) => id * 10), peer = 0) =>
      keys(hear(finishedOf(ids, packValue(values)), peer)),
  };
}

function welcomeOf(threads: readonly number[]): FromScheduler {
  const status = { running: 0, finished: 0, leaving: false };
  const workers = threads.map((count, i) => ({ name: `w${i}`, threads: count, ...status }));
  return { op: 'welcome', heartbeatMs: 1000, workers, clients: 1, waiting: 0 };
}

function finishedOf(ids: number[], values: Uint8Array): FromScheduler {
  const ages = Float64Array.from(ids.flatMap(() => [2, 1]));
  return { op: 'finished', ids, worker: 'w0', thread: 0, ages, values };
}

const keys = (messages: readonly ToScheduler[]): string[] =>
  messages.flatMap((message) => (message.op === 'submit' ? message.tasks.map(({ key }) => key) : []));

const many = (count: number, name = 'task', operation = 'double'): Task[] =>
  Array.from({ length: count }, (_, i) => ({ key: `${name}-${i}`, operation, input: i }));
const numbered = (count: number, name = 'task') => many(count, name).map(({ key }) => key);

describe('the client’s machine', () => {
  test('submits nothing before it is welcome, and then eight tasks for each thread', () => {
    const c = client();
    expect(c.run(many(100)).submitted).toEqual([]);
    expect(c.open()).toMatchObject([{ op: 'hello', role: 'client', name: 'client' }]);
    expect(c.welcome([1, 2])).toEqual(numbered(24));
    expect(c.machine.threads).toBe(3);
  });

  test('submits as for one thread without a worker, and more as threads join', () => {
    const c = client();
    c.open();
    expect(c.welcome([])).toEqual([]);
    expect(c.run(many(100)).submitted.flatMap(({ tasks }) => tasks.map(({ key }) => key))).toEqual(
      numbered(8),
    );
    const joined = c.hear({ op: 'workers', joined: [{ name: 'w', threads: 2 }], left: [] });
    expect(keys(joined)).toEqual(numbered(16).slice(8));
  });

  test('serves runs in turn: a long one does not hold up those behind it', () => {
    const c = client();
    c.open();
    c.welcome([64]);
    expect(c.run(many(10_000, 'long')).submitted.flatMap(({ tasks }) => tasks).length).toBe(512);
    c.run(many(3, 'short'));
    const next = c.finished(Array.from({ length: 256 }, (_, id) => id));
    expect(next.slice(0, 64).every((key) => key.startsWith('long-'))).toBe(true);
    expect(next.slice(64, 67)).toEqual(numbered(3, 'short'));
  });

  test('draws from a run with large inputs a little at a time, and from others all the same', () => {
    const c = client();
    c.open();
    c.welcome([1]);
    let drawn = 0;
    const large = function* (): Generator<Task> {
      while (++drawn > 0) yield { key: `large-${drawn}`, operation: 'o', input: new Uint8Array(8 * 2 ** 20) };
    };
    c.run(large());
    expect(drawn).toBe(8); // 64 MiB
    c.run(many(1, 'small'));
    const next = [];
    for (let id = 0; next.length < 5; id++) next.push(...c.finished([id], [0]));
    expect(next).toContain('small-0');
    expect(drawn).toBeLessThan(30);
  });

  test('the window grows with the batches that come back, and never falls below eight tasks a thread', () => {
    const c = client();
    c.open();
    c.welcome([1]);
    const { submitted } = c.run(many(10_000));
    expect(submitted[0].tasks.length).toBe(8);
    let next = 0;
    const finish = (count: number) => c.finished(Array.from({ length: count }, () => next++)).length;
    expect(finish(2)).toBe(16 - 6); // of batches of two, eight are under way
    expect(finish(8)).toBe(64 - 8);
    for (let left = 64; left > 8; left--) finish(1);
    expect([finish(1), finish(1), finish(1), finish(1)]).toEqual([0, 0, 0, 8 - 4]);
  });

  test('one message carries many tasks that are alike, and few of them if their inputs are large', () => {
    const c = client();
    c.open();
    c.welcome([8]);
    const tasks = [...many(3), ...many(2, 'other', 'square')];
    const shapes = c.run(tasks, { onEvent: () => {} }).submitted;
    expect(shapes.map(({ kind, tasks: list }) => [kind, list.length])).toEqual([
      ['double', 3],
      ['square', 2],
    ]);
    const large = Array.from({ length: 4 }, (_, i) => ({
      key: `large-${i}`,
      operation: 'o',
      input: new Uint8Array(400_000),
    }));
    expect(c.run(large).submitted.map(({ tasks: list }) => list.length)).toEqual([2, 2]);
  });

  test('row 7: sends everything without a result again after a reconnection, and nothing that has one', async () => {
    const c = client();
    c.open(0);
    c.welcome([1], 0);
    const { run } = c.run(many(10));
    c.finished([1, 3]);
    c.closed(0);
    expect(c.machine.threads).toBe(0);
    c.open(1);
    expect(c.welcome([1], 1)).toEqual([0, 2, 4, 5, 6, 7, 8, 9].map((i) => `task-${i}`));
    for (const id of [9, 8, 7, 6, 5, 4, 2, 0]) c.finished([id], [id * 10], 1);
    expect(await run.result).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  test('row 10: counts a value once, though it comes twice, or on an old connection', async () => {
    const c = client();
    c.open(0);
    c.welcome([1], 0);
    const seen: unknown[] = [];
    const { run } = c.run(many(2), { onResult: (value, _task, index) => seen.push([index, value]) });
    c.finished([0], ['first']);
    c.finished([0], ['again']);
    c.closed(0);
    c.open(1);
    c.welcome([1], 1);
    c.finished([1], ['of the old connection'], 0);
    c.finished([1], ['second'], 1);
    expect(await run.result).toEqual(['first', 'second']);
    expect(seen).toEqual([
      [0, 'first'],
      [1, 'second'],
    ]);
  });

  test('a connection that closes late does not close the one after it', () => {
    const c = client();
    c.open(0);
    c.open(1);
    c.welcome([1], 1);
    c.closed(0);
    expect(c.run(many(1)).submitted.length).toBe(1);
  });

  test('a value that cannot be read fails its task by name, and names the worker', async () => {
    for (const [bytes, words] of [
      [new Uint8Array([0xc1]), 'a packed value must be plain data'],
      [new Uint8Array([0x92, 1]), '2 bytes cannot be read'],
      [packValue([1, 2]), '1 values were expected'],
      [packValue('no list'), '1 values were expected'],
    ] as const) {
      const c = client();
      c.open();
      c.welcome([1]);
      const { run } = c.run(many(1));
      c.hear(finishedOf([0], bytes));
      const failure = await run.result.catch((error: unknown) => error as Error);
      expect(failure).toBeInstanceOf(TaskError);
      expect((failure as Error).message).toContain('task-0');
      expect((failure as Error).message).toContain(`worker w0 sent a value that cannot be read: ${words}`);
    }
  });

  test('a task that threw fails its run with its error, and one whose workers were lost with how each ended', async () => {
    const fail = async (why: Partial<FromScheduler & { op: 'failed' }>) => {
      const c = client();
      c.open();
      c.welcome([1]);
      const { run, sent } = c.run(many(20));
      c.hear({ op: 'failed', id: 3, worker: 'w0', thread: 0, retried: false, ...why });
      expect(sent).toEqual([{ op: 'cancel', ids: [0, 1, 2, 4, 5, 6, 7] }]);
      return run.result.catch((error: unknown) => error as Error);
    };
    const threw = await fail({ error: { name: 'RangeError', message: 'too far' } });
    expect(threw).toBeInstanceOf(TaskError);
    expect(threw).toMatchObject({ key: 'task-3', cause: { name: 'RangeError', message: 'too far' } });
    const lost = await fail({ ended: ['w0: killed', 'w1: killed'] });
    expect(lost).toBeInstanceOf(WorkerLostError);
    expect(lost).toMatchObject({ key: 'task-3', attempts: 2, ended: ['w0: killed', 'w1: killed'] });
  });

  test('a task that is tried again stays with the scheduler', async () => {
    const c = client();
    c.open();
    c.welcome([1]);
    const events: ExecutorEvent[] = [];
    const { run } = c.run(many(1), { onEvent: (event) => events.push(event) });
    c.hear({ op: 'failed', id: 0, worker: 'w0', thread: 0, retried: true, ended: ['w0: killed'] });
    c.finished([0], [5]);
    expect(await run.result).toEqual([5]);
    const told = events.map(({ type }) => type);
    expect(told).toEqual(['joined', 'queued', 'started', 'failed', 'started', 'finished']);
  });

  test('an aborted run takes its tasks back, and makes room for others', async () => {
    const c = client();
    c.open();
    c.welcome([1]);
    const controller = new AbortController();
    const { run, sent } = c.run(many(100), { signal: controller.signal });
    const other = c.run(many(1, 'other'));
    expect(other.submitted).toEqual([]);
    controller.abort();
    await expect(run.result).rejects.toThrow('cancelled');
    expect(sent[0]).toEqual({ op: 'cancel', ids: [0, 1, 2, 3, 4, 5, 6, 7] });
    expect(keys(sent)).toEqual(['other-0']);
    expect(c.finished([0])).toEqual([]); // it was under way already
  });

  test('runs hear of workers that come and go, and when a task has started', () => {
    const c = client();
    c.open();
    c.welcome([2]);
    const events: ExecutorEvent[] = [];
    c.run(many(1), { onEvent: (event) => events.push(event) });
    c.hear({ op: 'started', id: 0, worker: 'w0', thread: 1, age: 30 });
    c.hear({
      op: 'workers',
      joined: [{ name: 'late', threads: 4 }],
      left: [{ name: 'w0', reason: 'killed' }],
    });
    expect(events.filter(({ type }) => type !== 'queued')).toEqual([
      { type: 'joined', worker: 'w0', threads: 2, time: 1000 },
      { type: 'started', task: 'task-0', worker: 'w0', thread: 1, time: 970 },
      { type: 'joined', worker: 'late', threads: 4, time: 1000 },
      { type: 'left', worker: 'w0', reason: 'killed', time: 1000 },
    ]);
    expect(c.machine.threads).toBe(4);
  });
});
