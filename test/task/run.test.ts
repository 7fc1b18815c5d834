// What one call of run does, whatever executor drives it.
import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { CancelledError, InvalidArgumentError } from '../../lib/errors.js';
import type { ExecutorEvent, RunOptions } from '../../lib/task/executor.js';
import { Run, type Drawn } from '../../lib/task/run.js';
import type { Task } from '../../lib/task/task.js';

const PLACE = { worker: 'w', thread: 0 };
const task = (i: number): Task => ({ key: `t${i}`, operation: 'o', input: i });
const many = (count: number) => Array.from({ length: count }, (_, i) => task(i));

/** A run, its events in short words, and how often it has settled. */
function start(tasks: Iterable<Task>, options: RunOptions = {}) {
  const events: ExecutorEvent[] = [];
  const settled: Run[] = [];
  const run = new Run(tasks, { onEvent: (event) => events.push(event), ...options }, (each) =>
    settled.push(each),
  );
  return {
    run,
    settled,
    words: () => events.map((event) => ('task' in event ? `${event.type} ${event.task}` : event.type)),
    draw: (count: number) => Array.from({ length: count }, () => run.draw()!),
    finish: (drawn: Drawn, value: number) => run.finished(drawn, value, PLACE, 1, 2, 3),
    failure: () =>
      run.result.then(
        () => undefined,
        (error: unknown) => error as Error,
      ),
  };
}

