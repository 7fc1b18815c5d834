// What if there were more workers, or other chunks? The scheduler's own decisions, simulated with costs measured here.
import { InvalidArgumentError, checkInteger, show } from '../../lib/errors.js';
import type { Executor } from '../../lib/task/executor.js';
import {
  makespanMs,
  meanCosts,
  measureCosts,
  tasksOf,
  wallMs,
  type Costs,
  type ProbeOptions,
  type WhatIf,
} from './costs.js';
import { range } from './laws.js';

/** The answer. Efficiency is against one thread that works alone without any overhead. */
export interface Prediction {
  readonly tasks: number;
  readonly seconds: number;
  readonly efficiency: number;
}

/**
 * Predicts a run by simulating the scheduler.
 * @throws InvalidArgumentError for invalid samples, chunk, workers or cores, or more than a million tasks
 */
export function whatIf(costs: Costs, { samples, chunk, workers, cores }: WhatIf): Prediction {
  const tasks = countChunks(samples, chunk);
  checkInteger('whatIf: workers', workers, 1, 'Up to 10 000 can be simulated.', 10_000);
  if (cores !== undefined && !(cores >= 1))
    throw new InvalidArgumentError(
      `whatIf: cores must be a number >= 1, got ${show(cores)}. Infinity gives each worker its own.`,
    );
  const ms = makespanMs(costs, { samples, chunk, workers, cores });
  return { tasks, seconds: ms / 1000, efficiency: (samples * costs.sampleNs) / 1e6 / (ms * workers) };
}

/** How many chunks there are. The last may be smaller. */
function countChunks(samples: number, chunk: number): number {
  checkInteger('whatIf: samples', samples, 1, 'Give how many points there are.');
  checkInteger('whatIf: chunk', chunk, 1, 'Give how many points a task counts.');
  const tasks = Math.ceil(samples / chunk);
  if (tasks > 1e6)
    throw new InvalidArgumentError(
      `whatIf: ${tasks} tasks are more than can be simulated soon. Take chunks of ${Math.ceil(samples / 1e6)} or more.`,
    );
  return tasks;
}

/** Runs and their predictions. `error` is a prediction's, as a share of what was measured. */
export interface Checked {
  readonly runs: readonly {
    readonly predicted: number;
    readonly measured: number;
    readonly error: number;
    readonly costs: Costs;
  }[];
  /** The median size of the errors. */
  readonly medianError: number;
}

/** What to check: a run on an executor, with costs measured on it or on another one. */
export interface CheckOptions extends ProbeOptions {
  readonly samples: number;
  readonly chunk: number;
  readonly repeats?: number;
  /** One with as many workers as cores (default: the executor itself). */
  readonly costsOf?: Executor;
}

/**
 * Holds predictions against real runs. Costs and runs are measured in turn, and each run is predicted from the costs
 * before it and after it: a machine that becomes slower meanwhile is slower in both.
 */
export async function checkWhatIf(
  executor: Executor,
  { samples, chunk, repeats = 5, costsOf = executor, ...probes }: CheckOptions,
): Promise<Checked> {
  checkInteger('checkWhatIf: repeats', repeats, 1, 'Five or more show how far errors differ.');
  // The chunks that are predicted: partition would share the last one's shortness among all.
  const parts = Array.from({ length: countChunks(samples, chunk) }, (_, i) => {
    return { start: i * chunk, samples: Math.min(chunk, samples - i * chunk) };
  });
  const tasks = tasksOf(parts, probes.kernel);
  const runs: Checked['runs'][number][] = [];
  let before = await measureCosts(costsOf, probes);
  for (let i = 0; i < repeats; i++) {
    const measured = (await wallMs(executor, tasks)) / 1000;
    const after = await measureCosts(costsOf, probes);
    const costs = meanCosts([before, after]);
    const predicted = whatIf(costs, { samples, chunk, workers: executor.workers }).seconds;
    runs.push({ predicted, measured, error: predicted / measured - 1, costs });
    before = after;
  }
  return { runs, medianError: range(runs.map(({ error }) => Math.abs(error))).median };
}
