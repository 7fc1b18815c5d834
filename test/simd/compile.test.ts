import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { BLOCK, fillUniform } from '../../lib/sampling/stream.js';
import { compile, covers } from '../../lib/simd/compile.js';
import { insideExpression } from '../../lib/task/inside.js';
import { interpret } from '../../lib/task/interpret.js';
import { runCompiled } from '../../lib/simd/run-compiled.js';
import { simdSupported } from '../../lib/simd/wasm.js';
import type { Expression, Step, TypedArray } from '../../lib/task/operations.js';
import { REDUCTIONS, cases, chunksOf, ranges } from '../support/expressions.js';
import { tries } from '../support/thorough.js';

/** Equal bit for bit, but for what a NaN carries; says where they differ. */
function expectAlike(actual: number | TypedArray, expected: number | TypedArray): void {
  if (typeof actual === 'number' || typeof expected === 'number') return expect(actual).toBe(expected);
  expect([actual.constructor.name, actual.length]).toEqual([expected.constructor.name, expected.length]);
  const first = actual.findIndex((value, k) => !Object.is(value, expected[k]));
  if (first >= 0) expect(`element ${first}: ${actual[first]}`).toBe(`element ${first}: ${expected[first]}`);
}

const x: Step = { op: 'uniform', key: [3, 4], stream: 0, dtype: 'float32' };

test('this machine runs compiled expressions, so what follows compares two engines', () => {
  expect(simdSupported()).toBe(true);
});

describe('a compiled expression', () => {
  test('equals the interpreted one: any operations, reduction, chunks and range', () => {
    fc.assert(
      fc.property(cases, ranges, (given, [start, length]) => {
        const { expression } = given;
        expect(covers(expression)).toBe(true);
        const chunks = chunksOf(given, length);
        expectAlike(
          runCompiled(expression, start, length, chunks),
          interpret(expression, start, length, chunks),
        );
      }),
      { numRuns: tries(1000) },
    );
  }, 120_000);

  test('leaves the memory of one run to the next: many structures, one after the other, in any order', () => {
    fc.assert(
      fc.property(fc.array(cases, { minLength: 2, maxLength: 6 }), fc.nat(100), (all, start) => {
        const values = () =>
          all.map((given) => runCompiled(given.expression, start, 50, chunksOf(given, 50)));
        expect(values()).toEqual(values());
      }),
      { numRuns: 50 },
    );
  });

  test('of 400 chunks, more than one page of memory, is right, and so is a smaller one after it', () => {
    const chunks = Array.from({ length: 400 }, (_, c) => new Float32Array(5000).fill(c));
    const reads = chunks.map((_, chunk): Step => ({ op: 'chunk', chunk, dtype: 'float32' }));
    const adds = reads
      .slice(1)
      .map((_, c): Step => ({ op: 'add', args: [c + 1, c === 0 ? 0 : 399 + c], dtype: 'float32' }));
    const expression: Expression = { steps: [...reads, ...adds], reduce: 'sum' };
    expect(runCompiled(expression, 10, 5000, chunks)).toBe((5000 * 399 * 400) / 2);
    expectAlike(
      runCompiled({ steps: [x], reduce: 'none' }, 5, 999, []),
      interpret({ steps: [x], reduce: 'none' }, 5, 999, []),
    );
  });

  test('counts past 2^31', () => {
    const expression: Expression = { steps: [{ op: 'constant', value: 1, dtype: 'bool' }], reduce: 'count' };
    expect(runCompiled(expression, 3, 2 ** 31 + 9, [])).toBe(2 ** 31 + 9);
  });

  test.each(REDUCTIONS)('of no elements: %s is what the interpreter gives', (reduce) => {
    for (const start of [0, 1, BLOCK - 1, BLOCK, 2 ** 53 - 1]) {
      expectAlike(
        runCompiled({ steps: [x], reduce }, start, 0, []),
        interpret({ steps: [x], reduce }, start, 0, []),
      );
    }
  });
});

