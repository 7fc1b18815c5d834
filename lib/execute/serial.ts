// The executor with one worker: this thread. Stage 1 of the lesson, and the simplest reading of the contract.
import { setImmediate as breathe } from 'node:timers/promises';
import { CancelledError, ClosedError, TaskError } from '../errors.js';
import { clock, type Executor, type RunOptions } from '../task/executor.js';
import { checkTask, loadOperations, runTask, type TaskOperation } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';

/** After so much work in one go, timers and signals get their turn (ms). */
const BREATH_MS = 20;
const HERE = { worker: 'local', thread: 0 };

/** What a local executor may be given. */
export interface LocalOptions {
  /** File URLs of task modules: each function they export is an operation (see task/run-task.ts). */
  readonly tasks?: readonly string[];
}

/**
 * Starts an executor that runs every task in the caller's own thread.
 * @throws InvalidArgumentError where a task module cannot be loaded
 */
export async function startSerial({ tasks }: LocalOptions = {}): Promise<Executor> {
  return new SerialExecutor(await loadOperations(tasks));
}

class SerialExecutor implements Executor {
  readonly workers = 1;
  private closed = false;
  private readonly underWay = new Set<Promise<Value[]>>();

  constructor(private readonly operations: ReadonlyMap<string, TaskOperation>) {}

  async run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    const run = this.runAll(tasks, options);
    this.underWay.add(run);
    return run.finally(() => this.underWay.delete(run));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.underWay);
  }

  private async runAll(tasks: Iterable<Task>, { signal, onEvent, onResult }: RunOptions): Promise<Value[]> {
    const values: Value[] = [];
    let lastBreath = clock();
    for (const task of tasks) {
      if (clock() - lastBreath >= BREATH_MS) {
        await breathe();
        lastBreath = clock();
      }
      if (signal?.aborted) throw new CancelledError();
      checkTask(task);
      onEvent?.({ type: 'queued', task: task.key, time: clock() });
      const start = clock();
      onEvent?.({ type: 'started', task: task.key, ...HERE, time: start });
      const value = await this.attempt(task, onEvent);
      const end = clock();
      onEvent?.({ type: 'finished', task: task.key, ...HERE, start, end, time: end });
      values.push(value);
      onResult?.(value, task, values.length - 1);
    }
    if (signal?.aborted) throw new CancelledError();
    return values;
  }

  private async attempt(task: Task, onEvent: RunOptions['onEvent']): Promise<Value> {
    try {
      return await runTask(task, this.operations);
    } catch (thrown) {
      const cause =
        thrown instanceof Error ? thrown : new Error(`threw a value that is not an Error: ${String(thrown)}`);
      onEvent?.({
        type: 'failed',
        task: task.key,
        ...HERE,
        message: cause.message,
        retried: false,
        time: clock(),
      });
      throw new TaskError(task.key, cause);
    }
  }
}
