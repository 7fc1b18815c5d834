import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { where, type ChunkedArray } from '../../lib/array/array.js';
import { compute } from '../../lib/array/compute.js';
import { arange, fromArray, full, random } from '../../lib/array/create.js';
import type { ComputeOptions } from '../../lib/array/run.js';
import { CancelledError, InvalidArgumentError, TaskError } from '../../lib/errors.js';
import { startPool } from '../../lib/execute/pool.js';
import { startSerial } from '../../lib/execute/serial.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import type { Executor, RunOptions } from '../../lib/task/executor.js';
import type { Task, Value } from '../../lib/task/task.js';

let serial: Executor;
let pool: Executor;
beforeAll(async () => {
  [serial, pool] = await Promise.all([startSerial(), startPool({ workers: 2 })]);
});
afterAll(() => Promise.all([serial.close(), pool.close()]));

/** The arrays of the lesson: x, y, and whether each point is inside. */
function points(
  n: number,
  chunks: number | readonly number[] | 'auto',
  seed = 2017,
): { x: ChunkedArray; y: ChunkedArray; inside: ChunkedArray } {
  const x = random.uniform(n, { chunks, seed, stream: 'x' });
  const y = random.uniform(n, { chunks, seed, stream: 'y' });
  return { x, y, inside: x.square().add(y.square()).lessEqual(1) };
}

/** An executor that also writes down the tasks it is handed. */
function watched(executor: Executor): { executor: Executor; tasks: Task[] } {
  const tasks: Task[] = [];
  function* noted(given: Iterable<Task>): Generator<Task> {
    for (const task of given) {
      tasks.push(task);
      yield task;
    }
  }
  const run = (given: Iterable<Task>, options?: RunOptions): Promise<Value[]> =>
    executor.run(noted(given), options);
  return { tasks, executor: { workers: executor.workers, run, close: () => executor.close() } };
}

const everyForm: readonly Pick<ComputeOptions, 'optimize' | 'kernel'>[] = [true, false].flatMap((optimize) =>
  (['reference', 'simd'] as const).map((kernel) => ({ optimize, kernel })),
);

describe('the count of points inside', () => {
  const n = 140_007;

  test('is one integer for any chunking, fused or not, on serial and on pool, by either engine', async () => {
    const expected = countInside(keyOfSeed(2017), 0, n);
    for (const chunks of [-1, 'auto', 65_536, 100_000, 7_777, [1, 139_999, 7]] as const) {
      for (const form of everyForm) {
        for (const executor of [serial, pool]) {
          const { inside } = points(n, chunks);
          const counts = await compute(inside.sum(), inside.count(), { executor, ...form });
          expect([chunks, form, counts]).toEqual([chunks, form, [expected, expected]]);
        }
      }
    }
  });

  test('is the kernel’s for any seed, length and chunks', async () => {
    const cases = fc.record({
      length: fc.integer({ min: 1, max: 150_000 }),
      size: fc.integer({ min: 500, max: 200_000 }),
      seed: fc.integer(),
    });
    const property = fc.asyncProperty(cases, async ({ length, size, seed }) => {
      const [count] = await compute(points(length, size, seed).inside.sum(), { executor: serial });
      expect(count).toBe(countInside(keyOfSeed(seed), 0, length));
    });
    await fc.assert(property, { numRuns: 20 });
  });

  test('is also the number of indices gathered', async () => {
    const expected = countInside(keyOfSeed(2017), 0, n);
    for (const form of everyForm) {
      const [indices] = await compute(where(points(n, 50_000).inside), { executor: pool, ...form });
      expect(indices.length).toBe(expected);
    }
  });
});

test('counts are exact up to 2^53', async () => {
  // An executor that says of each chunk that all its elements count: only the way the counts are added is tested.
  const run = async (tasks: Iterable<Task>): Promise<Value[]> =>
    Array.from(tasks, ({ input }) => (input as { length: number }).length);
  const executor: Executor = { workers: 1, run, close: async () => {} };
  const n = 2 ** 53 - 1;
  const ones = full(n, true, { chunks: Math.ceil(n / 9_999) });
  expect(
    await compute(ones.sum(), ones.count(), full(n, 1, { dtype: 'integer', chunks: 2 ** 52 }).sum(), {
      executor,
    }),
  ).toEqual([n, n, n]);
});

