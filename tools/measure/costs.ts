// Measures in a second or two what work costs on this machine, and holds predictions against real runs.
import { checkInteger } from '../../lib/errors.js';
import { countTasks } from '../../lib/estimators/index.js';
import { DEFAULT_SEED, keyOfSeed, type Part } from '../../lib/sampling/index.js';
import type { Executor, ExecutorEvent, Kernel, Task } from '../../lib/task/index.js';
import { range } from './laws.js';
import { countChunks, whatIf, type Costs } from './what-if.js';

/** How to measure: with which kernel, and how many rounds of probes, of 150 ms each. */
export interface ProbeOptions {
  readonly kernel?: Kernel;
  readonly rounds?: number;
}

/** Samples in the probes' tasks: large ones take some 15 ms, so that all else in them is nothing; small ones are mostly all else. */
const LARGE: { readonly [kernel in Kernel]: number } = { simd: 2e7, reference: 5e6 };
const SMALL = 1e4;
/** Tasks of each kind in a round; so many small ones that the growing of batches in the beginning is little of it. */
const ALONE = 3;
const LARGE_PER_THREAD = 3;
const SMALL_PER_THREAD = 1000;
/** Small tasks begin so far apart: anywhere in their blocks, as the chunks of a real run do. */
const APART = 99_991;

/**
 * Measures what predictions need.
 * @param executor with as many workers as cores; with one worker nothing can be said of cores that are shared
 * @throws InvalidArgumentError for invalid rounds; what the executor throws
 */
export async function measureCosts(
  executor: Executor,
  { kernel = 'simd', rounds = 6 }: ProbeOptions = {},
): Promise<Costs> {
  checkInteger('measureCosts: rounds', rounds, 1, 'Six are enough.');
  const { workers } = executor;
  const tasks = SMALL_PER_THREAD * workers;
  const { busy, wall } = await probe(executor, kernel, rounds);
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
    handlingMs: mean(wall.empty) / tasks / 2,
  };
  const predictedMs = whatIf(costs, { samples: SMALL * tasks, chunk: SMALL, workers }).seconds * 1000;
  return { ...costs, gapMs: Math.max(0, ((mean(wall.small) - predictedMs) * workers) / tasks) };
}

/**
 * The probes take turns, so that a slow moment of the machine meets all of them. Their means are used, since a long run
 * meets fast moments and slow ones. `busy` is what a task takes on its thread, `wall` what a run takes (ms).
 */
async function probe(executor: Executor, kernel: Kernel, rounds: number) {
  const tasks = (perThread: number, samples: number, apart: number) => {
    const starts = Array.from({ length: perThread * executor.workers }, (_, i) => i * apart);
    return tasksOf(
      starts.map((start) => ({ start, samples })),
      kernel,
    );
  };
  const large = tasks(LARGE_PER_THREAD, LARGE[kernel], LARGE[kernel]);
  const small = tasks(SMALL_PER_THREAD, SMALL, APART);
  const empty = tasks(SMALL_PER_THREAD, 1, 0);
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
  return { busy, wall };
}

/** The mean of costs that were measured before and after something: what held meanwhile, if the machine drifts. */
export function meanCosts(all: readonly Costs[]): Costs {
  const of = (name: string) => [name, mean(all.map((costs) => costs[name as keyof Costs]))];
  return Object.fromEntries(Object.keys(all[0]).map(of)) as Costs;
}

/** What to check: a run on an executor, with costs measured on it or on another one. */
export interface CheckOptions extends ProbeOptions {
  readonly samples: number;
  readonly chunk: number;
  readonly repeats?: number;
  /** One with as many workers as cores (default: the executor itself). */
  readonly costsOf?: Executor;
}

/** Runs and their predictions. `error` is a prediction's, as a share of what was measured. */
export interface Checked {
  readonly runs: { predicted: number; measured: number; error: number; costs: Costs }[];
  /** The median size of the errors. */
  readonly medianError: number;
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
  const runs: Checked['runs'] = [];
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
async function wallMs(executor: Executor, tasks: readonly Task[]): Promise<number> {
  const began = performance.now();
  await executor.run(tasks);
  return performance.now() - began;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
