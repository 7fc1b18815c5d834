// How many tasks travel together: few while nothing is known of them, then as many as make a batch worth its message.
import type { Batch, Entry, Run, Worker } from './records.js';

/** Small tasks travel together, so that a batch takes about this long and messages cost little beside it (ms). */
const BATCH_MS = 10;
/**
 * A few tasks may take so long together (ms): beside threads that compute, a batch wakes four processes that were asleep,
 * which costs them 2 to 3 ms of CPU time. No more than FEW, since all of a batch are suspects where its worker is lost.
 */
const FEW_MS = 100;
const FEW = 32;
const MOST_IN_BATCH = 500;
const BATCH_BYTES = 16 * 2 ** 20;

/**
 * Takes the tasks of a batch from a run and, where it has too few, from other runs of its kind.
 * @param threads those of all workers
 */
export function drawBatch(worker: Worker, run: Run, threads: number): Entry[] {
  const { pace, client } = run;
  const [suspect] = worker.suspects === 0 ? run.queue.takeSuspect() : [];
  if (suspect) return [suspect];
  // Near the end batches get smaller, so that all threads finish at about the same time.
  const fair = Math.max(1, Math.floor(pace.queued / (4 * threads)));
  const most = Math.min(Math.max(run.batchSize, pace.batchSize), fair);
  const tasks = run.queue.take(Math.min(run.batchSize, most), BATCH_BYTES);
  for (const other of client.waiting) {
    if (tasks.length >= most || run.queue.ordinary > 0) break;
    if (other === run || other.pace !== pace) continue;
    tasks.push(
      ...other.queue.take(Math.min(other.batchSize, most - tasks.length), BATCH_BYTES / MOST_IN_BATCH),
    );
  }
  return tasks;
}

/** Batches double until they take as long as they may, or longer where a message takes long to this worker. */
export function learnSize(batch: Batch, meanMs: number): void {
  const lasting = (ms: number) => Math.round(Math.max(ms, 2 * batch.worker.rttMs) / Math.max(meanMs, 1e-6));
  const aim = Math.max(1, lasting(BATCH_MS), Math.min(FEW, lasting(FEW_MS)));
  const learn = (known: { batchSize: number }) =>
    (known.batchSize = Math.min(MOST_IN_BATCH, 2 * known.batchSize, aim));
  learn(batch.tasks[0].run.pace);
  for (const run of runsOf(batch)) learn(run);
}

/** The runs whose tasks are in a batch. */
export function runsOf({ tasks }: Batch): Iterable<Run> {
  const [{ run }] = tasks;
  return tasks.length === 1 || tasks.every((task) => task.run === run)
    ? [run]
    : new Set(tasks.map((task) => task.run));
}
