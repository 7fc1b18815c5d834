// A client's call of run while it is under way: its promise, and what its caller hears meanwhile.
import { TaskError, WorkerLostError, fromErrorRecord } from '../errors.js';
import { clock, type ExecutorEvent, type RunOptions } from '../task/executor.js';
import type { Value } from '../task/task.js';
import type { ClientRun } from './client-run.js';
import type { FromScheduler } from './protocol.js';

/** One call of run that is under way. */
export class OpenRun {
  readonly result: Promise<Value[]>;
  ended = false;
  private readonly values: Value[] = [];
  private readonly announced = new Set<number>();
  private resolve!: (values: Value[]) => void;
  private reject!: (failure: unknown) => void;

  constructor(
    readonly tasks: ClientRun,
    private readonly options: RunOptions,
  ) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get number(): number {
    return this.tasks.number;
  }

  tell(event: ExecutorEvent): void {
    this.options.onEvent?.(event);
  }

  settle(failure: unknown): void {
    this.ended = true;
    if (failure === undefined) this.resolve(this.values);
    else this.reject(failure);
  }

  /** Takes what the scheduler says of a task; gives the failure, where it ends the run. */
  hear(message: FromScheduler & { op: 'started' | 'failed' }): Error | undefined {
    const task = this.tasks.find(message.index);
    if (!task) return undefined;
    const { worker, thread } = message;
    if (message.op === 'started') {
      this.announced.add(message.index);
      this.tell({ type: 'started', task: task.key, worker, thread, time: message.time });
      return undefined;
    }
    const { retried, error, ended = [] } = message;
    const text = error?.message ?? ended[ended.length - 1] ?? '';
    const [key, time] = [task.key, clock()];
    // When a task began that failed later than first in its batch, nobody says.
    if (!this.announced.delete(message.index))
      this.tell({ type: 'started', task: key, worker, thread, time });
    this.tell({ type: 'failed', task: key, worker, thread, message: text, retried, time });
    if (retried) return undefined;
    return error
      ? new TaskError(task.key, fromErrorRecord(error))
      : new WorkerLostError(task.key, ended.length, ended);
  }

  /** Takes a result, unless its task has one already. */
  finished(
    index: number,
    value: Value,
    at: { worker: string; thread: number; start: number; end: number; time: number },
  ): void {
    const task = this.tasks.accept(index);
    if (!task) return;
    if (!this.announced.delete(index))
      this.tell({ type: 'started', task: task.key, worker: at.worker, thread: at.thread, time: at.start });
    this.values[index] = value;
    this.tell({ type: 'finished', task: task.key, ...at });
    this.options.onResult?.(value, task, index);
  }
}
