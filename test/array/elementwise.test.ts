import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChunkedArray, where } from '../../lib/array/array.js';
import { compute } from '../../lib/array/compute.js';
import { arange, fromArray, full, random } from '../../lib/array/create.js';
import { startSerial } from '../../lib/execute/serial.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { fillUniform } from '../../lib/sampling/stream.js';
import type { Executor } from '../../lib/task/executor.js';
import type { DType } from '../../lib/task/operations.js';

// A plain model: lists of numbers, one operation at a time over the whole list, float32 by Math.fround after each.
interface Model {
  readonly dtype: DType;
  readonly values: readonly number[];
}
interface Both {
  readonly array: ChunkedArray;
  readonly model: Model;
}

const stored = (dtype: DType, value: number): number => (dtype === 'float32' ? Math.fround(value) : value);
const wider = (a: DType, b: DType): DType =>
  a === b ? a : a === 'float64' || b === 'float64' || a === 'integer' || b === 'integer' ? 'float64' : a;
const cast = ({ dtype, values }: Model, to: DType): Model => ({
  dtype: to,
  values: values.map((value) => {
    if (to === 'bool') return value === 0 ? 0 : 1;
    if (to === 'integer' && dtype !== 'integer') return Math.trunc(value) === 0 ? 0 : Math.trunc(value);
    return stored(to, value);
  }),
});

const NUMBERS: { readonly [name: string]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};
const TESTS: { readonly [name: string]: (a: number, b: number) => boolean } = {
  less: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
};

/** The other operand brought to the type of both; a number follows the array, unless an integer would lose its fraction. */
function bring(
  a: Model,
  other: Model | number,
  integersDivide: boolean,
): { type: DType; left: readonly number[]; right: readonly number[] } {
  const given = typeof other === 'number' ? a.dtype : wider(a.dtype, other.dtype);
  const breaks = typeof other === 'number' && !Number.isSafeInteger(other);
  const type = given === 'integer' && (integersDivide || breaks) ? 'float64' : given;
  const values = typeof other === 'number' ? a.values.map(() => other) : other.values;
  return { type, left: a.values.map((v) => stored(type, v)), right: values.map((v) => stored(type, v)) };
}

function combine(name: string, a: Both, b: Both | number): Both {
  const { type, left, right } = bring(a.model, typeof b === 'number' ? b : b.model, name === 'divide');
  const operand = typeof b === 'number' ? b : b.array;
  const array = (a.array as unknown as { [method: string]: (o: ChunkedArray | number) => ChunkedArray })[
    name
  ](operand);
  if (name in NUMBERS)
    return {
      array,
      model: { dtype: type, values: left.map((v, i) => stored(type, NUMBERS[name](v, right[i]))) },
    };
  return { array, model: { dtype: 'bool', values: left.map((v, i) => +TESTS[name](v, right[i])) } };
}

const SPECIAL = [0, -0, 1, -1, NaN, Infinity, -Infinity, 1e-45, 3.4e38, 0.1, 16777217, 2 ** 53 - 1];
const number = fc.oneof(fc.constantFrom(...SPECIAL), fc.double(), fc.float());

/** Sizes of chunks that sum to a length: any cut at all. */
const cutOf = (length: number): fc.Arbitrary<readonly number[] | number> =>
  length === 0
    ? fc.constantFrom(-1, 3)
    : fc.oneof(
        fc.constant(-1),
        fc.integer({ min: 1, max: length }),
        fc.uniqueArray(fc.integer({ min: 1, max: length }), { maxLength: 5 }).map((cuts) => {
          const ends = [...new Set([...cuts, length])].sort((a, b) => a - b);
          return ends.map((end, i) => end - (i === 0 ? 0 : ends[i - 1]));
        }),
      );

/** An array of numbers and its model: values at hand, a random stream, a constant, the index. */
function leaf(length: number, chunks: readonly number[] | number): fc.Arbitrary<Both> {
  const atHand = fc
    .record({
      values: fc.array(number, { minLength: length, maxLength: length }),
      dtype: fc.constantFrom<DType>('float32', 'float64'),
    })
    .map(({ values, dtype }) => ({
      array: fromArray(values, { dtype, chunks }),
      model: { dtype, values: values.map((v) => stored(dtype, v)) },
    }));
  const stream = fc
    .record({
      seed: fc.integer(),
      stream: fc.nat(),
      dtype: fc.constantFrom('float32' as const, 'float64' as const),
    })
    .map(({ dtype, ...of }) => {
      const values = new Float32Array(length);
      fillUniform(values, keyOfSeed(of.seed), of.stream, 0);
      return {
        array: random.uniform(length, { ...of, dtype, chunks }),
        model: { dtype, values: [...values] },
      };
    });
  const constant = fc
    .record({ value: number, dtype: fc.constantFrom<DType>('float32', 'float64') })
    .map(({ value, dtype }) => ({
      array: full(length, value, { dtype, chunks }),
      model: { dtype, values: new Array<number>(length).fill(stored(dtype, value)) },
    }));
  const index = fc.constantFrom<DType>('integer', 'float32', 'float64').map((dtype) => ({
    array: arange(length, { dtype: dtype as 'integer', chunks }),
    model: { dtype, values: Array.from({ length }, (_, i) => i) },
  }));
  return fc.oneof(atHand, stream, constant, index);
}

