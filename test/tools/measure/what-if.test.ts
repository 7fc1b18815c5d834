import { describe, expect, test } from 'vitest';
import { startPool } from '../../../lib/execute/pool.js';
import { InvalidArgumentError } from '../../../lib/errors.js';
import { checkWhatIf, meanCosts, measureCosts } from '../../../tools/measure/costs.js';
import { aloneMs, speedOf, whatIf, type Costs } from '../../../tools/measure/what-if.js';
import type { Executor } from '../../../lib/task/executor.js';
import type { Task } from '../../../lib/task/task.js';

/** Work without any overhead: 1 ns a sample, on cores that do not slow one another. */
const ideal: Costs = {
  sampleNs: 1,
  taskMs: 0,
  gapMs: 0,
  aloneShare: 1,
  busy: 2,
  latencyMs: 0.001,
  handlingMs: 0,
};

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
    [{ samples: 10, chunk: 1, workers: 2, cores: 0 }, 'whatIf: cores must be a number >= 1, got 0'],
    [{ samples: 10, chunk: 1, workers: 2, cores: NaN }, 'whatIf: cores'],
    [{ samples: 1e9, chunk: 10, workers: 1 }, 'Take chunks of 1000 or more'],
  ])('%j is refused', (question, said) => {
    expect(() => whatIf(ideal, question)).toThrow(InvalidArgumentError);
    expect(() => whatIf(ideal, question)).toThrow(said);
  });
});

test('a gap is paid by every task, once more where two workers take turns on a core', () => {
  const costs = { ...ideal, gapMs: 0.5 };
  const secondsOf = (workers: number) => whatIf(costs, { samples: 1e9, chunk: 1e6, workers }).seconds;
  expect([1, 2, 4].map((workers) => Number(secondsOf(workers).toFixed(1)))).toEqual([1.5, 0.8, 0.8]);
});

test('costs: time alone adds up, a mean is the mean of each, speed is shared beyond the cores', () => {
  expect(aloneMs({ ...ideal, taskMs: 2 }, 3e6, 4)).toBe(11);
  expect(meanCosts([ideal, { ...ideal, sampleNs: 3, busy: 2 }])).toEqual({ ...ideal, sampleNs: 2 });
  const shared = { ...ideal, aloneShare: 0.8, busy: 4 };
  expect([1, 4, 8].map((workers) => speedOf(shared, workers))).toEqual([1, 0.8, 0.4]);
  expect(speedOf(shared, 2)).toBeCloseTo(1 - 0.2 / 3, 12);
  expect(speedOf(shared, 8, Infinity)).toBe(0.8);
});

/** Counts nothing, and takes its time on a clock of its own: what a probe sees is known exactly. */
class Clockwork implements Executor {
  readonly runs: number[] = [];
  sizes: number[] = []; // of the last run's tasks
  constructor(readonly workers: number) {}
  async run(tasks: Iterable<Task>, { onEvent }: Parameters<Executor['run']>[1] = {}): Promise<number[]> {
    const all = [...tasks];
    this.runs.push(all.length);
    this.sizes = all.map(({ input }) => (input as { samples: number }).samples);
    // 2 ns a sample and 3 us a task alone, a quarter more with a second thread busy.
    const slower = all.length > 1 && this.workers > 1 ? 1.25 : 1;
    for (const { key, input } of all) {
      const ms = slower * (0.003 + (input as { samples: number }).samples * 2e-6);
      onEvent?.({ type: 'finished', task: key, worker: 'w', thread: 0, start: 0, end: ms, time: ms });
    }
    return all.map(() => 0);
  }
  async close(): Promise<void> {}
}

test('the probes find what an executor takes: for a sample, for a task, and with all threads busy', async () => {
  for (const workers of [1, 2]) {
    const executor = new Clockwork(workers);
    const costs = await measureCosts(executor, { kernel: 'reference', rounds: 2 });
    expect(costs.sampleNs).toBeCloseTo(2, 2);
    expect(costs.taskMs).toBeCloseTo(0.003, 4);
    expect(costs.aloneShare).toBeCloseTo(workers === 1 ? 1 : 0.8, 6);
    // Alone and together take turns.
    expect(executor.runs.slice(1, 5)).toEqual([1, 1, 1, 3 * workers]);
  }
  await expect(measureCosts(new Clockwork(2), { rounds: 0 })).rejects.toThrow(
    'measureCosts: rounds must be an integer from 1',
  );
});

test('a check runs the very chunks that it predicts', async () => {
  const executor = new Clockwork(2);
  const probes = { kernel: 'reference', rounds: 1, costsOf: new Clockwork(2) } as const;
  await checkWhatIf(executor, { samples: 25, chunk: 10, repeats: 1, ...probes });
  expect(executor.sizes).toEqual([10, 10, 5]);
});

test(
  'a check measures costs before and after every run, and gives each prediction with its error',
  { timeout: 120_000 },
  async () => {
    const pool = await startPool({ workers: 2 });
    try {
      const checked = await checkWhatIf(pool, { samples: 2e6, chunk: 1e6, repeats: 1, rounds: 1 });
      expect(checked.runs).toHaveLength(1);
      const [{ predicted, measured, error, costs }] = checked.runs;
      expect(costs.busy).toBe(2);
      for (const cost of [costs.sampleNs, costs.aloneShare, costs.latencyMs, costs.handlingMs])
        expect(cost).toBeGreaterThan(0);
      expect(error).toBe(predicted / measured - 1);
      expect(checked.medianError).toBe(Math.abs(error));
      await expect(checkWhatIf(pool, { samples: 10, chunk: 1, repeats: 0 })).rejects.toThrow(
        'checkWhatIf: repeats must be an integer from 1',
      );
    } finally {
      await pool.close();
    }
  },
);