describe('reductions', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
  const data = sizes.chain((chunks) => {
    const length = chunks.reduce((a, b) => a + b);
    return fc.record({
      chunks: fc.constant(chunks),
      values: fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
        minLength: length,
        maxLength: length,
      }),
    });
  });

  test.each(everyForm)(
    'agree with a plain computation within the stated bound, at any cut (%o)',
    async (form) => {
      const property = fc.asyncProperty(data, async ({ chunks, values }) => {
        const x = fromArray(values, { dtype: 'float64', chunks });
        const numbers = [x.sum(), x.mean(), x.min(), x.max(), x.count()] as const;
        const [sum, mean, min, max, count] = await compute(...numbers, { executor: serial, ...form });
        const exact = values.reduce((a, b) => a + b, 0);
        const bound = 16_400 * 2 ** -53 * values.reduce((a, b) => a + Math.abs(b), 0);
        expect(Math.abs(sum - exact)).toBeLessThanOrEqual(bound);
        expect(mean).toBe(sum / values.length);
        expect([min, max, count]).toEqual([
          Math.min(...values),
          Math.max(...values),
          values.filter((v) => v !== 0).length,
        ]);
      });
      await fc.assert(property, { numRuns: 100 });
    },
  );

  test('are the same number, bit by bit, fused or not and by either engine', async () => {
    const { x, y } = points(200_003, [65_536, 100_000, 34_467]);
    const wanted = [x.multiply(y).sum(), x.divide(y).mean(), x.subtract(y).max(), x.add(y).min()] as const;
    const all = await Promise.all(everyForm.map((form) => compute(...wanted, { executor: pool, ...form })));
    expect(new Set(all.map((numbers) => JSON.stringify(numbers))).size).toBe(1);
  });

  test('NaN is the least and the greatest; infinities are numbers', async () => {
    const x = fromArray([1, NaN, 2], { chunks: 1 });
    const y = fromArray([1, Infinity, -Infinity], { chunks: 2 });
    expect(await compute(x.min(), x.max(), y.min(), y.max(), y.sum(), { executor: serial })).toEqual([
      NaN,
      NaN,
      -Infinity,
      Infinity,
      NaN,
    ]);
  });

  test('nothing sums to 0 and counts 0; one element is its own mean', async () => {
    const [none, one] = [fromArray([]), fromArray([-2.5])];
    const numbers = [none.sum(), none.count(), one.sum(), one.mean(), one.min(), one.max()] as const;
    expect(await compute(...numbers, { executor: serial })).toEqual([0, 0, -2.5, -2.5, -2.5, -2.5]);
  });

  test('of bools count the true ones, and their mean is the share of these', async () => {
    const few = arange(100, { chunks: 7 }).less(25);
    for (const form of everyForm) {
      const numbers = [few.sum(), few.count(), few.mean(), few.min(), few.max()] as const;
      expect(await compute(...numbers, { executor: pool, ...form })).toEqual([25, 25, 0.25, 0, 1]);
    }
  });
});