/** What a step of a random program does; operands are chosen among what is there, by place. */
const step = fc.record({
  name: fc.constantFrom(
    ...Object.keys(NUMBERS),
    ...Object.keys(TESTS),
    'sqrt',
    'abs',
    'square',
    'and',
    'or',
    'not',
    'where',
    'astype',
  ),
  a: fc.nat(),
  b: fc.nat(),
  c: fc.nat(),
  scalar: fc.option(number),
  dtype: fc.constantFrom<DType>('float32', 'float64', 'integer', 'bool'),
});

function perform(
  there: readonly Both[],
  { name, a, b, c, scalar, dtype }: typeof step extends fc.Arbitrary<infer T> ? T : never,
): Both {
  const numbers = there.filter(({ model }) => model.dtype !== 'bool');
  const bools = there.filter(({ model }) => model.dtype === 'bool');
  const [x, y] = [numbers[a % numbers.length], numbers[b % numbers.length]];
  const [p, q] = [bools[b % bools.length], bools[c % bools.length]]; // undefined where there is none yet
  if (name in NUMBERS || name in TESTS) return combine(name, x, scalar ?? y);
  if (name === 'square') return { array: x.array.square(), model: combine('multiply', x, x).model };
  if (name === 'abs')
    return { array: x.array.abs(), model: { ...x.model, values: x.model.values.map(Math.abs) } };
  if (name === 'sqrt') {
    const type = x.model.dtype === 'integer' ? 'float64' : x.model.dtype;
    return {
      array: x.array.sqrt(),
      model: { dtype: type, values: x.model.values.map((v) => stored(type, Math.sqrt(v))) },
    };
  }
  if (name === 'astype') return { array: x.array.astype(dtype), model: cast(x.model, dtype) };
  if (p === undefined) return combine('less', x, y);
  if (name === 'not')
    return { array: p.array.not(), model: { dtype: 'bool', values: p.model.values.map((v) => 1 - v) } };
  if (name === 'and')
    return {
      array: p.array.and(q.array),
      model: { dtype: 'bool', values: p.model.values.map((v, i) => v * q.model.values[i]) },
    };
  if (name === 'or')
    return {
      array: p.array.or(q.array),
      model: { dtype: 'bool', values: p.model.values.map((v, i) => Math.max(v, q.model.values[i])) },
    };
  if (name === 'where') {
    const { type, left, right } = bring(x.model, scalar ?? y.model, false);
    return {
      array: where(p.array, x.array, scalar ?? y.array),
      model: { dtype: type, values: left.map((v, i) => (p.model.values[i] ? v : right[i])) },
    };
  }
  return { array: p.array.astype('float32'), model: { dtype: 'float32', values: p.model.values } };
}

const program = fc.constantFrom(0, 1, 2, 5, 17, 100).chain((length) =>
  cutOf(length).chain((chunks) =>
    fc.record({
      leaves: fc.array(leaf(length, chunks), { minLength: 1, maxLength: 3 }),
      steps: fc.array(step, { maxLength: 12 }),
    }),
  ),
);

describe('elementwise operations', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await startSerial();
  });
  afterAll(() => executor.close());

  test.each([
    ['fused', 'simd'],
    ['fused', 'reference'],
    ['unfused', 'simd'],
    ['unfused', 'reference'],
  ] as const)(
    'every array of a random program equals the plain model, bit by bit (%s, %s)',
    async (form, kernel) => {
      await fc.assert(
        fc.asyncProperty(program, async ({ leaves, steps }) => {
          const all: Both[] = [...leaves];
          for (const next of steps) all.push(perform(all, next));
          const arrays = all.map(({ array }) => array);
          const values = await compute(...arrays, {
            executor,
            kernel,
            optimize: form === 'fused',
          });
          const models = all.map(({ model }) => model);
          expect(arrays.map(({ dtype }) => dtype)).toEqual(models.map(({ dtype }) => dtype));
          for (const [i, value] of values.entries()) {
            expect(value.length).toBe(models[i].values.length);
            value.forEach((v, k) =>
              expect(
                Object.is(v, models[i].values[k]),
                `array ${i}, element ${k}: ${v}, not ${models[i].values[k]}`,
              ).toBe(true),
            );
          }
        }),
        { numRuns: 150 },
      );
    },
  );

  test('a long chain of operations needs no deep stack', async () => {
    let x = arange(3, { chunks: 2 });
    for (let i = 0; i < 5000; i++) x = x.add(1);
    expect((await compute(x, { executor }))[0]).toEqual(Float64Array.of(5000, 5001, 5002));
  });
});
