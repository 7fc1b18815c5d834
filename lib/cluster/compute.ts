// What a worker computes with, as far as the cluster knows: executors with one thread each, whoever made them.
import { TaskError, WorkerLostError, toErrorRecord, type ErrorRecord } from '../errors.js';
import type { Executor, ExecutorEvent } from '../task/executor.js';
import type { Task, Value } from '../task/task.js';

/** How a batch ended: the values of its first tasks, in order, and what became of the one after them. */
export interface BatchEnd {
  readonly values: readonly Value[];
  /** Start and end of each, on the thread's clock. */
  readonly times: readonly number[];
  readonly error?: ErrorRecord;
  /** The thread ended while it ran task number `at`. */
  readonly lost?: { readonly at: number; readonly ended: string };
  /** The signal stopped it. */
  readonly stopped?: boolean;
}

/**
 * Runs a batch on an executor with one thread: one run for all its tasks, because a run each costs ten times as much.
 * Never rejects.
 * @param onStarted called when the thread begins the first task
 * @param signal aborting it ends the batch soon, the thread with it if need be
 */
export async function runBatch(
  executor: Executor,
  tasks: readonly Task[],
  onStarted: (time: number) => void,
  signal: AbortSignal,
): Promise<BatchEnd> {
  const values: Value[] = [];
  const times: number[] = [];
  const onEvent = (event: ExecutorEvent) => {
    if (event.type === 'started' && values.length === 0) onStarted(event.time);
    if (event.type === 'finished') times.push(event.start, event.end);
  };
  try {
    const onResult = (value: Value) => values.push(value);
    await executor.run(tasks, { signal, onEvent, onResult });
    return { values, times };
  } catch (failure) {
    if (signal.aborted) return { values, times, stopped: true };
    if (failure instanceof WorkerLostError) {
      const at = tasks.findIndex(({ key }, index) => index >= values.length && key === failure.key);
      return { values, times, lost: { at: Math.max(at, values.length), ended: failure.ended.join('; ') } };
    }
    return { values, times, error: toErrorRecord(failure instanceof TaskError ? failure.cause : failure) };
  }
}
