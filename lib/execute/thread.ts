// What a thread of threads.ts runs. Needs Node.
import { parentPort, workerData } from 'node:worker_threads';
import { move } from 'piscina';
import { toErrorRecord, type ErrorRecord } from '../errors.js';
import { clock } from '../task/executor.js';
import { loadOperations } from '../task/run-task.js';
import { runBatch } from './batch.js';
import type { SentBatch, Started, ThreadData } from './threads.js';

const { tasks, place } = workerData as ThreadData;
const operations = await loadOperations(tasks).catch(toErrorRecord);

/** Why this thread cannot run tasks, if it cannot. */
export function ready(): ErrorRecord | undefined {
  return operations instanceof Map ? undefined : (operations as ErrorRecord);
}

/** Runs a batch. */
export async function run({ number, batch, watched }: SentBatch): Promise<unknown> {
  if (watched) parentPort?.postMessage({ number, time: clock() } satisfies Started);
  const map = operations as Awaited<ReturnType<typeof loadOperations>>;
  const { answer, buffers } = await runBatch(batch, map, (at) => Atomics.store(place, 0, at));
  if (buffers.length === 0) return answer;
  const moved = { [Symbol.for('Piscina.transferable')]: buffers, [Symbol.for('Piscina.valueOf')]: answer };
  return move(moved as unknown as ArrayBuffer);
}