describe('a run', () => {
  test('gives values in the order of its tasks, whatever order they come in', async () => {
    const seen: unknown[] = [];
    const r = start(many(3), { onResult: (value, { key }, index) => seen.push([key, index, value]) });
    const [a, b, c] = r.draw(3);
    expect(r.run.draw()).toBeUndefined();
    for (const [drawn, value] of [
      [c, 30],
      [a, 10],
      [b, 20],
    ] as const)
      r.finish(drawn, value);
    expect(await r.run.result).toEqual([10, 20, 30]);
    expect(seen).toEqual([
      ['t2', 2, 30],
      ['t0', 0, 10],
      ['t1', 1, 20],
    ]);
    expect(r.settled).toEqual([r.run]);
  });

  test('of no tasks gives no values', async () => {
    const r = start([]);
    expect(r.run.draw()).toBeUndefined();
    expect(await r.run.result).toEqual([]);
  });

  test('draws a task only when it is asked for one', () => {
    let made = 0;
    const tasks = function* () {
      for (;;) yield task(made++);
    };
    const r = start(tasks());
    expect(made).toBe(0);
    r.draw(2);
    expect(made).toBe(2);
  });

  test('reports queued, started and finished; a start once, and before the end though nobody reported it', () => {
    const r = start(many(2));
    const [a, b] = r.draw(2);
    r.run.started(a, PLACE, 1);
    r.run.started(a, PLACE, 1);
    r.finish(b, 1);
    r.finish(a, 0);
    expect(r.words()).toEqual([
      'queued t0',
      'queued t1',
      'started t0',
      'started t1',
      'finished t1',
      'finished t0',
    ]);
  });

  test('takes one value for each task', async () => {
    const r = start(many(1));
    const [a] = r.draw(1);
    r.run.draw();
    r.finish(a, 1);
    r.finish(a, 2);
    expect(await r.run.result).toEqual([1]);
    expect(r.words().filter((word) => word.startsWith('finished')).length).toBe(1);
  });

  test('goes on where a task is tried again, and reports each start', async () => {
    const r = start(many(1));
    const [a] = r.draw(1);
    r.run.draw();
    r.run.failed(a, PLACE, 'lost', undefined);
    r.finish(a, 5);
    expect(await r.run.result).toEqual([5]);
    expect(r.words()).toEqual(['queued t0', 'started t0', 'failed t0', 'started t0', 'finished t0']);
  });

  test('fails at the first failure: drops every task without an end, closes the iterable, and ignores what comes later', async () => {
    let closed = 0;
    const tasks = function* () {
      try {
        for (let i = 0; ; i++) yield task(i);
      } finally {
        closed++;
      }
    };
    const r = start(tasks());
    const [a, b, c] = r.draw(3);
    r.finish(a, 0);
    r.run.failed(b, PLACE, 'no', new RangeError('no'));
    r.finish(c, 2);
    r.run.failed(c, PLACE, 'late', new Error('late'));
    r.run.started(c, PLACE, 1);
    r.run.report({ type: 'left', worker: 'w', reason: 'r', time: 1 });
    expect(r.run.draw()).toBeUndefined();
    expect(await r.failure()).toEqual(new RangeError('no'));
    expect(closed).toBe(1);
    expect(r.settled.length).toBe(1);
    expect(r.words().slice(3)).toEqual([
      'started t0',
      'finished t0',
      'started t1',
      'failed t1',
      'dropped t2',
    ]);
  });

  test('fails with what its iterable throws', async () => {
    const tasks = function* () {
      yield task(0);
      throw new RangeError('no more');
    };
    const r = start(tasks());
    r.draw(2);
    expect(await r.failure()).toEqual(new RangeError('no more'));
    expect(r.words()).toEqual(['queued t0', 'dropped t0']);
  });

  test('fails with what is no error, if that is thrown', async () => {
    const r = start(many(1));
    r.run.fail('text');
    expect((await r.failure())!.message).toBe('threw a value that is not an Error: text');
  });

  test.each(['onEvent', 'onResult'])('fails with what %s throws', async (name) => {
    let calls = 0;
    const callback = () => {
      calls++;
      throw new RangeError('mine');
    };
    const r = start(many(2), { [name]: callback });
    const drawn = r.run.draw();
    if (drawn) r.finish(drawn, 1);
    expect(await r.failure()).toEqual(new RangeError('mine'));
    expect(calls).toBe(name === 'onEvent' ? 2 : 1); // 'queued', and then 'dropped' of the same task
    expect(r.settled.length).toBe(1);
  });

  test.each([
    [{ key: '', operation: 'o', input: 0 }, /key must be/],
    [{ key: 'k', operation: 5, input: 0 }, /operation must be/],
    [{ key: 'k', operation: 'o', input: () => 1 }, /input must be plain data/],
    [undefined, /task: must be \{ key, operation, input \}, got nothing/],
  ])('fails by name at the task %j', async (bad, words) => {
    const r = start([task(0), bad as Task]);
    r.draw(2);
    const error = await r.failure();
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error!.message).toMatch(words);
  });

  test('that is aborted fails at once; before its start, it draws nothing', async () => {
    const controller = new AbortController();
    const r = start(many(2), { signal: controller.signal });
    r.draw(1);
    controller.abort();
    expect(r.run.settled).toBe(true);
    expect(await r.failure()).toBeInstanceOf(CancelledError);
    const late = start(many(2), { signal: controller.signal });
    expect(late.run.draw()).toBeUndefined();
    expect(await late.failure()).toBeInstanceOf(CancelledError);
    expect(late.words()).toEqual([]);
  });

  test('shares one listener of a signal with all others that it ends, and takes it away at the end of the last', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = () => getEventListeners(signal, 'abort').length;
    const runs = Array.from({ length: 100 }, () => start(many(1), { signal }));
    expect(listeners()).toBe(1);
    for (const { run, draw, finish } of runs.slice(1)) {
      finish(draw(1)[0], 1);
      run.draw();
      expect([run.settled, listeners()]).toEqual([true, 1]);
    }
    const late = start(many(1), { signal });
    controller.abort();
    expect(listeners()).toBe(0);
    for (const { failure } of [runs[0], late]) expect(await failure()).toBeInstanceOf(CancelledError);
    for (const { run } of runs.slice(1)) expect(await run.result).toEqual([1]);
  });

  test('that is over does not mind an abort', async () => {
    const controller = new AbortController();
    const r = start([], { signal: controller.signal });
    r.run.draw();
    controller.abort();
    expect(await r.run.result).toEqual([]);
    expect(r.settled.length).toBe(1);
  });

  test.each([
    [5, {}, /tasks must be a list or a generator/],
    ['text', {}, /tasks must be a list or a generator/],
    [undefined, {}, /tasks must be a list or a generator/],
    [[], { signal: new AbortController() }, /signal must be an AbortSignal.*controller.signal/],
    [[], { onEvent: 5 }, /onEvent must be a function/],
    [[], { onResult: 'x' }, /onResult must be a function/],
  ])('of %j with %j is refused by name', (tasks, options, words) => {
    expect(() => new Run(tasks as never, options as never)).toThrow(InvalidArgumentError);
    expect(() => new Run(tasks as never, options as never)).toThrow(words);
  });
});