describe('where', () => {
  const program = fc.integer({ min: 1, max: 60 }).chain((length) =>
    fc.record({
      values: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: length, maxLength: length }),
      size: fc.integer({ min: 1, max: length }),
      dtype: fc.constantFrom('float32' as const, 'float64' as const, 'integer' as const),
    }),
  );

  test.each(everyForm)('equals a plain model at any cut (%o)', async (form) => {
    const property = fc.asyncProperty(program, async ({ values, size, dtype }) => {
      const x = fromArray(values, { chunks: size, dtype });
      const positive = x.greater(0);
      const wanted = [where(positive), where(positive, x, 0), where(positive, -1, x.square())];
      const got = await compute(...wanted, { executor: serial, ...form });
      expect(got.map((array) => [...array])).toEqual([
        values.flatMap((value, i) => (value > 0 ? [i] : [])),
        values.map((value) => (value > 0 ? value : 0)),
        values.map((value) => (value > 0 ? -1 : value ** 2)),
      ]);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('finds nothing, and everything, in an array and in an empty one', async () => {
    for (const form of everyForm) {
      const wanted = [10, 0].flatMap((n) => {
        const x = arange(n, { chunks: 3 });
        return [where(x.less(0)), where(x.less(n))];
      });
      const [none, all, ...empty] = await compute(...wanted, { executor: serial, ...form });
      expect([none, all]).toEqual([new Float64Array(0), Float64Array.from({ length: 10 }, (_, i) => i)]);
      expect(empty).toEqual([new Float64Array(0), new Float64Array(0)]);
      expect(await compute(fromArray(none).sum(), { executor: serial, ...form })).toEqual([0]);
    }
  });
});

describe('values in memory', () => {
  test('come back as they are, in an array of their own: changing a result changes no later one', async () => {
    const x = fromArray(Float64Array.of(0, 1, 2, 3), { chunks: 2 });
    const { executor, tasks } = watched(serial);
    const [first] = await compute(x, { executor });
    first.fill(9);
    expect([...(await compute(x, { executor }))[0]]).toEqual([0, 1, 2, 3]);
    expect(tasks).toEqual([]);
  });

  test('of a list keep every digit of a number: 2^24 + 1 is no float32', async () => {
    const numbers = [fromArray([16777217]).sum(), full(1, 16777217).max(), fromArray([0.1]).sum()] as const;
    expect(await compute(...numbers, { executor: serial })).toEqual([16777217, 16777217, 0.1]);
  });
});

describe('how much is computed', () => {
  test('building computes nothing, and a fused task draws each stream once', async () => {
    const { executor, tasks } = watched(serial);
    const { x, inside } = points(1_000, 100);
    const wanted = where(inside, x, x.square()).sum();
    expect(tasks).toEqual([]);
    await compute(wanted, { executor });
    expect(tasks.length).toBe(10);
    expect(JSON.stringify(tasks[0].input).match(/"uniform"/g)?.length).toBe(2);
  });

  test('fused, a chunk is one task; unfused, one for each operation', async () => {
    for (const [optimize, expected] of [
      [true, 10],
      [false, 70],
    ] as const) {
      const { executor, tasks } = watched(serial);
      await compute(points(1_000, 100).inside.sum(), { executor, optimize });
      expect(tasks.length).toBe(expected);
      expect(new Set(tasks.map(({ key }) => key)).size).toBe(expected);
    }
  });

  test('two arrays of one operation and one size never share a key', () => {
    const keys = Array.from({ length: 50 }, () => points(10, 5)).flatMap(({ x, y, inside }) => [
      x.key,
      y.key,
      inside.key,
    ]);
    expect(new Set(keys).size).toBe(150);
  });

  test('unfused chunks wait with the caller a few at a time', async () => {
    const { executor, tasks } = watched(serial);
    const size = 2 ** 20; // arrays of 4 MB: two columns, as many as each worker gets in any case, pass 16 MB
    const chunks = Array.from({ length: 12 }, () => size);
    await compute(
      full(12 * size, 1, { chunks, dtype: 'float32' })
        .square()
        .add(full(12 * size, 2, { chunks, dtype: 'float32' }))
        .lessEqual(1)
        .sum(),
      { executor, optimize: false },
    );
    const made = tasks.map(({ key }) => key.split('-')[0]);
    expect(made.indexOf('sum')).toBeLessThan(made.lastIndexOf('full'));
    const columns = (of: string): number =>
      made.slice(0, made.indexOf('sum')).filter((operation) => operation === of).length;
    expect(columns('lessEqual')).toBe(2);
  });

  test('of values in memory, parts are copied a few at a time', async () => {
    const run: Executor['run'] = (tasks, options) => serial.run([...tasks], options); // draws ahead, as a pool does
    const { executor, tasks } = watched({ ...serial, workers: 1, run });
    const drawn: number[] = [];
    const size = 2 ** 20;
    const ones = fromArray(new Float32Array(6 * size).fill(1), { chunks: size });
    const [sum] = await compute(ones.sum(), { executor, onResult: () => drawn.push(tasks.length) });
    expect([sum, ...drawn]).toEqual([6 * size, 4, 4, 4, 4, 6, 6]); // four of 4 MB;
  });

  test('tasks are made as they are drawn', async () => {
    let drawn = 0;
    const run = async (tasks: Iterable<Task>): Promise<Value[]> => {
      for (const task of tasks) {
        expect(task.key).toMatch(/^sum-\d+\/\d+$/);
        if (++drawn === 3) throw new CancelledError();
      }
      return [];
    };
    const executor: Executor = { workers: 1, run, close: async () => {} };
    await expect(compute(points(1e9, 1e4).inside.sum(), { executor })).rejects.toThrow(CancelledError);
    expect(drawn).toBe(3);
  });

  test('progress counts all tasks, results only what was asked for', async () => {
    const progress: [number, number][] = [];
    const results: Value[] = [];
    const options = {
      optimize: false,
      onProgress: (...seen: [number, number]) => progress.push(seen),
      onResult: (value: Value) => results.push(value),
    };
    const [sum] = await compute(arange(10, { chunks: 4 }).add(1).sum(), { executor: serial, ...options });
    expect(progress).toEqual(Array.from({ length: 9 }, (_, i) => [i + 1, 9]));
    expect(results).toEqual([10, 26, 19]);
    expect(sum).toBe(55);
  });
});

describe('what goes wrong', () => {
  test('a task that throws names array, operation and chunk, stops the rest and leaves no thread busy', async () => {
    for (const executor of [serial, pool]) {
      const array = full(10_000, 1, { chunks: 10 }).add(full(10_000, 2, { chunks: 10 }));
      let tasks = 0;
      function* spoilt(given: Iterable<Task>): Generator<Task> {
        for (const task of given) {
          tasks++;
          yield task.key.endsWith('/17')
            ? { ...task, input: { ...(task.input as object), length: -1 } }
            : task;
        }
      }
      const run: Executor['run'] = (given, options) => executor.run(spoilt(given), options);
      const failure = await compute(array, { executor: { ...executor, workers: 2, run } }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(TaskError);
      const { key, message, cause } = failure as TaskError;
      expect(key).toBe(`${array.key}/17`);
      expect(message).toMatch(
        new RegExp(
          `^array ${array.key}, operation full, full, add, chunk 17 of 1000: InvalidArgumentError: evaluate: length`,
        ),
      );
      expect(cause).toBeInstanceOf(InvalidArgumentError);
      expect(await compute(arange(3).sum(), { executor })).toEqual([3]);
      if (executor === serial) expect(tasks).toBe(18);
    }
  });

  test('an aborted signal stops it', async () => {
    const controller = new AbortController();
    const { inside } = points(1e10, 1e5);
    const run = compute(inside.sum(), {
      executor: pool,
      signal: controller.signal,
      onProgress: (done) => done === 2 && controller.abort(),
    });
    await expect(run).rejects.toThrow(CancelledError);
  });

  test('what is large is announced with its size, and refused past the limit', async () => {
    const reports: string[] = [];
    const options = { executor: serial, onReport: (text: string) => reports.push(text) };
    await compute(full(15_700_000, 1, { chunks: -1, dtype: 'float32' }), options);
    expect(reports).toEqual([
      expect.stringMatching(
        /^compute: this brings 62\.8 MB to the caller \(full-\d+\); did you mean \.sum\(\)\?$/,
      ),
    ]);
    await compute(full(1_000, 1), options);
    expect(reports.length).toBe(1);
    const large = points(1e9, 'auto');
    await expect(compute(large.x, options)).rejects.toThrow(
      /brings 4\.0 GB .* did you mean \.sum\(\)\? It is more than limitBytes, 1\.1 GB: raise that/,
    );
    await expect(compute(where(large.inside), options)).rejects.toThrow(/brings up to 8\.0 GB/);
    const small = full(100, 1, { dtype: 'float32' });
    await expect(compute(small, { executor: serial, limitBytes: 399 })).rejects.toThrow(InvalidArgumentError);
    expect((await compute(small, { executor: serial, limitBytes: 400 }))[0].length).toBe(100);
  });

  test.each([
    [
      'no executor',
      () => compute(arange(3), {} as ComputeOptions),
      /^compute: the last argument must hold an executor, got an object\. Pass/,
    ],
    ['no options', () => compute(...([arange(3)] as unknown as [ComputeOptions])), /must hold an executor/],
    ['no arrays', () => compute({ executor: serial }), /^compute: got nothing to compute/],
    [
      'what is no array',
      () => compute(...([5, { executor: serial }] as unknown as [ComputeOptions])),
      /^compute: argument 1 must be a chunked array or a number computed from one, got 5/,
    ],
  ])('%s is refused with the remedy', async (_name, call, message) => {
    await expect(call()).rejects.toThrow(InvalidArgumentError);
    await expect(call()).rejects.toThrow(message);
  });
});
