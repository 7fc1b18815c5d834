// A reader's own sum: one integer on every executor and in every cut, and what a sum of fractions does instead.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compute } from '../../lib/array/compute.js';
import { arange } from '../../lib/array/create.js';
import { startCluster, type LocalCluster } from '../../lib/cluster/local.js';
import { InvalidArgumentError } from '../../lib/errors.js';
import { chooseGrains, integralOf, sumTerms, type SumInput } from '../../lesson/capstone/sum.js';
import { startPool } from '../../lib/execute/pool.js';
import { startSerial } from '../../lib/execute/serial.js';
import type { Executor } from '../../lib/task/executor.js';
import { taskModule } from '../../lib/task/module.js';

const quarter = ({ start, length, terms, grains }: SumInput) => {
  let total = 0;
  for (let i = start; i < start + length; i++) {
    const x = (i + 0.5) / terms;
    total += Math.floor(Math.sqrt(1 - x * x) * grains + 0.5);
  }
  return total;
};
const fractions = ({ start, length, terms }: SumInput) => {
  let total = 0;
  for (let i = start; i < start + length; i++) total += 1 / (1 + (i + 0.5) / terms);
  return total;
};
const tasks = [taskModule({ quarter, fractions })];

let serial: Executor, pool: Executor, client: Executor, cluster: LocalCluster;
beforeAll(async () => {
  serial = await startSerial({ tasks });
  pool = await startPool({ workers: 3, tasks });
  cluster = await startCluster({ workers: 2, tasks });
  client = await cluster.connect();
});
afterAll(async () => {
  await Promise.all([serial.close(), pool.close(), client.close()]);
  await cluster.close();
});

/** The same steps as quarter's, as an array. */
function quarterArray(terms: number, chunks: number, grains: number) {
  const x = arange(terms, { dtype: 'float64', chunks }).add(0.5).divide(terms);
  return x.square().multiply(-1).add(1).sqrt().multiply(grains).add(0.5).astype('integer').sum();
}

describe('a sum in grains', () => {
  test('is one integer from every stage, in every cut', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 30_000 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 200 }),
      async (terms, pieces, others) => {
        const sum = { operation: 'quarter', terms, grains: chooseGrains(terms, 1) };
        const whole = quarter({ ...sum, start: 0, length: terms });
        expect(Number.isSafeInteger(whole)).toBe(true);
        const array = quarterArray(terms, Math.ceil(terms / pieces), sum.grains);
        expect([
          await sumTerms(serial, sum, pieces),
          await sumTerms(pool, sum, others),
          await sumTerms(client, sum, pieces),
          (await compute(array, { executor: pool }))[0],
        ]).toEqual([whole, whole, whole, whole]);
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });

  test('stays the same when a worker is lost in mid-run', async () => {
    const room = await startCluster({ workers: 2, tasks });
    const guest = await room.connect();
    const sum = { operation: 'quarter', terms: 4_000_000, grains: 2 ** 30 };
    let killed = false;
    const onResult = () => {
      if (!killed) room.workers[0].kill();
      killed = true;
    };
    expect(await sumTerms(guest, sum, 200, { onResult })).toBe(await sumTerms(serial, sum, 1));
    expect(killed).toBe(true);
    await guest.close();
    await room.close();
  });

  test('of fractions, it depends on the cut', async () => {
    const sum = { operation: 'fractions', terms: 100_000, grains: 1 };
    const totals = [];
    for (const pieces of [1, 2, 3, 7, 64]) totals.push(await sumTerms(serial, sum, pieces));
    expect(new Set(totals).size).toBeGreaterThan(1);
    expect(await sumTerms(pool, sum, 7)).toBe(totals[3]); // the cut alone decides, not who computes
  });

  test('comes near the integral', async () => {
    const sum = { operation: 'quarter', terms: 1_000_000, grains: chooseGrains(1e6, 1), width: 1 };
    expect(Math.abs(integralOf(sum, await sumTerms(pool, sum, 5)) - Math.PI / 4)).toBeLessThan(1e-9);
    expect(integralOf({ terms: 10, grains: 4, width: 2 }, 20)).toBe(1);
  });

  test('refuses numbers that cannot be meant', async () => {
    const sum = { operation: 'quarter', terms: 10, grains: 1 };
    await expect(sumTerms(serial, { ...sum, terms: 0 }, 1)).rejects.toThrow(InvalidArgumentError);
    await expect(sumTerms(serial, sum, 1.5)).rejects.toThrow('sumTerms: pieces must be an integer from 1');
    await expect(sumTerms(serial, { ...sum, operation: 'none' }, 1)).rejects.toThrow(/'none' is not known/);
  });
});

describe('the number of grains', () => {
  test('is the largest power of two for which the total stays exact', () => {
    expect([chooseGrains(1e7, 1), chooseGrains(2 ** 20, 1), chooseGrains(1000, 0.4)]).toEqual([
      2 ** 29,
      2 ** 33,
      2 ** 44,
    ]);
    const most = (terms: number, largest: number, grains: number) =>
      BigInt(terms) * BigInt(Math.ceil(largest * grains));
    const property = fc.property(
      fc.oneof(
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 0, max: 30 }).map((power) => 2 ** power),
      ),
      fc.oneof(
        fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.integer({ min: 0, max: 9 }).map((ulps) => 1 + ulps * Number.EPSILON),
      ),
      (terms, largest) => {
        const grains = chooseGrains(terms, largest);
        expect(Number.isInteger(Math.log2(grains))).toBe(true);
        expect(most(terms, largest, grains)).toBeLessThanOrEqual(2n ** 53n);
        if (grains < 2 ** 1023) expect(most(terms, largest, 2 * grains)).toBeGreaterThan(2n ** 53n);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  test('holds the bound where a logarithm is rounded: a million terms just above 1 pass it with one power more', () => {
    const largest = 1 + Number.EPSILON;
    expect(2 ** Math.floor(53 - Math.log2(2 ** 20 * largest))).toBe(2 ** 33); // 2^53 + 2^20 grains in all
    expect(chooseGrains(2 ** 20, largest)).toBe(2 ** 32);
    expect(chooseGrains(2 ** 53 - 1, 1)).toBe(1);
    expect([chooseGrains(1, 5e-324), chooseGrains(1, 1e300)]).toEqual([2 ** 1023, 2 ** -944]);
  });

  test('needs a largest term above 0', () => {
    expect(() => chooseGrains(10, 0)).toThrow('chooseGrains: largest must be a number above 0, got 0.');
    expect(() => chooseGrains(10, '1' as never)).toThrow("got '1'");
    expect(() => chooseGrains(0, 1)).toThrow(InvalidArgumentError);
  });
});
