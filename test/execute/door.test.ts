// One door: what a task, a value, an error and the options of run may be is one rule. Values of all sorts are drawn and
// given to every executor, as inputs and as results: all give the same value, or refuse it with the same words.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startClusterExecutor } from '../../lib/cluster/local.js';
import { startCluster as startInPage } from '../../lib/cluster/page-local.js';
import { TaskError, fromErrorRecord, toErrorRecord } from '../../lib/errors.js';
import { startPool } from '../../lib/execute/pool.js';
import { startSerial } from '../../lib/execute/serial.js';
import type { Executor, RunOptions } from '../../lib/task/executor.js';
import { packTask, packValue, unpackTask, unpackValue } from '../../lib/task/pack.js';
import { loadOperations, runTask } from '../../lib/task/run-task.js';
import { Run } from '../../lib/task/run.js';
import type { Task, Value } from '../../lib/task/task.js';
import { KINDS, make } from '../support/odd-values.mjs';
import { settles } from '../support/watchdog.js';

const tasks = [new URL('../support/odd-values.mjs', import.meta.url).href];
/** Set DOOR_RUNS and DOOR_SEED for a longer run, or another one. A failure prints its seed. */
const RUNS = Number(process.env.DOOR_RUNS ?? 60);
const SEED = Number(process.env.DOOR_SEED ?? 2017);
const MOST_MS = 20_000;

const executors = new Map<string, Executor>();
beforeAll(async () => {
  const inPage = await startInPage({ workers: 1, tasks });
  executors.set('serial', await startSerial({ tasks }));
  executors.set('pool', await startPool({ workers: 2, tasks }));
  executors.set('cluster', await startClusterExecutor({ workers: 2, tasks }));
  executors.set('cluster in a page', {
    ...(await inPage.connect().then((client) => ({
      workers: 1,
      run: client.run.bind(client),
      close: () => client.close().then(() => inPage.close()),
    }))),
  });
  executors.set('files', await throughFiles());
}, 120_000);
afterAll(() => Promise.all([...executors.values()].map((executor) => executor.close())), 60_000);

/** Tasks and values packed and read again, one after the other, as Slurm's elements do. */
async function throughFiles(): Promise<Executor> {
  const operations = await loadOperations(tasks);
  return {
    workers: 1,
    close: async () => {},
    run: async (given: Iterable<Task>, options: RunOptions = {}) => {
      const run = new Run(given, options);
      for (let drawn = run.draw(); drawn; drawn = run.draw())
        try {
          const value = await runTask(unpackTask(packTask(drawn.task)), operations);
          const [read] = unpackValue(packValue([value])) as [Value];
          run.finished(drawn, read, { worker: 'w', thread: 0 }, 1, 2);
        } catch (thrown) {
          const error = toErrorRecord(thrown);
          const failure = new TaskError(drawn.task.key, fromErrorRecord(error));
          run.failed(drawn, { worker: 'w', thread: 0 }, error.message, failure);
        }
      return run.result;
    },
  };
}

/** How a run ends, as plain data: its values with their kinds, or the fields of its error. */
async function endOf(executor: Executor, given: unknown, options?: unknown): Promise<unknown> {
  const run = Promise.resolve().then(() => executor.run(given as Task[], options as RunOptions));
  try {
    return (await settles(run, MOST_MS, () => 'the run')).map(inWords);
  } catch (thrown) {
    return errorInWords(thrown as TaskError);
  }
}

function errorInWords(error: TaskError): unknown {
  const { name, message, code, key, cause } = error;
  const kind = Object.prototype.toString.call(error);
  const plain = [name, message].every((field) => typeof field === 'string' && field.isWellFormed());
  return { kind, plain, name, message, code, key, cause: cause && errorInWords(cause as TaskError) };
}

