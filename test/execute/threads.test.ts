import { describe, expect, onTestFinished, test } from 'vitest';
import { startThreads } from '../../lib/execute/threads.js';
import { packTask, unpackValue } from '../../lib/task/pack.js';
import { taskModule } from '../../lib/task/module.js';
import type { Task, Value } from '../../lib/task/task.js';
import { CONTRACT_TASKS } from '../support/executor-contract.js';

const task = (operation: string, input: Value): Task => ({ key: operation, operation, input });
const start = async (count: number, ...tasks: string[]) => {
  const threads = await startThreads({ count, tasks: [CONTRACT_TASKS, ...tasks] });
  onTestFinished(() => threads.close());
  return threads;
};

describe('threads', () => {
  test('run a batch on one thread, one task after the other, and say when each started and ended', async () => {
    const threads = await start(2);
    const started: [number, number][] = [];
    const end = await threads.run([task('double', 1), task('spin', 2), task('double', 3)], {
      onStarted: (thread, time) => started.push([thread, time]),
    });
    expect({ ...end, times: end.times.length }).toEqual({
      thread: 0,
      count: 3,
      values: [2, true, 6],
      times: 6,
    });
    expect(end.times).toEqual([...end.times].sort((a, b) => a - b));
    expect(started.map(([thread]) => thread)).toEqual([0]);
    expect(started[0][1]).toBeLessThanOrEqual(end.times[0]);
  });

  test('pack values where they are made, as one list', async () => {
    const threads = await start(1);
    const values = [1.5, -0, 'π', new Float64Array([1, 2])];
    const { values: packed, ...end } = await threads.runPacked(
      values.map((value) => packTask(task('echo', value))),
      {},
    );
    expect(unpackValue(packed)).toEqual(values);
    expect({ ...end, times: end.times.length }).toEqual({ thread: 0, count: 4, times: 8 });
  });

  test('large packed tasks, which share the frame that they came in, move to the thread; small ones stay whole', async () => {
    const threads = await start(1);
    const inputs = [
      new Float64Array(20_000).fill(0.5),
      7,
      new Uint8Array(10),
      new Float64Array(9000).fill(2),
    ];
    const packed = inputs.map((input) => packTask(task('echo', input)));
    const [first, small, smaller, last] = packed.map(({ payload }) => payload);
    const frame = new Uint8Array(first.length + last.length);
    frame.set(first);
    frame.set(last, first.length);
    const [head, tail] = [frame.subarray(0, first.length), frame.subarray(first.length)];
    const payloads = [head, small, smaller, tail];
    const { values } = await threads.runPacked(
      payloads.map((payload, i) => ({ ...packed[i], payload })),
      {},
    );
    expect(unpackValue(values)).toEqual(inputs);
    expect(payloads.map(({ length }) => length)).toEqual([0, small.length, smaller.length, 0]);
  });

  test('a task that throws ends its batch: the values before it are kept', async () => {
    const threads = await start(1);
    const batch = [task('double', 1), task('fail', 'no'), task('double', 2)];
    const end = await threads.run(batch, {});
    expect(end).toMatchObject({ count: 1, values: [2], error: { name: 'RangeError', message: 'no' } });
    const packed = await threads.runPacked(batch.map(packTask), {});
    expect(packed).toMatchObject({ count: 1, error: { name: 'RangeError', message: 'no' } });
    expect(unpackValue(packed.values)).toEqual([2]);
  });

  test('a packed task that cannot be read fails by itself', async () => {
    const threads = await start(1);
    const batch = [packTask(task('double', 1)), { key: 'torn', payload: Uint8Array.of(0xc1) }];
    expect(await threads.runPacked(batch, {})).toMatchObject({ count: 1, error: { name: 'ProtocolError' } });
  });

  test('a thread that ends is replaced under its number, and the task that it ran is named', async () => {
    const threads = await start(1);
    const batch = [task('double', 1), task('exit', 3), task('double', 2)];
    const lost = { at: 1, ended: 'worker exited with code: 3' };
    const end = { thread: 0, count: 0, times: [], lost };
    expect(await threads.run(batch, {})).toEqual({ ...end, values: [] });
    expect(await threads.runPacked(batch.map(packTask), {})).toMatchObject(end);
    expect(await threads.run([task('double', 4)], {})).toMatchObject({ thread: 0, count: 1, values: [8] });
  });

  test('the signal ends a thread whose task goes on; a batch that ends by itself keeps its values', async () => {
    const threads = await start(1);
    const stopping = (batch: Task[]) => {
      const stop = new AbortController();
      return threads.run(batch, { signal: stop.signal, onStarted: () => stop.abort() });
    };
    const stopped = { thread: 0, count: 0, values: [], times: [] };
    expect(await stopping([task('forever', 0)])).toEqual(stopped);
    expect(await stopping([task('spin', 20)])).toMatchObject({ count: 1, values: [true] });
  });

  test('an array that a task module keeps stays the module’s: it can be returned again', async () => {
    const kept = taskModule({
      look: () => ((globalThis as { kept?: Value }).kept ??= Float64Array.of(1, 2, 3)),
    });
    const threads = await start(1, kept);
    for (let round = 0; round < 3; round++)
      expect((await threads.run([task('look', 0)], {})).values).toEqual([Float64Array.of(1, 2, 3)]);
  });

  test('what a task throws becomes text, whatever it is', async () => {
    const odd = taskModule({
      nameless: () => {
        throw Object.assign(new Error('no data'), { name: undefined, stack: [1] });
      },
      bare: () => {
        throw Object.create(null);
      },
    });
    const threads = await start(1, odd);
    const thrown = async (operation: string) => (await threads.run([task(operation, 0)], {})).error;
    expect(await thrown('nameless')).toEqual({ name: 'undefined', message: 'no data' });
    expect(await thrown('bare')).toEqual({
      name: 'Error',
      message: 'threw a value that is not an Error: an object',
    });
  });
});
