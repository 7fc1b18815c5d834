// The contract that every executor is held to, whoever computes: this thread, a pool, a cluster, Slurm.
import { afterEach, describe, expect, test } from 'vitest';
import {
  CancelledError,
  ClosedError,
  InvalidArgumentError,
  TaskError,
  WorkerLostError,
} from '../../lib/errors.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { partition } from '../../lib/sampling/partition.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import type { Executor, ExecutorEvent, RunOptions } from '../../lib/task/executor.js';
import { endAllRuns } from '../../lib/task/run.js';
import type { Task, Value } from '../../lib/task/task.js';
import { watched } from './watchdog.js';

/** The module of operations the suite uses, to be loaded by the executor under test. */
export const CONTRACT_TASKS = new URL('./tasks.mjs', import.meta.url).href;

/** What differs between executors, as far as the contract allows. */
export interface Abilities {
  /** A task that takes its thread or process with it fails alone (false: it would end the tests' own process). */
  readonly survivesExit: boolean;
  /** A task that never ends is stopped by the signal (false: it holds the caller's own thread). */
  readonly stopsForever: boolean;
  /** It draws all tasks before the first one runs, so a list must end. */
  readonly needsWholeList?: boolean;
  /** The longest that a run may take, and close (ms); the test's own limit is longer. */
  readonly mostMs?: number;
}

/** Two tests in a page have 60 s, in Node 120 s. */
const MOST_MS = 50_000;

const task = (operation: string, input: Value, key = `${operation}-${JSON.stringify(input)}`): Task => ({
  key,
  operation,
  input,
});
const numbered = (count: number): Task[] =>
  Array.from({ length: count }, (_, i) => task('double', i, `double-${i}`));

const oops = (): never => {
  throw new SyntaxError('in the caller');
};
const raise = (thrown: unknown): never => {
  throw thrown;
};
const rejecting = async (thrown: unknown): Promise<never> => raise(thrown);
const nested = (depth: number): Value => {
  let made: Value = 1;
  for (let i = 0; i < depth; i++) made = [made];
  return made;
};
const cyclic = (): unknown[] => {
  const list: unknown[] = [];
  list.push(list);
  return list;
};
const detached = (): Float64Array => {
  const array = Float64Array.of(1, 2);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
};
/** What a task gives or throws that no message can hold as it is; see tasks.mjs. */
const ODD_ENDS: readonly (readonly [operation: string, how: string])[] = [
  ...['symbol', 'bigint', 'cycle', 'gap', 'deep', 'thrower', 'promise of a function'].map(
    (how) => ['giveOdd', how] as const,
  ),
  ...['nothing', 'bare', 'nameless', 'stackless', 'symbol', 'thrower', 'cycle'].map(
    (how) => ['throwOdd', how] as const,
  ),
];