/** A value with what equality does not see: the kinds of lists, records and arrays, their memory, and -0. */
function inWords(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : value;
  const kind = (Object.getPrototypeOf(value) as object | null)?.constructor.name;
  if (!ArrayBuffer.isView(value))
    return { kind, parts: Reflect.ownKeys(value).map((name) => [name, inWords(Reflect.get(value, name))]) };
  const bytes = [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  const alone = value.buffer.constructor === ArrayBuffer;
  return { kind, bytes, alone };
}

async function sameEverywhere(given: () => unknown, options?: () => unknown): Promise<unknown> {
  const ends: [string, unknown][] = [];
  for (const [name, executor] of executors) ends.push([name, await endOf(executor, given(), options?.())]);
  const [[, first]] = ends;
  expect(ends).toEqual(ends.map(([name]) => [name, first]));
  return first;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('\ud800', 'a\udc00b', '__proto__', 'constructor', 'toJSON', 'then', '0', '', 'length'),
);
const numbers = fc.array(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 5 });
const { value: description } = fc.letrec<{ value: { kind: string } }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({
      kind: fc.constant('value'),
      value: fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.constant(null), text, fc.constant(-0)),
    }),
    fc.record({
      kind: fc.constant('value'),
      value: fc.oneof(fc.float32Array({ maxLength: 5 }), fc.float64Array({ maxLength: 5 }), fc.uint8Array()),
    }),
    fc.record({ kind: fc.constantFrom(...KINDS.arrays), numbers }),
    fc.record({ kind: fc.constantFrom(...KINDS.alone) }),
    fc.record({ kind: fc.constant('deep'), depth: fc.integer({ min: 1, max: 2000 }), lists: fc.boolean() }),
    fc.record({ kind: fc.constantFrom(...KINDS.holders), inner: tie('value') }),
    fc.record({ kind: fc.constant('list'), items: fc.array(tie('value'), { maxLength: 4 }) }),
    fc.record({
      kind: fc.constant('record'),
      fields: fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((fields) => [...new Map(fields)]),
    }),
  ),
}));
const plain = (given: unknown): boolean =>
  typeof given === 'string'
    ? given.isWellFormed()
    : typeof given !== 'object' || given === null || Object.values(given).every(plain);
const holds = <T>(arbitrary: fc.Arbitrary<T>, predicate: (given: T) => Promise<unknown>) =>
  fc.assert(
    fc.asyncProperty(arbitrary, async (given) => void (await predicate(given))),
    { numRuns: RUNS, seed: SEED },
  );
const task = (operation: string, input: unknown, key = operation) => ({ key, operation, input });
const SLOWLY = 60_000 + 400 * RUNS;

