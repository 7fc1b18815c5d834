import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { estimatePool } from '../../lib/estimators/pool.js';
import { estimateSerial } from '../../lib/estimators/serial.js';
import { startPool } from '../../lib/execute/pool.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';

describe('one integer for a seed and a number of samples', () => {
  test('serial and pool of 1 to 7 workers agree', async () => {
    const samples = 2_000_003;
    const expected = countInside(keyOfSeed(2017), 0, samples);
    expect((await estimateSerial(samples)).inside).toBe(expected);
    for (let workers = 1; workers <= 7; workers++) {
      expect((await estimatePool(samples, { workers })).inside).toBe(expected);
    }
  }, 120_000);

  test('any samples and seed: a pool counts what the kernel counts', async () => {
    const pool = await startPool({ workers: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200_000 }),
        fc.string({ minLength: 1 }),
        async (samples, seed) => {
          const { inside } = await estimatePool(samples, { seed, executor: pool });
          expect(inside).toBe(countInside(keyOfSeed(seed), 0, samples));
        },
      ),
      { numRuns: 30 },
    );
    await pool.close();
  });

  test('fewer samples than workers is valid', async () => {
    expect(await estimatePool(3, { workers: 7 })).toMatchObject({
      samples: 3,
      workers: 7,
      inside: countInside(keyOfSeed(), 0, 3),
    });
  });
});

describe('an estimate', () => {
  test('tells all that belongs to it', async () => {
    const estimate = await estimateSerial(1000, { seed: 'Lola' });
    expect(estimate).toEqual({
      stage: 'serial',
      samples: 1000,
      seed: 'Lola',
      workers: 1,
      kernel: estimate.kernel,
      inside: countInside(keyOfSeed('Lola'), 0, 1000),
      pi: estimate.inside / 250,
      standardError: expect.any(Number),
      seconds: expect.any(Number),
      startupSeconds: expect.any(Number),
      interrupted: false,
    });
    expect(estimate.seconds).toBeGreaterThan(0);
  });

  test('that is stopped keeps what was counted, and its count is that of its samples', async () => {
    const controller = new AbortController();
    const progress: number[] = [];
    const onProgress = (samples: number) => {
      progress.push(samples);
      controller.abort();
    };
    const estimate = await estimateSerial(2 ** 53 - 1, { signal: controller.signal, onProgress });
    expect(estimate.interrupted).toBe(true);
    expect(estimate.samples).toBe(progress.at(-1));
    expect(estimate.inside).toBe(countInside(keyOfSeed(), 0, estimate.samples)); // serial: the pieces done are the first ones
  });

  test('a given executor stays open', async () => {
    const executor = await startPool({ workers: 1 });
    await estimatePool(10, { executor });
    expect((await estimatePool(10, { executor })).startupSeconds).toBe(0);
    await executor.close();
  });

  test.each([0, -1, 1.5, NaN, Infinity, 2 ** 53, '10', undefined])(
    '%s samples are refused by name',
    async (samples) => {
      for (const estimate of [estimateSerial, estimatePool]) {
        await expect(estimate(samples as number)).rejects.toThrow(InvalidArgumentError);
        await expect(estimate(samples as number)).rejects.toThrow(/^samples must be/);
      }
    },
  );

  test('zero samples are refused with the reason', async () => {
    await expect(estimateSerial(0)).rejects.toThrow(/0\/0/);
  });

  test('more than one worker is no serial run', async () => {
    await expect(estimateSerial(10, { workers: 2 })).rejects.toThrow(/serial: workers must be 1, got 2/);
  });
});