/** Runs the suite against executors that `start` makes, with CONTRACT_TASKS loaded. */
export function executorContract(name: string, start: () => Promise<Executor>, abilities: Abilities): void {
  describe(`the executor contract: ${name}`, () => {
    const opened: Executor[] = [];
    const open = async () => {
      const executor = watched(await start(), name, abilities.mostMs ?? MOST_MS);
      opened.push(executor);
      return executor;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((executor) => executor.close()));
    });

    test('values come in the order of the tasks', async () => {
      const executor = await open();
      expect(await executor.run(numbered(1000))).toEqual(Array.from({ length: 1000 }, (_, i) => 2 * i));
    });

    test('no tasks give no values', async () => {
      expect(await (await open()).run([])).toEqual([]);
    });

    test('counts of all parts add up to the count of the whole', async () => {
      const executor = await open();
      const key = keyOfSeed('contract');
      const total = 1_000_003;
      const whole = countInside(key, 0, total);
      for (const parts of [1, 2, 7, 300]) {
        const tasks = Array.from(partition(total, parts), (part) => task('countInside', { key, ...part }));
        const counts = (await executor.run(tasks)) as number[];
        expect(counts.reduce((a, b) => a + b)).toBe(whole);
      }
    });

    test('numbers, texts, records, lists and arrays travel both ways unchanged', async () => {
      const executor = await open();
      const values: Value[] = [
        -0,
        NaN,
        Infinity,
        2 ** 53 - 1,
        'π',
        '',
        true,
        null,
        [1, [2]],
        { a: { b: [null, 'c'] } },
        new Float32Array([1.5, NaN, -0]),
        new Float64Array([2 ** 53 - 1, -0]),
        new Uint8Array([0, 255]),
        new Float32Array(0),
        { array: new Float64Array([1]) },
      ];
      const back = await executor.run(values.map((value, i) => task('echo', value, `echo-${i}`)));
      expect(back).toEqual(values);
      expect(back.map((value) => Object.prototype.toString.call(value))).toEqual(
        values.map((value) => Object.prototype.toString.call(value)),
      );
    });

    test('a million bytes of a caller stay the caller’s', async () => {
      const mine = new Float32Array(250_000).fill(1);
      await (await open()).run([task('echo', mine, 'big')]);
      expect(mine.length).toBe(250_000);
    });

    test('each task tells queued, started, finished, in this order and on one clock', async () => {
      const executor = await open();
      const events: ExecutorEvent[] = [];
      const before = performance.timeOrigin + performance.now();
      await executor.run(numbered(20), { onEvent: (event) => events.push(event) });
      const after = performance.timeOrigin + performance.now();
      for (const { key } of numbered(20)) {
        const own = events.filter((event) => 'task' in event && event.task === key);
        expect(own.map(({ type }) => type)).toEqual(['queued', 'started', 'finished']);
        const finished = own[2] as ExecutorEvent & { type: 'finished' };
        expect(finished.start).toBeLessThanOrEqual(finished.end);
        // Threads of one machine agree on the time to a few milliseconds.
        expect(finished.start).toBeGreaterThan(before - 50);
        expect(finished.end).toBeLessThan(after + 50);
        expect(finished.thread).toBeGreaterThanOrEqual(0);
        expect(finished.worker).not.toBe('');
      }
    });

    test('onResult hears each value once, with its task and place', async () => {
      const executor = await open();
      const heard: [Value, string, number][] = [];
      await executor.run(numbered(50), {
        onResult: (value, { key }, index) => heard.push([value, key, index]),
      });
      expect(heard.sort((a, b) => a[2] - b[2])).toEqual(
        Array.from({ length: 50 }, (_, i) => [2 * i, `double-${i}`, i]),
      );
    });

    test('a task that throws fails the run, by its name, with its own class and message', async () => {
      const executor = await open();
      const failure = await executor
        .run([...numbered(3), task('fail', 'half a circle', 'culprit')])
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TaskError);
      const { key, cause, code, message } = failure as TaskError;
      expect({ key, code, name: cause.name, cause: cause.message }).toEqual({
        key: 'culprit',
        code: 'TASK_FAILED',
        name: 'RangeError',
        cause: 'half a circle',
      });
      expect(cause).toBeInstanceOf(RangeError);
      expect(message).toContain('culprit');
      expect(await executor.run(numbered(2))).toEqual([0, 2]);
    });

    test('an operation that is not there is refused by name', async () => {
      const failure = await (await open()).run([task('tripel', 1)]).catch((error: unknown) => error);
      expect((failure as TaskError).cause).toBeInstanceOf(InvalidArgumentError);
      expect((failure as TaskError).message).toContain("'tripel'");
    });

    test('a function as input is refused before it travels', async () => {
      const executor = await open();
      const wrong = { key: 'wrong', operation: 'echo', input: () => 1 } as unknown as Task;
      await expect(executor.run([wrong])).rejects.toThrow(InvalidArgumentError);
      await expect(executor.run([{ ...wrong, key: '', input: 1 }])).rejects.toThrow(InvalidArgumentError);
    });

    test('a function as result fails its task by name', async () => {
      const failure = await (
        await open()
      )
        .run([task('giveFunction', 1, 'giver')])
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TaskError);
      expect((failure as TaskError).key).toBe('giver');
      expect((failure as TaskError).cause).toBeInstanceOf(TypeError);
    });

    test('an aborted signal stops a run; what was finished has been heard', async () => {
      const executor = await open();
      const controller = new AbortController();
      const heard: Value[] = [];
      const onResult = (value: Value) => {
        heard.push(value);
        if (heard.length === 3) controller.abort();
      };
      const tasks = Array.from({ length: 10_000 }, (_, i) => task('spin', 1, `spin-${i}`));
      await expect(executor.run(tasks, { signal: controller.signal, onResult })).rejects.toThrow(
        CancelledError,
      );
      expect(heard.length).toBeGreaterThanOrEqual(3);
      expect(heard.length).toBeLessThan(10_000);
      expect(await executor.run(numbered(2))).toEqual([0, 2]);
    });

    // Tasks of 2 ms, and tasks so small that many of them travel together.
    const ways = [
      ['cancelled', 2],
      ['failed', 2],
      ['failed', 0],
      ...(abilities.survivesExit
        ? ([
            ['lost', 2],
            ['lost', 0],
          ] as const)
        : []),
    ] as const;
    test.each(ways)(
      'of a run that is %s every queued task is told to its end (%s ms a task)',
      async (how, ms) => {
        const executor = await open();
        const controller = new AbortController();
        const ends = new Map<string, string[]>();
        const started = new Set<string>();
        const notStarted: string[] = [];
        const onEvent = (event: ExecutorEvent) => {
          if (event.type === 'queued') ends.set(event.task, []);
          if (event.type === 'started') started.add(event.task);
          if (event.type === 'finished' || event.type === 'failed')
            if (!started.delete(event.task)) notStarted.push(event.task);
          if (
            event.type === 'finished' ||
            event.type === 'dropped' ||
            (event.type === 'failed' && !event.retried)
          )
            ends.get(event.task)!.push(event.type);
          if (event.type === 'finished' && how === 'cancelled') controller.abort();
        };
        const tasks = Array.from({ length: ms === 0 ? 5000 : 500 }, (_, i) => task('spin', ms, `spin-${i}`));
        const at = tasks.length - 400;
        if (how === 'failed') tasks[at] = task('fail', 'no');
        if (how === 'lost') tasks[at] = task('exit', 3);
        const run = executor.run(tasks, { signal: controller.signal, onEvent });
        const failure = { cancelled: CancelledError, failed: TaskError, lost: WorkerLostError }[how];
        await expect(run).rejects.toThrow(failure);
        expect([...ends.values()].filter(({ length }) => length !== 1)).toEqual([]);
        expect(notStarted).toEqual([]);
        const failed = [...ends].filter(([, [end]]) => end === 'failed').map(([key]) => key);
        expect(failed).toEqual(how === 'cancelled' ? [] : [tasks[at].key]);
      },
    );

    test('an interrupt ends all runs, and the next one is served at once', async () => {
      const executor = await open();
      const tasks = Array.from({ length: 5_000 }, (_, i) => task('spin', 2, `spin-${i}`));
      const runs = [tasks, tasks].map((each) => executor.run(each));
      setTimeout(endAllRuns, 100);
      const interrupted = { status: 'rejected', reason: { code: 'INTERRUPTED' } };
      expect(await Promise.allSettled(runs)).toMatchObject([interrupted, interrupted]); // all at once: either may end first
      expect(await executor.run(numbered(3))).toEqual([0, 2, 4]);
    });

    test('a signal that is aborted already runs nothing', async () => {
      const heard: Value[] = [];
      const run = (await open()).run(numbered(5), {
        signal: AbortSignal.abort(),
        onResult: (value) => heard.push(value),
      });
      await expect(run).rejects.toThrow(CancelledError);
      expect(heard).toEqual([]);
    });

    test('tasks are drawn from an iterable that has not been made yet', async () => {
      function* tasks(): Generator<Task> {
        for (let i = 0; i < 25_000; i++) yield task('double', i, `double-${i}`);
      }
      const values = await (await open()).run(tasks());
      expect(values.length).toBe(25_000);
      expect(values[24_999]).toBe(49_998);
    });

    test('an iterable that throws fails the run with its own error', async () => {
      function* tasks(): Generator<Task> {
        yield task('double', 1);
        throw new SyntaxError('no more');
      }
      await expect((await open()).run(tasks())).rejects.toThrow(SyntaxError);
    });

    test('an error in onResult or onEvent fails the run', async () => {
      const executor = await open();
      const oops = () => {
        throw new SyntaxError('in the caller');
      };
      await expect(executor.run(numbered(3), { onResult: oops })).rejects.toThrow(SyntaxError);
      await expect(executor.run(numbered(3), { onEvent: oops })).rejects.toThrow(SyntaxError);
      expect(await executor.run(numbered(2))).toEqual([0, 2]);
    });

    // No run hangs: what cannot travel, and what the caller's own code throws, ends it by name, and the executor lives.
    const UNSENDABLE: readonly (readonly [name: string, make: () => unknown])[] = [
      ['a symbol', () => Symbol('odd')],
      ['a BigInt', () => 10n],
      ['a list with a gap', () => Array(1)],
      ['a cycle', cyclic],
      ['a getter that throws', () => Object.defineProperty({}, 'x', { get: oops, enumerable: true })],
      ['a proxy that throws', () => new Proxy({}, { ownKeys: oops })],
      ['3500 lists in one another', () => nested(3500)],
      ['a promise', () => Promise.resolve(1)],
      ['an array without its memory', detached],
    ];

    test('a task that cannot be sent is refused by name, and the executor lives', async () => {
      const executor = await open();
      for (const [name, make] of UNSENDABLE) {
        const tasks = [...numbered(2), task('echo', make() as Value, name)];
        const failure = (await executor.run(tasks).catch((error: unknown) => error)) as InvalidArgumentError;
        expect([name, failure.code, failure.message.includes(`task ${name}`)]).toEqual([
          name,
          'INVALID_ARGUMENT',
          true,
        ]);
      }
      expect(await executor.run(numbered(2))).toEqual([0, 2]);
    });

    test('a message that a peer cannot read fails its task by name, and the executor lives', async () => {
      const executor = await open();
      for (const [operation, how] of ODD_ENDS) {
        const tasks = [...numbered(2), task(operation, how, `${operation} ${how}`)];
        const failure = (await executor.run(tasks).catch((error: unknown) => error)) as TaskError;
        expect([how, failure.code, failure.key]).toEqual([how, 'TASK_FAILED', `${operation} ${how}`]);
        for (const text of [failure.message, failure.cause.name, failure.cause.message])
          expect(typeof text).toBe('string');
      }
      expect(await executor.run([task('chatter', 1), ...numbered(2)])).toEqual([1, 0, 2]);
    });

    const THROWN = [undefined, null, 'a text', 5, Symbol('odd'), Object.create(null)] as readonly unknown[];
    const throwers: readonly (readonly [string, (thrown: unknown) => RunOptions])[] = [
      ['onResult', (thrown) => ({ onResult: () => raise(thrown) })],
      ['an async onResult', (thrown) => ({ onResult: () => rejecting(thrown) as unknown as void })],
      ['an async onEvent', (thrown) => ({ onEvent: () => rejecting(thrown) as unknown as void })],
      ...(['queued', 'started', 'finished'] as const).map(
        (type) =>
          [
            `onEvent at ${type}`,
            (thrown: unknown) => ({
              onEvent: (event: ExecutorEvent) => event.type === type && raise(thrown),
            }),
          ] as const,
      ),
    ];

    test('whatever a callback throws, the run fails with an error, and the executor lives', async () => {
      const executor = await open();
      for (const [i, [name, options]] of [...throwers, ...throwers].entries()) {
        const failure = await executor
          .run(numbered(1 + (i % 2)), options(THROWN[i % THROWN.length]))
          .catch((error: unknown) => error);
        expect([name, failure instanceof Error]).toEqual([name, true]);
        expect(typeof (failure as Error).message).toBe('string');
      }
      expect(await executor.run(numbered(2))).toEqual([0, 2]);
    });

    const ends = abilities.needsWholeList ? 'at its end fails its run' : 'as it is closed changes no reason';
    test(`a list of tasks that throws ${ends}, and the executor lives`, async () => {
      const executor = await open();
      function* tasks(): Generator<Task> {
        try {
          yield task('fail', 'first', 'culprit');
          for (let i = 0; !abilities.needsWholeList; i++) yield task('wait', 1, `wait-${i}`);
        } finally {
          oops();
        }
      }
      const reason = abilities.needsWholeList ? /in the caller/ : /culprit.*first/;
      await expect(executor.run(tasks())).rejects.toThrow(reason);
      expect(await executor.run(numbered(2))).toEqual([0, 2]);
    });

    test('several runs at once each get their own values', async () => {
      const executor = await open();
      const runs = await Promise.all(
        [1, 2, 3].map((n) =>
          executor.run(Array.from({ length: 100 }, (_, i) => task('double', n * i, `${n}-${i}`))),
        ),
      );
      expect(runs).toEqual([1, 2, 3].map((n) => Array.from({ length: 100 }, (_, i) => 2 * n * i)));
    });

    test('a task may wait without holding the timers of its worker', async () => {
      expect(await (await open()).run([task('wait', 20)])).toEqual([20]);
    });

    test('close lets the runs under way end, and refuses new ones', async () => {
      const executor = await open();
      const run = executor.run(Array.from({ length: 8 }, (_, i) => task('spin', 5, `spin-${i}`)));
      await executor.close();
      expect(await run).toEqual(new Array(8).fill(true));
      await expect(executor.run(numbered(1))).rejects.toThrow(ClosedError);
      await executor.close();
    });

    test('a callback may close it: the run ends as it would have', async () => {
      const executor = await open();
      let closed: Promise<unknown> | undefined;
      const run = executor.run(numbered(8), { onEvent: () => void (closed ??= executor.close()) });
      expect(await run).toHaveLength(8);
      await closed;
    });

    test.skipIf(!abilities.survivesExit)(
      'a task that takes its thread with it fails by name, and the executor heals',
      async () => {
        const executor = await open();
        for (let round = 0; round < 3; round++) {
          const failure = await executor
            .run([...numbered(3), task('exit', 3, 'killer')])
            .catch((error: unknown) => error);
          expect(failure).toBeInstanceOf(WorkerLostError);
          expect((failure as WorkerLostError).key).toBe('killer');
          expect((failure as WorkerLostError).ended[0]).toMatch(/3|closed itself/);
          expect(await executor.run(numbered(10))).toEqual(Array.from({ length: 10 }, (_, i) => 2 * i));
        }
      },
    );

    test.skipIf(!abilities.stopsForever)(
      'a task that never ends is stopped by the signal within a second or so',
      async () => {
        const executor = await open();
        const controller = new AbortController();
        const onEvent = ({ type }: ExecutorEvent) => {
          if (type === 'started') controller.abort();
        };
        await expect(
          executor.run([task('forever', 0)], { signal: controller.signal, onEvent }),
        ).rejects.toThrow(CancelledError);
        expect(await executor.run(numbered(2))).toEqual([0, 2]);
      },
    );
  });
}
