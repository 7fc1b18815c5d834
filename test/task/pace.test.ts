import { expect, test } from 'vitest';
import { Pace } from '../../lib/task/pace.js';

/** The sizes of batches of tasks that take `ms` each, from the first on, with tasks enough. */
function sizes(ms: number, roundTripMs = 0, batches = 12): number[] {
  const pace = new Pace();
  return Array.from({ length: batches }, () => {
    const size = pace.next(1e6, 1);
    pace.learn(ms, roundTripMs);
    return size;
  });
}

test('one task, then two, then four: until a batch takes 10 ms, or 32 tasks a tenth of a second', () => {
  expect(sizes(200)).toEqual(new Array(12).fill(1));
  expect(sizes(25)).toEqual([1, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
  expect(sizes(1)).toEqual([1, 2, 4, 8, 16, 32, 32, 32, 32, 32, 32, 32]);
  expect(sizes(0.1)).toEqual([1, 2, 4, 8, 16, 32, 64, 100, 100, 100, 100, 100]);
});

test('never more than a thousand, though they take no time at all', () => {
  expect(Math.max(...sizes(0, 0, 20))).toBe(1000);
});

test('where messages are slow, batches last twenty round trips', () => {
  expect(sizes(1, 10).at(-1)).toBe(200);
});

test('near the end batches get smaller, and are never empty', () => {
  const pace = new Pace();
  for (let i = 0; i < 20; i++) pace.learn(0.1);
  expect([1000, 100, 10, 1, 0].map((waiting) => pace.next(waiting, 2))).toEqual([100, 25, 3, 1, 1]);
});

test('one long task makes the next batch small again', () => {
  const pace = new Pace();
  for (let i = 0; i < 20; i++) pace.learn(0.1);
  pace.learn(500);
  expect(pace.next(1e6, 1)).toBe(1);
});
