// A racer in a process of its own: its memory and CPU time are then its own, and it stays warm between its turns.
import { startClusterExecutor } from '../../lib/cluster/local.js';
import { toErrorRecord, type ErrorRecord } from '../../lib/errors.js';
import type { Estimate } from '../../lib/estimators/run.js';
import { STAGES } from '../../lib/estimators/stages.js';
import { startPool } from '../../lib/execute/pool.js';
import { startSerial } from '../../lib/execute/serial.js';
import { childrenCpuSeconds, childrenPeakMemoryBytes, peakMemoryBytes } from '../../lib/machine.js';
import { timeOnce } from '../measure/stopwatch.js';
import type { Executor, ExecutorEvent } from '../../lib/task/executor.js';

/** What the race tells its child: who it is, first; then each run. */
export type ToRacer =
  | {
      readonly stage: string;
      readonly workers: number;
      readonly seed: number | string;
      /** Whether somebody wants the events. */
      readonly watched: boolean;
    }
  | { readonly samples: number };

/** What the child tells: events of a run, where they are wanted; it is up, a run has ended, or why not. */
export type FromRacer =
  | { readonly type: 'events'; readonly events: readonly ExecutorEvent[] }
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
  const { stage, workers, seed, watched } = order;
  const start = EXECUTORS[stage] ?? ((count: number) => startPool({ workers: count }));
  const { value: executor, seconds: startupSeconds } = await timeOnce({ timed: start, given: [workers] });
  const estimate = await STAGES[stage]();
  const onEvent = watched ? (event: ExecutorEvent) => tellEvents(event) : undefined;
  run = async (samples) => {
    const others = stage === 'distributed' ? childrenCpuSeconds() : 0; // its workers are processes of their own
    const given = [samples, { seed, executor, onEvent }];
    told = performance.now(); // a short run tells its events when it is over
    const { value, cpuSeconds: own } = await timeOnce({ timed: estimate, given }).finally(() => {
      if (watched) tellEvents();
    });
    const peak = stage === 'distributed' ? childrenPeakMemoryBytes() : 0;
    if (others === undefined) return { type: 'ran', estimate: value };
    const cpuSeconds = own + (stage === 'distributed' ? (childrenCpuSeconds() ?? others) - others : 0);
    return { type: 'ran', estimate: value, cpuSeconds, peakBytes: peakMemoryBytes() + peak };
  };
  return { type: 'up', startupSeconds };
}

/** Events travel together, so often (ms). */
const EVENTS_MS = 100;
let events: ExecutorEvent[] = [];
let told: number;

/** Takes an event and, once in a while or without one, passes on what came. */
function tellEvents(event?: ExecutorEvent): void {
  if (event) events.push(event);
  if (event && performance.now() - told < EVENTS_MS) return;
  process.send?.({ type: 'events', events } satisfies FromRacer);
  [events, told] = [[], performance.now()];
}

process.on('message', (order: ToRacer) => {
  handle(order)
    .catch((error: unknown): FromRacer => ({ type: 'failed', error: toErrorRecord(error) }))
    .then((report) => process.send?.(report))
    .catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit()); // the race is over, or its process is gone
process.on('SIGINT', () => {}); // Ctrl-C reaches all of a terminal's processes; the race decides what ends
