import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { piOf, standardErrorOf } from '../../lib/sampling/estimate.js';

describe('the estimate', () => {
  test('is 4 * inside / samples', () => {
    expect(piOf(3, 4)).toBe(3);
    expect(piOf(785, 1000)).toBe(3.14);
    expect(piOf(2 ** 53 - 1, 2 ** 53 - 1)).toBe(4);
  });

  test('has the standard error of the binomial distribution: sqrt(pi (4 - pi) / n)', () => {
    expect(standardErrorOf(50, 100)).toBeCloseTo(0.2, 15);
    expect(standardErrorOf(785_398, 1_000_000)).toBeCloseTo(Math.sqrt((Math.PI * (4 - Math.PI)) / 1e6), 8);
    expect(standardErrorOf(1, 1)).toBe(0);
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [-1, 5],
    [0.5, 1],
    [NaN, 1],
    [1, NaN],
  ])('%s of %s is refused', (inside, samples) => {
    expect(() => piOf(inside, samples)).toThrow(InvalidArgumentError);
    expect(() => standardErrorOf(inside, samples)).toThrow(InvalidArgumentError);
  });

  test('zero samples are refused with the reason', () => {
    expect(() => piOf(0, 0)).toThrow(/0 of 0 samples say nothing about pi/);
  });
});
