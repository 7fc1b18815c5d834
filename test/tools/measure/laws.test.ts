import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../../lib/errors.js';
import {
  amdahl,
  fitAmdahl,
  gustafson,
  karpFlatt,
  originalMemory,
  range,
  samplesForDigits,
  standardErrorOfPi,
  type TimedRun,
} from '../../../tools/measure/laws.js';
import { standardErrorOf } from '../../../lib/sampling/estimate.js';

describe("the laws give the published and the original's figures", () => {
  test('Amdahl: 73 % random numbers on 2 and 4 workers, 99 % on 12', () => {
    expect(amdahl(0.73, 2)).toBeCloseTo(1.575, 3);
    expect(amdahl(0.73, 4)).toBeCloseTo(2.21, 2);
    expect(amdahl(0.99, 12)).toBeCloseTo(10.81, 2);
    expect([amdahl(0, 12), amdahl(1, 12)]).toEqual([1, 12]);
  });

  test('Gustafson: 1 % on 12 workers', () => {
    expect(gustafson(12, 0.01)).toBeCloseTo(11.89, 10);
  });

  test('Karp-Flatt: 6.57 times on 12 workers is a serial part of 7.5 %, and it is the inverse of Amdahl', () => {
    expect(karpFlatt(6.57, 12)).toBeCloseTo(0.075, 3);
    for (const serial of [0, 0.01, 0.3, 1])
      expect(karpFlatt(amdahl(1 - serial, 7), 7)).toBeCloseTo(serial, 12);
  });

  test('the standard error falls with the square root, and is the binomial one', () => {
    expect(standardErrorOfPi(4e8)).toBeCloseTo(standardErrorOfPi(1e8) / 2, 12);
    expect(standardErrorOfPi(1e9)).toBeCloseTo(standardErrorOf(785_398_163, 1e9), 12);
  });

  test('a digit costs a hundred times the samples', () => {
    expect(samplesForDigits(3)).toBe(10_787_065);
    for (const digits of [1, 5, 9])
      expect(samplesForDigits(digits + 1) / samplesForDigits(digits)).toBeCloseTo(100, 1);
    expect(2 * standardErrorOfPi(samplesForDigits(4, 2))).toBeCloseTo(0.5e-4, 10);
  });

  test('the original promises 11444.092 MB for 1e9 points', () => {
    expect((originalMemory(1e9).promised / 2 ** 20).toFixed(3)).toBe('11444.092');
    expect(originalMemory(1e9).measured).toBe(21.5e9);
  });

  test.each([
    [() => amdahl(1.5, 2), 'amdahl: parallel must be a share from 0 to 1, got 1.5'],
    [() => amdahl(0.5, 0), 'amdahl: faster must be a number above 0, got 0'],
    [() => amdahl(NaN, 2), 'got NaN'],
    [() => gustafson(0, 0.1), 'gustafson: workers must be an integer from 1'],
    [() => karpFlatt(1, 1), 'karpFlatt: workers must be an integer from 2 to 2^53 - 1, got 1'],
    [() => standardErrorOfPi(0), 'got 0'],
    [() => samplesForDigits(16), 'got 16'],
    [() => fitAmdahl([{ workers: 1, seconds: 0 }], 4), 'fitAmdahl: seconds must be a number above 0, got 0'],
  ])('%s is refused with the value given', (call, said) => {
    expect(call).toThrow(InvalidArgumentError);
    expect(call).toThrow(said);
  });
});

describe('fitAmdahl', () => {
  /** Runs that keep the law, each off by a few of `noise`. */
  const runs = (serial: number, counts: readonly number[], noise = 0): TimedRun[] =>
    counts.flatMap((workers) =>
      [-1, 0, 1, 0.5].map((off) => ({
        workers,
        seconds: (10 / amdahl(1 - serial, workers)) * (1 + noise * off),
      })),
    );

  test('finds the serial part and T1 of runs that keep the law', () => {
    const fit = fitAmdahl(runs(0.075, [1, 2, 4, 8]), 8);
    expect(fit.serial).toBeCloseTo(0.075, 12);
    expect(fit.serialSeconds).toBeCloseTo(10, 10);
    expect(fit.standardError).toBeLessThan(1e-9);
  });

  test('the truth lies within three standard errors, and more noise makes them larger', () => {
    const [quiet, loud] = [0.01, 0.05].map((noise) => fitAmdahl(runs(0.1, [1, 2, 4], noise), 4));
    for (const { serial, standardError } of [quiet, loud])
      expect(Math.abs(serial! - 0.1)).toBeLessThan(3 * standardError!);
    expect(loud.standardError! / quiet.standardError!).toBeCloseTo(5, 0);
  });

  test('refuses two numbers of workers', () => {
    const { refused, serial } = fitAmdahl(runs(0.1, [1, 2]), 2);
    expect({ refused, serial }).toEqual({ refused: 'few-worker-counts', serial: undefined });
  });

  test('refuses what needs more workers than cores, and leaves such runs out elsewhere', () => {
    expect(fitAmdahl(runs(0.1, [1, 2, 4]), 2).refused).toBe('more-workers-than-cores');
    const crowded = [...runs(0.1, [1, 2, 4]), { workers: 8, seconds: 100 }];
    expect(fitAmdahl(crowded, 4).serial).toBeCloseTo(0.1, 10);
  });

  test('refuses runs that differ among themselves by more than by workers', () => {
    const noisy = [1, 2, 4].flatMap((workers) =>
      [5, 9, 12].map((seconds) => ({ workers, seconds: seconds - workers / 10 })),
    );
    expect(fitAmdahl(noisy, 4)).toEqual({
      refused: 'noise-wider-than-effect',
      text: 'no fit: repeats with one number of workers differ by up to 7.0 s, and going from 1 to 4 workers saves 0.30 s. Take more samples, or a quieter machine.',
    });
    const slower = noisy.map(({ workers, seconds }) => ({ workers, seconds: seconds + workers }));
    expect(fitAmdahl(slower, 4).text).toContain('from 1 to 4 workers saves nothing.');
  });
});

test('range: median of an odd and an even number of values, and the ends', () => {
  expect(range([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
  expect(range([4, 1, 2, 3]).median).toBe(2.5);
});
