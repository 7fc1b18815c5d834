// What work costs on this machine, measured in a second or two: what predictions and the ledger are told.
import { checkInteger } from '../../lib/errors.js';
import { countTasks } from '../../lib/estimators/run.js';
import type { Part } from '../../lib/sampling/partition.js';
import { DEFAULT_SEED, keyOfSeed } from '../../lib/sampling/seed.js';
import { simulate } from '../../lib/simulation/simulation.js';
import type { Executor, ExecutorEvent } from '../../lib/task/executor.js';
import type { Kernel, Task } from '../../lib/task/task.js';
import { range } from './laws.js';

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
  /** What a message is under way (ms), and what each task costs the one thread that hands out and collects (ms). */
  readonly latencyMs: number;
  readonly handlingMs: number;
}

/** How to measure: with which kernel, and how many rounds of probes, of 150 ms each. */
export interface ProbeOptions {
  readonly kernel?: Kernel;
  readonly rounds?: number;
}

/** Samples of the probes' tasks: large ones take some 15 ms, so that all else in them is nothing; small ones are mostly all else. */
const LARGE: { readonly [kernel in Kernel]: number } = { simd: 2e7, reference: 5e6 };
const SMALL = 1e4;
/** Tasks of each kind in a round; so many small ones that the growing of batches in the beginning is little of it. */
const ALONE = 3;
const LARGE_PER_THREAD = 3;
const SMALL_PER_THREAD = 1000;
/** Small tasks begin so far apart: anywhere in their blocks, as the chunks of a real run do. */
const APART = 99_991;

/**
 * Measures what predictions need. Its probes take turns, so that a slow moment of the machine meets all of them, and
 * means are taken, since a long run meets fast moments and slow ones.
 * @param executor with as many workers as cores; with one worker nothing can be said of cores that are shared
 * @throws InvalidArgumentError for invalid rounds; what the executor throws
 */
export async function measureCosts(
  executor: Executor,
  { kernel = 'simd', rounds = 6 }: ProbeOptions = {},
): Promise<Costs> {
  checkInteger('measureCosts: rounds', rounds, 1, 'Six are enough.');
  const { workers } = executor;
  const tasks = (count: number, samples: number, apart = samples) =>
    tasksOf(
      Array.from({ length: count }, (_, i) => ({ start: i * apart, samples })),
      kernel,
    );
  const large = tasks(LARGE_PER_THREAD * workers, LARGE[kernel]);
  const small = tasks(SMALL_PER_THREAD * workers, SMALL, APART);
  const empty = tasks(SMALL_PER_THREAD * workers, 1, 0);
  await executor.run(large); // compiled everywhere
  const busy = { alone: [] as number[], together: [] as number[], small: [] as number[] };
  const wall = { small: [] as number[], empty: [] as number[], one: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < ALONE; i++) busy.alone.push(await busyMs(executor, large.slice(0, 1)));
    busy.together.push(await busyMs(executor, large));
    busy.small.push(await busyMs(executor, small));
    // Without events, which cost the thread that hands out: a run that nobody watches is predicted.
    wall.small.push(await wallMs(executor, small));
    wall.empty.push(await wallMs(executor, empty));
    wall.one.push(await wallMs(executor, empty.slice(0, 1)));
  }
  const sampleNs = (1e6 * mean(busy.alone)) / LARGE[kernel];
  const aloneShare = workers === 1 ? 1 : mean(busy.alone) / mean(busy.together);
  const costs = {
    sampleNs,
    taskMs: Math.max(0, mean(busy.small) * aloneShare - (SMALL * sampleNs) / 1e6),
    gapMs: 0,
    aloneShare,
    busy: workers,
    // A round trip is four messages: submitted, assigned, done, finished. Seldom is one held up, so the median is taken.
    latencyMs: range(wall.one).median / 4,
    // Handing out and collecting are booked apart.
    handlingMs: mean(wall.empty) / empty.length / 2,
  };
  const predicted = makespanMs(costs, { samples: SMALL * small.length, chunk: SMALL, workers });
  return { ...costs, gapMs: Math.max(0, ((mean(wall.small) - predicted) * workers) / small.length) };
}

/** A run, and the number of cores that its workers share: those measured, unless said otherwise. */
export interface WhatIf {
  readonly samples: number;
  readonly chunk: number;
  readonly workers: number;
  /** Infinity: each worker has its core, as on a cluster of such machines. */
  readonly cores?: number;
}

/** How long a run takes by the scheduler's own decisions, simulated (ms). */
export function makespanMs(costs: Costs, { samples, chunk, workers, cores = costs.busy }: WhatIf): number {
  const tasks = Math.ceil(samples / chunk);
  const speed = speedOf(costs, workers, cores);
  // A thread's gap is the work of others on its behalf: where threads share cores in turns, it waits its turn as well.
  const gapMs = costs.gapMs * Math.max(1, workers / cores);
  const msOf = (count: number) => aloneMs(costs, count, 1) / speed + gapMs;
  const [usual, last] = [msOf(chunk), msOf(samples - chunk * (tasks - 1))];
  return simulate({
    seed: DEFAULT_SEED,
    workers,
    tasks,
    taskMs: (index) => (index === tasks - 1 ? last : usual),
    latencyMs: costs.latencyMs,
    perTaskMs: costs.handlingMs,
  }).makespanMs;
}

/** The mean of costs that were measured before and after something: what held meanwhile, if the machine drifts. */
export function meanCosts(all: readonly Costs[]): Costs {
  const of = (name: string) => [name, mean(all.map((costs) => costs[name as keyof Costs]))];
  return Object.fromEntries(Object.keys(all[0]).map(of)) as Costs;
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

/** One task for each part, under the lesson's seed. */
export function tasksOf(parts: Iterable<Part>, kernel: Kernel = 'simd'): Task[] {
  const context = { key: keyOfSeed(DEFAULT_SEED), kernel };
  return Array.from(countTasks(context, parts), (task, i) => ({ ...task, key: `count-${i}` }));
}

/** The mean time that the tasks of a run took on their threads (ms). */
async function busyMs(executor: Executor, tasks: readonly Task[]): Promise<number> {
  let busy = 0;
  const onEvent = (event: ExecutorEvent) => {
    if (event.type === 'finished') busy += event.end - event.start;
  };
  await executor.run(tasks, { onEvent });
  return busy / tasks.length;
}

/** How long a run took (ms). */
export async function wallMs(executor: Executor, tasks: readonly Task[]): Promise<number> {
  const began = performance.now();
  await executor.run(tasks);
  return performance.now() - began;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