describe('every executor', () => {
  test(
    'takes the same inputs, which arrive alike, and refuses the others with the same words',
    async () => {
      let taken = 0;
      await holds(description, async (given) => {
        const end = await sameEverywhere(() => [task('echo', 1), task('echo', make(given), 'odd')]);
        taken += +Array.isArray(end);
      });
      expect(taken).toBeGreaterThan(RUNS / 10);
      expect(taken).toBeLessThan((9 * RUNS) / 10);
    },
    SLOWLY,
  );

  test(
    'takes the same results, and blames the task that gave another one',
    async () => {
      await holds(description.filter(plain), async (given) => {
        const end = await sameEverywhere(() => [
          task('echo', 1),
          task('make', given, 'odd'),
          task('echo', 2),
        ]);
        if (!Array.isArray(end)) expect(end).toMatchObject({ name: 'TaskError', key: 'odd' });
      });
    },
    SLOWLY,
  );

  test(
    'makes text of every field of whatever a task throws',
    async () => {
      const raised = fc.record({
        thrown: fc.option(description, { freq: 4 }),
        name: fc.constantFrom(
          'Error',
          'RangeError',
          'SyntaxError',
          'EvalError',
          'DOMException',
          'AggregateError',
        ),
        fields: fc.array(
          fc.tuple(fc.constantFrom('name', 'message', 'stack', 'code', 'cause'), description),
          {
            maxLength: 4,
          },
        ),
      });
      await holds(raised.filter(plain), async (given) => {
        const end = await sameEverywhere(() => [task('raise', given, 'odd')]);
        const plainText = { kind: '[object Error]', plain: true };
        expect(end).toMatchObject({ name: 'TaskError', key: 'odd', ...plainText, cause: plainText });
      });
    },
    SLOWLY,
  );

  test(
    'takes the same tasks and options, and lives on',
    async () => {
      const odd = fc.oneof(
        description.map((one) => () => make(one)),
        fc.constant(() => 'x'.repeat(1001)),
      );
      const oddTask = fc.record(
        {
          key: odd,
          operation: fc.oneof(
            odd,
            fc.constant(() => 'echo'),
          ),
          input: fc.constant(() => 1),
        },
        { requiredKeys: [] },
      );
      const made = (fields: Record<string, () => unknown>) =>
        Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value()]));
      const options = fc.record({ signal: odd, onEvent: odd, onResult: odd }, { requiredKeys: [] });
      const given = fc.tuple(
        fc.oneof(oddTask, fc.constant(undefined)),
        fc.option(options, { nil: undefined }),
        odd,
      );
      await holds(given, async ([fields, opts, list]) => {
        const listed = () => (fields ? [task('echo', 1), made(fields)] : list());
        await sameEverywhere(listed, opts && (() => made(opts)));
        expect(await sameEverywhere(() => [task('echo', 5)])).toEqual([5]);
      });
    },
    SLOWLY,
  );

  test.each([
    ['options that are none', [], 5, /run: options must be an object, got 5/],
    ['options of null', [], null, /run: options must be an object, got null/],
    ['a controller for a signal', [], { signal: new AbortController() }, /controller\.signal/],
    ['one task without a list', task('echo', 1), {}, /run: tasks must be a list or a generator of tasks/],
    ['an async generator', (async function* () {})(), {}, /AsyncGenerator.*Collect those of an async/],
    ['an iterable without an iterator', { [Symbol.iterator]: () => 5 }, {}, /run: tasks must be .* got 5/],
    ['a step that is none', { [Symbol.iterator]: () => ({ next: () => 5 }) }, {}, /task: must be/],
    ['a key of 1001 characters', [task('echo', 1, 'k'.repeat(1001))], {}, /key must be .* got 1001/],
    ['an operation of 1001 characters', [task('o'.repeat(1001), 1, 'k')], {}, /task k: operation must be/],
    [
      'a list with a gap',
      [task('echo', Array(1), 'k')],
      {},
      /task k: input\[0\] must be plain data.*got nothing/,
    ],
    [
      'a field __proto__',
      [task('echo', JSON.parse('{"__proto__":1}'), 'k')],
      {},
      /task k: input has a field/,
    ],
    ['a BigInt', [task('echo', { n: 1n }, 'k')], {}, /task k: input\.n must be .* got 1n \(a BigInt\)/],
    ['a promise', [task('echo', Promise.resolve(1), 'k')], {}, /task k: input must be .* \(Promise\)/],
  ])('refuses %s by name', async (_, given, options, words) => {
    const end = (await sameEverywhere(
      () => given,
      () => options,
    )) as Error;
    expect(end).toMatchObject({ name: 'InvalidArgumentError', code: 'INVALID_ARGUMENT' });
    expect(end.message).toMatch(words);
    expect(await sameEverywhere(() => [task('echo', 5)])).toEqual([5]);
  });

  test('takes its copy as it draws a task: an object may be used for the next task, and changed after the call', async () => {
    const reuse = function* () {
      const input = { n: 0, numbers: new Float64Array(2) };
      for (; input.n < 50; input.n++, input.numbers.fill(input.n)) yield task('echo', input, `t${input.n}`);
    };
    const expected = Array.from({ length: 50 }, (_, n) => inWords({ n, numbers: Float64Array.of(n, n) }));
    expect(await sameEverywhere(reuse)).toEqual(expected);
    for (const executor of executors.values()) {
      const input = [1];
      const run = executor.run([task('echo', input) as Task]);
      input[0] = 2;
      expect(await run).toEqual([[1]]);
    }
  });

  test('keeps what the caller and what a task module hold: nothing of theirs is moved or changed', async () => {
    for (const executor of executors.values()) {
      const input = { numbers: Float64Array.of(1, 2), list: ['mine'] };
      const given = [task('spoil', input), task('spoil', input)] as Task[];
      const heard: unknown[] = [];
      const values = await executor.run(given, { onResult: (_, { input: told }) => heard.push(told) });
      expect(input).toEqual({ numbers: Float64Array.of(1, 2), list: ['mine'] });
      expect(values).toEqual(new Array(2).fill({ numbers: Float64Array.of(0, 0), list: ['mine', 'spoilt'] }));
      expect(heard).toEqual([input, input]);
      for (let round = 0; round < 2; round++) {
        const looks = (await executor.run([0, 1, 2].map((ways) => task('look', ways)) as Task[])) as [
          Float64Array,
          [Float64Array, Float64Array],
          { kept: Float64Array },
        ];
        const whole = Float64Array.of(1, 2, 3);
        expect(looks).toEqual([whole, [whole, Float64Array.of(2, 3)], { kept: whole }]);
        looks[0].fill(9); // the caller's own
        looks[1][0].fill(9);
      }
    }
  });

  test('hears nothing of what a task posts by itself', async () => {
    expect(await sameEverywhere(() => [task('chatter', 1, 'a'), task('echo', 2)])).toEqual([1, 2]);
  });
});
