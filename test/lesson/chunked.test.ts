import { describe, expect, test, vi } from 'vitest';
import { random } from '../../lib/array/create.js';
import {
  checkChunked,
  judgeBall,
  judgeCut,
  judgeMeanDistance,
  judgeTasks,
} from '../../lesson/checks/chunked.js';
import type { Verdict } from '../../lesson/checks/verdict.js';

const any = (value: unknown): never => value as never;
const x = (n: number, chunks: number) => random.uniform(n, { chunks, stream: 'x' });
const y = (n: number, chunks: number) => random.uniform(n, { chunks, stream: 'y' });
const z = (n: number, chunks: number) => random.uniform(n, { chunks, stream: 2 });
const squares = (n: number, chunks: number) => x(n, chunks).square().add(y(n, chunks).square());

/** Each wrong answer is told apart from the others, and none passes or throws. */
function expectApart(verdicts: readonly Verdict[]): void {
  expect(verdicts.filter(({ passed }) => passed)).toEqual([]);
  expect(new Set(verdicts.map(({ text }) => text)).size).toBe(verdicts.length);
}

describe('the checks of notebook 05', () => {
  test('tasks', () => {
    expect(judgeTasks({ unfused: 28, fused: 4 }).passed).toBe(true);
    const wrong = [
      { unfused: NaN, fused: NaN },
      undefined,
      { unfused: 21, fused: 3 },
      { unfused: 7, fused: 1 },
      { unfused: 24, fused: 4 },
      { unfused: 4, fused: 4 },
      { unfused: 28, fused: 2 },
    ];
    expectApart(wrong.map((answer) => judgeTasks(any(answer))));
  });

  test('cut', () => {
    expect(judgeCut([500_001, 500_000]).passed).toBe(true);
    expect(judgeCut([250_001, 250_000, 250_000, 250_000]).passed).toBe(true);
    const wrong = [[], '5', [500_000, 500_000], [1_000_001], [1, 1_000_000], [500_000.5, 500_000.5], [3, 4]];
    expectApart(wrong.map((answer) => judgeCut(any(answer))));
  });

  test('the mean distance', async () => {
    expect(await judgeMeanDistance((n, chunks) => squares(n, chunks).sqrt().mean())).toMatchObject({
      passed: true,
    });
    const wrong: readonly ((n: number, chunks: number) => unknown)[] = [
      () => undefined,
      any(5),
      () => 0.7652,
      (n, chunks) => squares(n, chunks).sqrt(),
      (n, chunks) => squares(n, chunks).mean(),
      (n, chunks) => squares(n, chunks).sqrt().sum(),
      (n, chunks) => x(n, chunks).square().multiply(2).sqrt().mean(),
      (n) => squares(n, 50).sqrt().mean(),
      () => squares(10, 100).sqrt().mean(),
      (n, chunks) => squares(n, chunks).sqrt().max(),
      () => {
        throw new RangeError('oops');
      },
    ];
    expectApart(await Promise.all(wrong.map((answer) => judgeMeanDistance(answer))));
  });

  test('the ball', async () => {
    const all = (n: number, chunks: number) => squares(n, chunks).add(z(n, chunks).square());
    expect(await judgeBall((n, chunks) => all(n, chunks).lessEqual(1).sum())).toMatchObject({ passed: true });
    const wrong: readonly ((n: number, chunks: number) => unknown)[] = [
      () => undefined,
      any('ball'),
      (n, chunks) => all(n, chunks).lessEqual(1),
      (n, chunks) => squares(n, chunks).lessEqual(1).sum(),
      (n, chunks) => squares(n, chunks).add(y(n, chunks).square()).lessEqual(1).sum(),
      (n, chunks) => all(n, chunks).greater(1).sum(),
    ];
    expectApart(await Promise.all(wrong.map((answer) => judgeBall(answer))));
  });

  test('print what they find', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    checkChunked.tasks({ unfused: 28, fused: 4 });
    checkChunked.cut([]);
    await checkChunked.meanDistance(() => undefined);
    await checkChunked.ball(() => undefined);
    expect(log.mock.calls.map(([text]) => String(text).split(':')[0])).toEqual([
      'passed',
      'not yet',
      'not yet',
      'not yet',
    ]);
    log.mockRestore();
  });
});