describe('products, sums and comparisons of samples', () => {
  const y: Step = { ...x, stream: 1 };
  const same = (...steps: Step[]) => {
    const expression: Expression = { steps, reduce: 'none' };
    expectAlike(runCompiled(expression, 3, 500, []), interpret(expression, 3, 500, []));
  };
  const constants = [0, -0, 0.5, 1, -3, 2 ** -149, 2 ** -48, 2 ** 81, 2 ** 127, Infinity, -Infinity, NaN];
  const ops = ['multiply', 'add', 'subtract', 'less', 'lessEqual', 'greater', 'equal', 'notEqual'] as const;
  /** Which operation, on which two of the numbers so far (counted from the last one), and a constant that may take a place. */
  const link = fc.record({
    op: fc.constantFrom(...ops),
    args: fc.tuple(fc.nat(3), fc.nat(3)),
    constant: fc.option(fc.constantFrom(...constants)),
    left: fc.boolean(),
  });

  test('have the same bits in any chain', () => {
    const chainOf = (links: readonly (typeof link extends fc.Arbitrary<infer L> ? L : never)[]): Step[] => {
      const steps: Step[] = [x, y];
      const numbers = [0, 1];
      for (const { op, args, constant, left } of links) {
        const [a, b] = args.map((back) => numbers[Math.max(0, numbers.length - 1 - back)]);
        const c =
          constant === null ? b : steps.push({ op: 'constant', value: constant, dtype: 'float32' }) - 1;
        const gives = ops.indexOf(op) < 3 ? 'float32' : 'bool';
        steps.push({ op, args: left ? [c, a] : [a, c], dtype: gives });
        if (gives === 'float32') numbers.push(steps.length - 1);
      }
      return steps;
    };
    const chains = fc.array(link, { minLength: 1, maxLength: 14 }).map(chainOf);
    fc.assert(
      fc.property(chains, (steps) => same(...steps)),
      { numRuns: tries(1000) },
    );
  });

  test('overflow and lose digits alike: x^8, and x doubled 110 times', () => {
    const powers = [0, 1, 2].map((s): Step => ({ op: 'multiply', args: [s, s], dtype: 'float32' }));
    const doublings = Array.from({ length: 110 }, (_, s): Step => ({
      op: 'add',
      args: [s, s],
      dtype: 'float32',
    }));
    same(x, ...powers);
    same(x, ...powers, { op: 'less', args: [3, 0], dtype: 'bool' });
    same(x, ...doublings);
  });
});

describe("pi's expression", () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });

  test('equals countInside on any cut, for any key', () => {
    fc.assert(
      fc.property(fc.tuple(word, word), ranges, (key, [start, length]) => {
        expect(runCompiled(insideExpression(key), start, length, [])).toBe(countInside(key, start, length));
      }),
      { numRuns: 200 },
    );
  });

  test('equals countInside at ten million samples', () => {
    const key = keyOfSeed(2017);
    expect(runCompiled(insideExpression(key), 0, 1e7, [])).toBe(countInside(key, 0, 1e7));
  });
});

