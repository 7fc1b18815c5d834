// What if there were more workers, or other chunks? The scheduler's own decisions, simulated with costs measured here.
import { simulate } from '../cluster/simulation.js';
import { InvalidArgumentError, checkInteger } from '../errors.js';
import { countTasks } from '../estimators/run.js';
import { partition } from '../sampling/partition.js';
import { DEFAULT_SEED, keyOfSeed } from '../sampling/seed.js';
import type { Executor, RunOptions } from '../task/executor.js';
import type { Kernel, Task } from '../task/task.js';
import { range } from './laws.js';
import { measureAloneShare } from './ledger.js';

/** What work costs on a machine, as measured by measureCosts. */
export interface Costs {
  /** A sample, on a thread that is alone (ns), and what each task takes beside its samples (ms). */
  readonly sampleNs: number;
  readonly taskMs: number;
  /** How fast a thread is with `busy` threads at work, as a share of its rate alone. */
  readonly aloneShare: number;
  readonly busy: number;
  /** What a message is under way (ms), and what each task costs the one thread that hands out and collects (ms). */
  readonly latencyMs: number;
  readonly handlingMs: number;
}

/** A question, and the number of cores that the workers share: those measured, unless said otherwise. */
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

const TINY = { tasks: 4000, alone: 40 };

/**
 * Measures what predictions need, in a few seconds: small and large tasks alone, one for each thread at once, a round
 * trip, and many small tasks.
 * @param executor with as many workers as cores; with one worker nothing can be said of cores that are shared
 */
export async function measureCosts(executor: Executor, kernel: Kernel = 'simd'): Promise<Costs> {
  const [small, large] = [1e4, kernel === 'simd' ? 2e7 : 5e6];
  const of = (samples: number) => (i: number) => ({
    ...tasksOf(executor, samples, samples, kernel)[0],
    key: `probe-${samples}-${i}`,
  });
  await executor.run(
    Array.from({ length: 4 * executor.workers }, (_, i) => of(large)(i)),
    {},
  ); // compile everywhere
  const smallMs = await aloneMs(executor, of(small), TINY.alone);
  const largeMs = await aloneMs(executor, of(large), TINY.alone / 2);
  const sampleNs = (1e6 * (largeMs.busy - smallMs.busy)) / (large - small);
  const taskMs = Math.max(0, smallMs.busy - (small * sampleNs) / 1e6);
  const many = Array.from({ length: TINY.tasks }, (_, i) => of(1)(i));
  const bursts: number[] = [];
  for (let burst = 0; burst < 3; burst++) bursts.push(await secondsOf(executor, many));
  const burstMs = (1000 * range(bursts).median) / TINY.tasks;
  return {
    sampleNs,
    taskMs,
    aloneShare: await measureAloneShare(executor, of(large)),
    busy: executor.workers,
    // A round trip is four messages: submitted, assigned, done, finished.
    latencyMs: Math.max(0.001, smallMs.way / 4),
    // Handing out and collecting are booked apart. What the workers' own time explains is not the collector's.
    handlingMs: burstMs > taskMs / executor.workers ? burstMs / 2 : 0,
  };
}

/**
 * Predicts a run by simulating the scheduler.
 * @throws InvalidArgumentError for samples, chunk or workers that cannot be meant, or more than a million tasks
 */
export function whatIf(costs: Costs, { samples, chunk, workers, cores = costs.busy }: WhatIf): Prediction {
  checkInteger('whatIf: samples', samples, 1, 'Give how many points there are.');
  checkInteger('whatIf: chunk', chunk, 1, 'Give how many points a task counts.');
  checkInteger('whatIf: workers', workers, 1, 'Up to 10 000 can be simulated.', 10_000);
  const tasks = Math.ceil(samples / chunk);
  if (tasks > 1e6)
    throw new InvalidArgumentError(
      `whatIf: ${tasks} tasks are more than can be simulated soon. Take chunks of ${Math.ceil(samples / 1e6)} or more.`,
    );
  const speed = speedOf(costs, workers, cores);
  const msOf = (count: number) => (costs.taskMs + (count * costs.sampleNs) / 1e6) / speed;
  const [usual, last] = [msOf(chunk), msOf(samples - chunk * (tasks - 1))];
  const { makespanMs } = simulate({
    seed: DEFAULT_SEED,
    workers,
    tasks,
    taskMs: (index) => (index === tasks - 1 ? last : usual),
    latencyMs: costs.latencyMs,
    perTaskMs: costs.handlingMs,
  });
  return {
    tasks,
    seconds: makespanMs / 1000,
    efficiency: (samples * costs.sampleNs) / 1e6 / (makespanMs * workers),
  };
}

/** A prediction beside a real run. `error` is the prediction's, as a share of what was measured. */
export interface Checked extends Prediction {
  readonly measured: number;
  readonly error: number;
}

/** Predicts a run on this executor, then runs it. */
export async function checkWhatIf(
  executor: Executor,
  costs: Costs,
  samples: number,
  chunk: number,
  kernel: Kernel = 'simd',
): Promise<Checked> {
  const prediction = whatIf(costs, { samples, chunk, workers: executor.workers });
  const measured = await secondsOf(executor, tasksOf(executor, samples, chunk, kernel));
  return { ...prediction, measured, error: prediction.seconds / measured - 1 };
}

/** A thread's speed with `workers` of them at work: measured up to all cores, and shared in turns beyond. */
function speedOf(costs: Costs, workers: number, cores: number): number {
  const { aloneShare, busy } = costs;
  if (cores < workers) return (speedOf(costs, cores, cores) * cores) / workers;
  if (busy === 1 || workers >= busy) return aloneShare;
  return 1 - ((1 - aloneShare) * (workers - 1)) / (busy - 1);
}

async function aloneMs(
  executor: Executor,
  task: (i: number) => Task,
  rounds: number,
): Promise<{ readonly busy: number; readonly way: number }> {
  const [busy, way] = [[] as number[], [] as number[]];
  for (let i = 0; i < rounds; i++) {
    let ran = 0;
    const seconds = await secondsOf(executor, [task(i)], {
      onEvent: (event) => {
        if (event.type === 'finished') ran = event.end - event.start;
      },
    });
    busy.push(ran);
    way.push(1000 * seconds - ran);
  }
  // A long run takes the mean of its tasks, slow ones included; a message's way is seldom held up.
  return { busy: busy.reduce((sum, ms) => sum + ms, 0) / rounds, way: range(way).median };
}

async function secondsOf(
  executor: Executor,
  tasks: Iterable<Task>,
  options: RunOptions = {},
): Promise<number> {
  const began = performance.now();
  await executor.run(tasks, options);
  return (performance.now() - began) / 1000;
}

function tasksOf(executor: Executor, samples: number, chunk: number, kernel: Kernel): Task[] {
  const context = { executor, key: keyOfSeed(DEFAULT_SEED), kernel, watch: {} };
  return [...countTasks(context, partition(samples, Math.ceil(samples / chunk)))];
}
