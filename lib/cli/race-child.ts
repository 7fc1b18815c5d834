// A racer in a process of its own: its memory and CPU time are then its own, and it stays warm between its turns.
import { startClusterExecutor } from '../cluster/local.js';
import { toErrorRecord, type ErrorRecord } from '../errors.js';
import type { Estimate } from '../estimators/run.js';
import { STAGES } from '../estimators/stages.js';
import { startPool } from '../execute/pool.js';
import { startSerial } from '../execute/serial.js';
import { peakMemoryBytes } from '../machine.js';
import { timeOnce } from '../measure/stopwatch.js';
import type { Executor } from '../task/executor.js';

/** What the race tells its child: who it is, first; then each run. */
export type ToRacer =
  | { readonly stage: string; readonly workers: number; readonly seed: number | string }
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
  distributed: (workers) => startClusterExecutor({ workers }),
};

let run: (samples: number) => Promise<FromRacer>;

async function handle(order: ToRacer): Promise<FromRacer> {
  if ('samples' in order) return run(order.samples);
  const { stage, workers, seed } = order;
  const start = EXECUTORS[stage] ?? ((count: number) => startPool({ workers: count }));
  const { value: executor, seconds: startupSeconds } = await timeOnce({ timed: start, given: [workers] });
  const estimate = await STAGES[stage]();
  const alone = stage !== 'distributed'; // its workers' CPU time and memory are not this process's
  run = async (samples) => {
    const { value, cpuSeconds } = await timeOnce({ timed: estimate, given: [samples, { seed, executor }] });
    return { type: 'ran', estimate: value, ...(alone ? { cpuSeconds, peakBytes: peakMemoryBytes() } : {}) };
  };
  return { type: 'up', startupSeconds };
}

process.on('message', (order: ToRacer) => {
  handle(order)
    .catch((error: unknown): FromRacer => ({ type: 'failed', error: toErrorRecord(error) }))
    .then((report) => process.send?.(report))
    .catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit()); // the race is over, or its process is gone
process.on('SIGINT', () => {}); // Ctrl-C reaches all of a terminal's processes; the race decides what ends
