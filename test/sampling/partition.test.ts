import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { partition } from '../../lib/sampling/partition.js';

const sizes = (total: number, parts: number) => Array.from(partition(total, parts), ({ samples }) => samples);

describe('partition', () => {
  test('loses no sample where the total does not divide', () => {
    expect(sizes(10, 3)).toEqual([4, 3, 3]);
    expect(sizes(3, 4)).toEqual([1, 1, 1, 0]);
    expect(sizes(0, 2)).toEqual([0, 0]);
    expect([...partition(10, 3)]).toEqual([
      { start: 0, samples: 4 },
      { start: 4, samples: 3 },
      { start: 7, samples: 3 },
    ]);
  });

  test('any cut covers the total without gap or overlap, in shares that differ by one at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 53 - 1 }),
        fc.integer({ min: 1, max: 500 }),
        (total, parts) => {
          let next = 0;
          for (const { start, samples } of partition(total, parts)) {
            expect(start).toBe(next);
            expect([Math.floor(total / parts), Math.ceil(total / parts)]).toContain(samples);
            next += samples;
          }
          expect(next).toBe(total);
          expect(sizes(total, parts).length).toBe(parts);
        },
      ),
    );
  });

  test('2^53 - 1 samples in a billion parts take no memory until they are asked for', () => {
    const [first] = partition(2 ** 53 - 1, 1e9);
    expect(first).toEqual({ start: 0, samples: 9_007_200 });
  });

  test.each([
    [10, 0],
    [10, -1],
    [10, 1.5],
    [10, NaN],
    [-1, 2],
    [1.5, 2],
    [Infinity, 2],
    [2 ** 53, 2],
    ['10', 2],
    [10n, 2],
  ])('total %s and parts %s are refused by name, at the call', (total, parts) => {
    expect(() => partition(total as number, parts)).toThrow(InvalidArgumentError);
  });

  test('the message shows the value and the remedy', () => {
    expect(() => partition(10, 0)).toThrow(
      'partition: parts must be an integer from 1 to 2^53 - 1, got 0. Pass executor.workers.',
    );
  });
});
