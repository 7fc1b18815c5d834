// A racer in a process of its own: its memory and CPU time are then its own, and it stays warm between its turns.
import { toErrorRecord, type ErrorRecord } from '../../lib/errors.js';
import { STAGES, type Estimate, type Stage, type StageOptions } from '../../lib/estimators/index.js';
import { startPool, startSerial } from '../../lib/execute/index.js';
import type { Executor } from '../../lib/task/index.js';
import { childrenCpuSeconds, childrenPeakMemoryBytes, peakMemoryBytes } from '../measure/memory.js';
import { timeOnce } from '../measure/stopwatch.js';
import { OF_TERMINAL, whenOrphaned } from './interrupt.js';

/** Messages from the race to its child: first its racer, then each run. */
export type ToRacer =
  | {
      readonly stage: string;
      readonly workers: number;
      readonly seed: number | string;
    }
  | { readonly samples: number };

/** What the child tells: it is up, a run has ended, or why not. */
export type FromRacer =
  | { readonly type: 'up'; readonly startupSeconds: number }
  | {
      readonly type: 'ran';
      readonly estimate: Estimate;
      readonly cpuSeconds?: number;
      readonly peakBytes?: number;
    }
  | { readonly type: 'failed'; readonly error: ErrorRecord };

const EXECUTORS: { readonly [stage: string]: (workers: number) => Promise<Executor> } = {
  serial: () => startSerial(),
  // Loaded only here: its packages are no part of the others' memory.
  distributed: async (workers) =>
    (await import('../../lib/cluster/index.js')).startClusterExecutor({ workers }),
};

let estimate: Stage;
let options: StageOptions;
/** Whether the racer's workers are processes of their own. */
let cluster: boolean;

async function handle(order: ToRacer): Promise<FromRacer> {
  if ('samples' in order) return run(order.samples);
  const { stage, workers, seed } = order;
  const start = EXECUTORS[stage] ?? ((count: number) => startPool({ workers: count }));
  const { value: executor, seconds } = await timeOnce(() => start(workers));
  estimate = await STAGES[stage]();
  cluster = stage === 'distributed';
  options = { seed, executor };
  return { type: 'up', startupSeconds: seconds };
}

/** CPU time and memory are those of this process and of a cluster's. */
async function run(samples: number): Promise<FromRacer> {
  const before = cluster ? childrenCpuSeconds() : 0;
  const timing = await timeOnce(() => estimate(samples, options));
  const after = cluster ? childrenCpuSeconds() : 0;
  if (before === undefined || after === undefined) return { type: 'ran', estimate: timing.value };
  const cpuSeconds = timing.cpuSeconds + after - before;
  const peakBytes = peakMemoryBytes() + (cluster ? childrenPeakMemoryBytes() : 0);
  return { type: 'ran', estimate: timing.value, cpuSeconds, peakBytes };
}

process.on('message', (order: ToRacer) => {
  handle(order)
    .catch((error: unknown): FromRacer => ({ type: 'failed', error: toErrorRecord(error) }))
    .then((report) => process.send?.(report))
    .catch(() => process.exit(1));
});
whenOrphaned(() => process.exit()); // the race is over, or its process is gone
for (const signal of OF_TERMINAL) process.on(signal, () => {}); // the race decides what ends
