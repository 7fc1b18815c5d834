// What if there were more workers, or other chunks? The scheduler's own decisions, simulated with costs measured here.
import { InvalidArgumentError, checkInteger, show } from '../../lib/errors.js';
import { DEFAULT_SEED } from '../../lib/sampling/index.js';
import { simulate } from '../../lib/simulation/index.js';

/** What work costs on a machine, as measured by measureCosts. */
export interface Costs {
  /** A sample on a thread that is alone (ns). */
  readonly sampleNs: number;
  /** What each task takes on its thread beside its samples: its start, and the part of a block that it skips (ms). */
  readonly taskMs: number;
  /** What small tasks take beyond all else that is known, each (ms): the thread waits, for others who share its core. */
  readonly gapMs: number;
  /** How fast a thread is with `busy` threads at work, as a share of its rate alone. */
  readonly aloneShare: number;
  readonly busy: number;
  /** How long a message travels (ms), and what each task costs the one thread that hands out and collects (ms). */
  readonly latencyMs: number;
  readonly handlingMs: number;
}

/** A run, and the number of cores that its workers share (default: those measured). */
export interface WhatIf {
  readonly samples: number;
  readonly chunk: number;
  readonly workers: number;
  /** Infinity: each worker has its core, as on a cluster of such machines. */
  readonly cores?: number;
}

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
export function whatIf(costs: Costs, { samples, chunk, workers, cores = costs.busy }: WhatIf): Prediction {
  const tasks = countChunks(samples, chunk);
  checkInteger('whatIf: workers', workers, 1, 'Up to 10 000 can be simulated.', 10_000);
  if (!(cores >= 1))
    throw new InvalidArgumentError(
      `whatIf: cores must be a number >= 1, got ${show(cores)}. Infinity gives each worker its own.`,
    );
  const speed = speedOf(costs, workers, cores);
  // A thread's gap is the work of others on its behalf: where threads share cores in turns, it waits its turn as well.
  const gapMs = costs.gapMs * Math.max(1, workers / cores);
  const msOf = (count: number) => aloneMs(costs, count, 1) / speed + gapMs;
  const [usual, last] = [msOf(chunk), msOf(samples - chunk * (tasks - 1))];
  const { makespanMs } = simulate({
    seed: DEFAULT_SEED,
    workers,
    tasks,
    taskMs: (index) => (index === tasks - 1 ? last : usual),
    latencyMs: costs.latencyMs,
    perTaskMs: costs.handlingMs,
  });
  const efficiency = (samples * costs.sampleNs) / 1e6 / (makespanMs * workers);
  return { tasks, seconds: makespanMs / 1000, efficiency };
}

/** How many chunks there are. The last may be smaller. */
export function countChunks(samples: number, chunk: number): number {
  checkInteger('whatIf: samples', samples, 1, 'Give how many points there are.');
  checkInteger('whatIf: chunk', chunk, 1, 'Give how many points a task counts.');
  const tasks = Math.ceil(samples / chunk);
  if (tasks > 1e6)
    throw new InvalidArgumentError(
      `whatIf: ${tasks} tasks are more than can be simulated soon. Take chunks of ${Math.ceil(samples / 1e6)} or more.`,
    );
  return tasks;
}

/** Thread time that so many samples in so many tasks take on threads that are alone (ms). */
export function aloneMs({ taskMs, sampleNs }: Costs, samples: number, tasks: number): number {
  return tasks * taskMs + (samples * sampleNs) / 1e6;
}

/**
 * A thread's speed with `workers` of them at work, as a share of its speed alone: measured up to all threads, a straight
 * line between, and shared in turns where there are fewer cores than workers.
 */
export function speedOf(costs: Costs, workers: number, cores: number = costs.busy): number {
  const { aloneShare, busy } = costs;
  if (cores < workers) return (speedOf(costs, cores, cores) * cores) / workers;
  if (busy === 1 || workers >= busy) return aloneShare;
  return 1 - ((1 - aloneShare) * (workers - 1)) / (busy - 1);
}