describe('what is compiled', () => {
  test('are float32 and bool steps; float64, integers and the index are interpreted', () => {
    const covered = (...steps: Step[]) => covers({ steps, reduce: 'none' });
    expect(covered(x)).toBe(true);
    expect(covered({ ...x, dtype: 'float64' })).toBe(false);
    expect(covered({ op: 'index', dtype: 'integer' })).toBe(false);
    expect(covered({ op: 'index', dtype: 'float32' })).toBe(false);
    expect(covered(x, { op: 'astype', args: [0], dtype: 'integer' })).toBe(false);
    expect(covered(...Array.from({ length: 1001 }, () => x))).toBe(false);
  });

  test('is one module for all keys, constants and chunk numbers, and another for another structure', () => {
    const moduleOf = (steps: readonly Step[], reduce: Expression['reduce'] = 'sum') =>
      compile({ steps, reduce }).run;
    const steps = (key: readonly [number, number], value: number, chunk: number): Step[] => [
      { op: 'uniform', key, stream: 7, dtype: 'float32' },
      { op: 'constant', value, dtype: 'float32' },
      { op: 'chunk', chunk, dtype: 'float32' },
      { op: 'add', args: [0, 1], dtype: 'float32' },
    ];
    const first = moduleOf(steps([1, 2], 3, 0));
    expect(moduleOf(steps([4, 5], 6, 8))).toBe(first);
    expect(moduleOf(steps([1, 2], 3, 0), 'min')).not.toBe(first);
    expect(
      moduleOf([...steps([1, 2], 3, 0).slice(0, 3), { op: 'add', args: [0, 2], dtype: 'float32' }]),
    ).not.toBe(first);
  });

  test('draws once what two steps draw, and only then', () => {
    const two = (second: Step): number => compile({ steps: [x, second], reduce: 'count' }).generators.length;
    expect(two({ ...x })).toBe(1);
    expect(two({ ...x, stream: 1 })).toBe(2);
    expect(two({ ...x, key: [3, 5] })).toBe(2);
    const difference = (second: Step) =>
      ({ steps: [x, second, { op: 'subtract', args: [0, 1], dtype: 'float32' }], reduce: 'max' }) as const;
    expect(runCompiled(difference({ ...x }), 77, 1000, [])).toBe(0);
    expect(runCompiled(difference({ ...x, stream: 1 }), 77, 1000, [])).toBeGreaterThan(0);
  });

  test('is forgotten after 256 other structures, and then compiled again to the same values', () => {
    const structure = (n: number): Expression => ({
      steps: [x, ...Array.from({ length: n }, (_, i): Step => ({ op: 'sqrt', args: [i], dtype: 'float32' }))],
      reduce: 'sum',
    });
    const before = compile(structure(0)).run;
    expect(compile(structure(0)).run).toBe(before);
    const value = runCompiled(structure(0), 5, 500, []);
    for (let n = 1; n <= 256; n++) compile(structure(n));
    expect(compile(structure(0)).run).not.toBe(before);
    expect(runCompiled(structure(0), 5, 500, [])).toBe(value);
  });
});

describe('a sum of floats', () => {
  const sum = (chunk: Float32Array, start: number) => {
    const expression: Expression = { steps: [{ op: 'chunk', chunk: 0, dtype: 'float32' }], reduce: 'sum' };
    expect(runCompiled(expression, start, chunk.length, [chunk])).toBe(
      interpret(expression, start, chunk.length, [chunk]),
    );
    return runCompiled(expression, start, chunk.length, [chunk]) as number;
  };
  /** Floats of either sign and of very different size, from uniform samples. */
  const wild = (length: number): Float32Array => {
    const [a, b] = [0, 1].map((stream) => {
      const samples = new Float32Array(length);
      fillUniform(samples, [5, 6], stream, 0);
      return samples;
    });
    return a.map((value, k) => (value - 0.5) * 2 ** Math.floor(60 * b[k] - 30));
  };

  test('keeps its order: four float64 lanes a block, (0 + 1) + (2 + 3), blocks one after the other', () => {
    const floats = wild(BLOCK + 500);
    // Another order gives some of these sums another last bit: (0 + 2) + (1 + 3) about one in six of them.
    for (let start = BLOCK - 50; start < BLOCK; start++) {
      const chunk = floats.subarray(0, start % 10 === 0 ? floats.length : 2 * (BLOCK - start) + 7);
      let total = 0;
      for (let i = start; i < start + chunk.length;) {
        const lanes = [0, 0, 0, 0];
        do lanes[i % 4] += chunk[i - start];
        while (++i < start + chunk.length && i % BLOCK > 0);
        total += lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
      }
      expect(sum(chunk, start)).toBe(total);
    }
  });

  test('is off by at most (16 386 + blocks) * 2^-53 * the sum of |x|', () => {
    for (const length of [1, 1000, BLOCK, 3 * BLOCK + 17]) {
      const floats = wild(length);
      // A float32 is a whole number of 2^-149: in BigInt the sum is exact.
      const units = Array.from(floats, (value) => BigInt(value * 2 ** 100) << 49n);
      const exact = units.reduce((total, unit) => total + unit, 0n);
      const absolute = units.reduce((total, unit) => total + (unit < 0n ? -unit : unit), 0n);
      const error = (BigInt(sum(floats, 0) * 2 ** 100) << 49n) - exact;
      const bound = (BigInt(16_386 + Math.ceil(length / BLOCK)) * absolute) >> 53n;
      expect((error < 0n ? -error : error) <= bound).toBe(true);
    }
  });
});
