// The watchdog of the executor contract sees a run that hangs, and says what it waits for.
import { expect, test } from 'vitest';
import type { Executor, RunOptions } from '../../lib/task/executor.js';
import type { Value } from '../../lib/task/task.js';
import { HangError, settles, watched } from '../support/watchdog.js';

const never = new Promise<never>(() => {});
const place = { worker: 'w1', thread: 0, time: 0 };
const tasks = ['a', 'b', 'c'].map((key) => ({ key, operation: 'echo', input: 1 }));

/** An executor that finishes the first task, starts the second and then hangs. */
function hanging(heard: RunOptions[] = []): Executor {
  const run = (_: unknown, options: RunOptions = {}): Promise<Value[]> => {
    heard.push(options);
    for (const { key } of tasks) options.onEvent?.({ type: 'queued', task: key, time: 0 });
    for (const task of ['a', 'b']) options.onEvent?.({ type: 'started', task, ...place });
    options.onEvent?.({ type: 'finished', task: 'a', ...place, start: 0, end: 0 });
    return never;
  };
  return { workers: 2, run, close: () => never };
}

test('a run that hangs fails by name, with the tasks that are pending', async () => {
  const run = watched(hanging(), 'pool of 2', 20).run(tasks);
  await expect(run).rejects.toThrow(HangError);
  await expect(run).rejects.toThrow(
    'after 20 ms: run 1 of pool of 2: 2 tasks are pending: b (started on w1), c (queued)',
  );
});

test('a close that hangs fails by name', async () => {
  const executor = watched(hanging(), 'pool of 2', 20);
  await expect(executor.close()).rejects.toThrow('after 20 ms: close of pool of 2 after 0 runs');
});

test('a run that settles gives what it gave, and the caller hears its events', async () => {
  const heard: string[] = [];
  const onEvent = ({ type }: { type: string }) => heard.push(type);
  await expect(watched(hanging(), 'x', 20).run(tasks, { onEvent })).rejects.toThrow(HangError);
  expect(heard).toEqual(['queued', 'queued', 'queued', 'started', 'started', 'finished']);
  const good: Executor = { workers: 1, run: () => Promise.resolve([1]), close: () => Promise.resolve() };
  expect(await watched(good, 'x', 20).run([])).toEqual([1]);
  await expect(settles(Promise.reject(new RangeError('own')), 20, () => '')).rejects.toThrow(RangeError);
});
