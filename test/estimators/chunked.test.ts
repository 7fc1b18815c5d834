import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { estimateChunked } from '../../lib/estimators/chunked.js';
import { startPool } from '../../lib/execute/pool.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import type { Executor } from '../../lib/task/executor.js';

let executor: Executor;
beforeAll(async () => {
  executor = await startPool({ workers: 2 });
});
afterAll(() => executor.close());

describe('the chunked stage', () => {
  const samples = 200_003;

  test('counts what the kernel counts, for any chunks, form and seed, fused or not', async () => {
    for (const seed of [2017, 'Lola']) {
      for (const chunks of ['auto', -1, 30_000, [200_000, 3]] as const) {
        for (const optimize of [true, false]) {
          for (const form of ['sum', 'index'] as const) {
            const { inside, stage } = await estimateChunked(samples, {
              executor,
              seed,
              chunks,
              optimize,
              form,
            });
            expect([stage, inside]).toEqual(['chunked', countInside(keyOfSeed(seed), 0, samples)]);
          }
        }
      }
    }
  });

  test('starts a pool of its own where it is given none', async () => {
    expect(await estimateChunked(1000, { workers: 3 })).toMatchObject({
      workers: 3,
      samples: 1000,
      interrupted: false,
    });
  });

  test.each([
    ['sum', true],
    ['sum', false],
    ['index', true],
    ['index', false],
  ] as const)('that is stopped keeps what was counted (%s, fused: %s)', async (form, optimize) => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    const chunks = 100_000;
    const options = {
      executor,
      chunks,
      form,
      optimize,
      limitBytes: Infinity,
      signal: controller.signal,
      onProgress,
    };
    const estimate = await estimateChunked(1e9, options);
    expect(estimate.interrupted).toBe(true);
    expect(estimate.samples % chunks).toBe(0);
    expect(Math.abs(estimate.pi - Math.PI)).toBeLessThan(6 * estimate.standardError);
  });

  test('refuses what cannot be meant by name', async () => {
    await expect(estimateChunked(0, { executor })).rejects.toThrow(/^samples must be an integer from 1/);
    await expect(estimateChunked(10, { executor, chunks: 0 })).rejects.toThrow(
      /chunks must be an integer >= 1/,
    );
    await expect(estimateChunked(1e10, { executor, form: 'index' })).rejects.toThrow(InvalidArgumentError);
    await expect(estimateChunked(1e10, { executor, form: 'index' })).rejects.toThrow(/brings up to 80\.0 GB/);
  });
});
