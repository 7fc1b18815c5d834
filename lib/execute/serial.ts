// The executor with one worker: this thread. Stage 1 of the lesson, and the simplest reading of the contract.
import { ClosedError, TaskError, fromErrorRecord, toErrorRecord } from '../errors.js';
import { clock, type Executor, type RunOptions } from '../task/executor.js';
import { Run } from '../task/run.js';
import { loadOperations, runTask, type TaskOperation } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';
import { whileLoading } from './threads.js';

/** After this much work in one go, timers and signals get their turn (ms). */
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
  return new Serial(await whileLoading(tasks, loadOperations(tasks)));
}

class Serial implements Executor {
  readonly workers = 1;
  private closed = false;
  private readonly running = new Set<Run>();

  constructor(private readonly operations: ReadonlyMap<string, TaskOperation>) {}

  async run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    const run = new Run(tasks, options);
    this.running.add(run);
    void this.runAll(run);
    return run.result.finally(() => this.running.delete(run));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled([...this.running].map(({ result }) => result));
  }

  private async runAll(run: Run): Promise<void> {
    run.report({ type: 'joined', worker: HERE.worker, threads: 1, time: clock() });
    let lastBreath = clock();
    for (let drawn = run.draw(); drawn; drawn = run.draw()) {
      const start = clock();
      run.started(drawn, HERE, start);
      if (run.settled) return; // the caller's own code threw
      try {
        const value = await runTask(drawn.task, this.operations);
        const end = clock();
        run.finished(drawn, value, HERE, start, end, end);
      } catch (thrown) {
        const error = toErrorRecord(thrown);
        run.failed(drawn, HERE, error.message, new TaskError(drawn.task.key, fromErrorRecord(error)));
      }
      if (clock() - lastBreath < BREATH_MS) continue;
      await breathe();
      lastBreath = clock();
    }
  }
}

/** A turn of the event loop; a timer would wait 4 ms in a page. */
function breathe(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
