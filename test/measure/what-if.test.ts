import { describe, expect, test } from 'vitest';
import { startPool } from '../../lib/execute/pool.js';
import { InvalidArgumentError } from '../../lib/errors.js';
import { checkWhatIf, measureCosts, whatIf, type Costs } from '../../lib/measure/what-if.js';

/** Work without any overhead: 1 ns a sample, on cores that do not slow one another. */
const ideal: Costs = { sampleNs: 1, taskMs: 0, aloneShare: 1, busy: 2, latencyMs: 0.001, handlingMs: 0 };

describe('whatIf', () => {
  test('without overhead, workers share the time evenly, each on its core', () => {
    for (const workers of [1, 2, 10, 1000]) {
      const { seconds, efficiency, tasks } = whatIf(ideal, {
        samples: 1e11,
        chunk: 1e7,
        workers,
        cores: Infinity,
      });
      expect(tasks).toBe(10_000);
      expect(seconds).toBeCloseTo(100 / workers, workers > 100 ? 1 : 0);
      expect(efficiency).toBeGreaterThan(0.98);
    }
  });

  test('the last round may be part empty: 10 chunks on 8 workers are 5 times as fast', () => {
    const [one, eight] = [1, 8].map(
      (workers) => whatIf(ideal, { samples: 1e9, chunk: 1e8, workers, cores: 8 }).seconds,
    );
    expect(one / eight).toBeCloseTo(5, 1);
  });

  test('workers that share cores are no faster than the cores', () => {
    const [two, eight] = [2, 8].map((workers) => whatIf(ideal, { samples: 4e9, chunk: 1e7, workers }));
    expect(eight.seconds / two.seconds).toBeCloseTo(1, 1);
    expect(eight.efficiency).toBeCloseTo(two.efficiency / 4, 1);
  });

  test('cores that are slower together cost their share', () => {
    const seconds = whatIf({ ...ideal, aloneShare: 0.5 }, { samples: 2e9, chunk: 1e7, workers: 2 }).seconds;
    expect(seconds).toBeCloseTo(2, 1);
  });

  test('small chunks are limited by the one thread that handles them, whatever the number of workers', () => {
    const costs = { ...ideal, handlingMs: 0.1 };
    const at = (workers: number) =>
      whatIf(costs, { samples: 2e7, chunk: 1e4, workers, cores: Infinity }).seconds;
    expect(at(100)).toBeGreaterThan(0.9 * 2 * 2000 * 0.0001); // booked twice a task: handed out and collected
    expect(at(10) / at(100)).toBeCloseTo(1, 0);
  });

  test('no sample is lost: a last chunk that is smaller takes less', () => {
    const [even, odd] = [4e8, 3.1e8].map((samples) => whatIf(ideal, { samples, chunk: 1e8, workers: 1 }));
    expect([even.tasks, odd.tasks]).toEqual([4, 4]);
    expect(even.seconds - odd.seconds).toBeCloseTo(0.09, 2);
  });

  test.each([
    [{ samples: 0, chunk: 1, workers: 1 }, 'whatIf: samples'],
    [{ samples: 10, chunk: 0, workers: 1 }, 'whatIf: chunk'],
    [{ samples: 10, chunk: 1, workers: 0 }, 'whatIf: workers'],
    [{ samples: 1e9, chunk: 10, workers: 1 }, 'Take chunks of 1000 or more'],
  ])('%j is refused', (question, said) => {
    expect(() => whatIf(ideal, question)).toThrow(InvalidArgumentError);
    expect(() => whatIf(ideal, question)).toThrow(said);
  });
});

test('costs measured on a real pool are times above 0, and a prediction stands beside its run with its error', async () => {
  const pool = await startPool({ workers: 2 });
  try {
    const costs = await measureCosts(pool, 'reference');
    expect(costs.busy).toBe(2);
    for (const cost of [costs.sampleNs, costs.aloneShare, costs.latencyMs]) expect(cost).toBeGreaterThan(0);
    const { seconds, measured, error, tasks } = await checkWhatIf(pool, costs, 2e7, 1e6, 'reference');
    expect(tasks).toBe(20);
    expect(error).toBeCloseTo(seconds / measured - 1, 10);
  } finally {
    await pool.close();
  }
});
