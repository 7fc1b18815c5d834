import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { partition } from '../../lib/sampling/partition.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { BLOCK, X, Y, fillUniform } from '../../lib/sampling/stream.js';
import { sampleReference } from '../support/reference.js';

const word = fc.integer({ min: 0, max: 0xffffffff });
const key = fc.tuple(word, word);
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

function uniform(
  samples: number,
  seed: readonly [number, number],
  stream: number,
  start: number,
): Float32Array {
  const out = new Float32Array(samples);
  fillUniform(out, seed, stream, start);
  return out;
}

describe('the stream', () => {
  test('equals the version in BigInt, sample by sample, up to the last index', () => {
    const start = fc.oneof(
      fc.integer({ min: 0, max: 3 * BLOCK }),
      fc.integer({ min: 0, max: 5 }).map((i) => BLOCK - 2 + i),
      fc.integer({ min: 2 ** 48 - 5, max: 2 ** 48 + 5 }),
      fc.integer({ min: 0, max: 2 ** 53 - 10 }),
    );
    fc.assert(
      fc.property(
        key,
        fc.integer({ min: 0, max: 5 }),
        start,
        fc.integer({ min: 0, max: 9 }),
        (seed, stream, first, samples) => {
          const expected = Array.from(
            { length: samples },
            (_, i) => Number(sampleReference(seed, stream, BigInt(first + i))) / 2 ** 24,
          );
          expect([...uniform(samples, seed, stream, first)]).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('streams x and y, and neighbouring blocks, are not correlated', () => {
    const n = 4 * BLOCK;
    const x = uniform(n, keyOfSeed(2017), X, 0);
    const y = uniform(n, keyOfSeed(2017), Y, 0);
    const next = uniform(n, keyOfSeed(2017), X, BLOCK);
    const shifted = uniform(n, keyOfSeed(2017), X, 1);
    const otherSeed = uniform(n, keyOfSeed(2018), X, 0);
    // Of two independent uniform sequences, sqrt(n) * correlation is about standard normal: |z| < 4 fails once in 16 000 tries.
    for (const other of [y, next, shifted, otherSeed])
      expect(Math.abs(Math.sqrt(n) * correlation(x, other))).toBeLessThan(4);
  });
});

function correlation(a: Float32Array, b: Float32Array): number {
  return 12 * (a.reduce((total, value, i) => total + (value - 0.5) * (b[i] - 0.5), 0) / a.length);
}

describe('countInside', () => {
  test('has the counts that everyone has', () => {
    const counts = [1, 10, 1000, 1_000_000, 1_000_007].map((samples) =>
      countInside(keyOfSeed(2017), 0, samples),
    );
    expect(counts).toMatchInlineSnapshot(`
      [
        1,
        6,
        794,
        784895,
        784902,
      ]
    `);
  });

  test('counts x*x + y*y <= 1 in float32 over the two streams', () => {
    fc.assert(
      fc.property(
        key,
        fc.integer({ min: 0, max: 2 ** 50 }),
        fc.integer({ min: 0, max: 3000 }),
        (seed, start, samples) => {
          const x = uniform(samples, seed, X, start);
          const y = uniform(samples, seed, Y, start);
          const inside = x.map(
            (_, i) => +(Math.fround(Math.fround(x[i] * x[i]) + Math.fround(y[i] * y[i])) <= 1),
          );
          expect(countInside(seed, start, samples)).toBe(sum([...inside]));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('any seed, total, cut and order of merging gives one count', () => {
    const total = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 3 * BLOCK }));
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        total,
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        (seed, samples, parts, order) => {
          const k = keyOfSeed(seed);
          const counts = Array.from(partition(samples, parts), (part) =>
            countInside(k, part.start, part.samples),
          );
          const shuffled = counts
            .map((count, i) => [Math.imul(i + 1, order | 1), count])
            .sort((a, b) => a[0] - b[0]);
          expect(sum(shuffled.map(([, count]) => count))).toBe(countInside(k, 0, samples));
        },
      ),
    );
  });

  test('200 seeds at a million samples scatter as the binomial distribution says', () => {
    const n = 1_000_000;
    const share = Math.PI / 4;
    const z = Array.from(
      { length: 200 },
      (_, seed) => (countInside(keyOfSeed(seed), 0, n) - n * share) / Math.sqrt(n * share * (1 - share)),
    );
    const mean = sum(z) / z.length;
    const variance = sum(z.map((value) => (value - mean) ** 2)) / (z.length - 1);
    // Mean of 200 standard normals: sigma 0.0707; variance: sigma sqrt(2/199) = 0.1. Bounds at 4 sigma.
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / 200));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 199));
    expect(Math.max(...z.map(Math.abs))).toBeLessThan(4.5);
  });

  test.each([
    [-1, 10],
    [0, -1],
    [0.5, 10],
    [0, 1.5],
    [NaN, 1],
    [0, Infinity],
    [2 ** 53 - 1, 1],
    [0, 2 ** 53],
    [0, '5'],
  ])('start %s and samples %s are refused by name', (start, samples) => {
    expect(() => countInside([1, 2], start, samples as number)).toThrow(InvalidArgumentError);
    expect(() => countInside([1, 2], start, samples as number)).toThrow(/^countInside: /);
  });
});
