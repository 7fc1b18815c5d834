import { describe, expect, test } from 'vitest';
import { judgeAmdahl, judgeKarpFlatt, judgeLimit } from '../../lesson/checks/profile.js';
import { judgeEfficiency, judgeRounds, judgeRows, judgeWorthwhile } from '../../lesson/checks/scaling.js';
import { judgePlace, judgeSpread, judgeTwins } from '../../lesson/checks/streams.js';
import type { Verdict } from '../../lesson/checks/verdict.js';

const any = (value: unknown): never => value as never;

/** The right answer passes; each wrong one is told apart from the others, and none passes or throws. */
function expectApart(judge: (answer: never) => Verdict, right: unknown, wrong: readonly unknown[]): void {
  expect(judge(any(right))).toMatchObject({ passed: true });
  const verdicts = wrong.map((answer) => judge(any(answer)));
  expect(verdicts.filter(({ passed }) => passed)).toEqual([]);
  expect(new Set(verdicts.map(({ text }) => text)).size).toBe(wrong.length);
}

describe('the checks of notebook 02', () => {
  test('amdahl', () => {
    expectApart(judgeAmdahl, (p: number, s: number) => 1 / (1 - p + p / s), [
      5,
      () => undefined,
      () => NaN,
      (p: number, s: number) => 1 - p + p / s,
      (p: number, s: number) => 1 / (p + (1 - p) / s),
      (p: number, s: number) => p * s,
      () => 7,
    ]);
  });

  test('limit', () => {
    expectApart(judgeLimit, 1 / 0.27, ['3.7', NaN, Infinity, 1 / 0.73, 2]);
  });

  test('karp-flatt', () => {
    expectApart(judgeKarpFlatt, (s: number, p: number) => (1 / s - 1 / p) / (1 - 1 / p), [
      5,
      () => undefined,
      () => NaN,
      (s: number, p: number) => 1 - s / p,
      (s: number, p: number) => 1 - (1 / s - 1 / p) / (1 - 1 / p),
      () => 0.01,
    ]);
  });
});

describe('the checks of notebook 04', () => {
  test('twins', () => {
    const pairs = (counts: readonly number[]) =>
      counts.flatMap((one, i) => counts.slice(i + 1).filter((other) => other === one)).length;
    expectApart(judgeTwins, pairs, [
      5,
      () => NaN,
      (counts: readonly number[]) => 2 * pairs(counts),
      (counts: readonly number[]) => 2 * pairs(counts) + counts.length,
      () => 9,
    ]);
  });

  test('spread', () => {
    expectApart(judgeSpread, 4, ['4', NaN, 16, 1, 2]);
  });

  test('place', () => {
    const place = (i: number) => ({
      block: Math.floor(i / 65_536),
      lane: i % 4,
      step: Math.floor((i % 65_536) / 4),
    });
    expectApart(judgePlace, place, [
      5,
      () => undefined,
      (i: number) => ({ ...place(i), block: i >> 16 }),
      (i: number) => ({ ...place(i), lane: 0 }),
      (i: number) => ({ ...place(i), step: i % 65_536 }),
    ]);
  });
});

describe('the checks of notebook 08', () => {
  test('efficiency', () => {
    expectApart(judgeEfficiency, (one: number, many: number, workers: number) => one / many / workers, [
      5,
      () => NaN,
      (one: number, many: number) => one / many,
      (one: number, many: number, workers: number) => (many * workers) / one,
      () => 0.1,
    ]);
  });

  test('worthwhile', () => {
    const real = (serial: number, least: number) => 1 + (1 / least - 1) / serial;
    const byTrial = (serial: number, least: number) => {
      let workers = 1;
      while (1 / ((workers + 1) * serial + 1 - serial) >= least) workers++;
      return workers;
    };
    expect(judgeWorthwhile(byTrial).passed).toBe(true);
    expectApart(judgeWorthwhile, (serial: number, least: number) => Math.floor(real(serial, least)), [
      5,
      () => undefined,
      real,
      (serial: number) => Math.floor(1 / serial),
      (serial: number, least: number) => Math.ceil(real(serial, least)),
      (serial: number, least: number) => Math.floor(real(serial, least)) - 1,
      () => 0,
    ]);
  });

  test('rounds', () => {
    expectApart(judgeRounds, 5, ['5', NaN, 8, 10, 1.25, 3]);
  });

  test('rows', () => {
    expect(judgeRows({ smaller: 'imbalance', larger: 'transfer' }).passed).toBe(true);
    expectApart(judgeRows, { smaller: 'imbalance', larger: 'dispatch' }, [
      undefined,
      { smaller: 'imbalanc', larger: 'dispatch' },
      { smaller: 'tail', larger: 'dispatch' },
      { smaller: 'imbalance', larger: 'compute' },
    ]);
  });
});
