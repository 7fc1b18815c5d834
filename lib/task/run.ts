// One call of run, the same for every executor: draws tasks, keeps values in order, reports events, settles once.
import { CancelledError, EstimatorError, InvalidArgumentError, show, toError } from '../errors.js';
import { clock, type ExecutorEvent, type RunOptions } from './executor.js';
import { takeTask, type Task, type Value } from './task.js';

/** The side of a run that a cluster's client sees; the simulation has another one behind it. */
export type RunFace = Pick<Run, 'draw' | 'started' | 'finished' | 'failed' | 'report' | 'fail'>;

/** A task that a run has drawn. */
export interface Drawn {
  readonly run: RunFace;
  /** Its number in the run, from 0: its value's index. */
  readonly index: number;
  readonly task: Task;
  /** The worker that has begun it. */
  worker?: string;
}

/** A thread of a worker. */
export interface Place {
  readonly worker: string;
  readonly thread: number;
}

/** Runs that have not settled. A kernel whose cell was interrupted ends them: nobody waits for them any more. */
const underWay = new Set<Run>();
export const endAllRuns = (): void =>
  underWay.forEach((run) =>
    run.fail(new EstimatorError('INTERRUPTED', 'the run was ended by an interrupt.')),
  );

/** The runs that a signal ends share one listener: Node warns of many, and looks through all of them for each. */
const endedBy = new WeakMap<AbortSignal, Set<Run>>();
function onAbort(this: AbortSignal): void {
  endedBy.get(this)?.forEach((run) => run.fail(new CancelledError()));
}

/**
 * A call of run. The executor draws tasks while it has room, and says what becomes of each: started, finished, failed.
 * What the caller's own code throws (iterable, callbacks) fails the run. Once settled, a run ignores what it is told.
 */
export class Run {
  readonly result: Promise<Value[]>;
  settled = false;
  private readonly source: Iterator<Task>;
  /** Unfinished tasks, and the objects that the caller gave for them. */
  private readonly open = new Map<Drawn, Task>();
  private readonly values: Value[] = [];
  private nextIndex = 0;
  private exhausted = false;
  private promises = 0; // that callbacks gave just now
  private resolve!: (values: Value[]) => void;
  private reject!: (reason: Error) => void;

  /**
   * @param onSettled called once, as the run settles: nothing more of it need be computed
   * @throws InvalidArgumentError where tasks or options are not what run takes
   */
  constructor(
    tasks: Iterable<Task>,
    private readonly options: RunOptions,
    private readonly onSettled: (run: Run) => void = () => {},
  ) {
    checkRun(tasks, options);
    this.result = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.result.catch(() => {}); // the caller hears of it
    this.source = tasks[Symbol.iterator]();
    if (typeof this.source?.next !== 'function') throw notTasks(this.source);
    underWay.add(this);
    const { signal } = options;
    if (!signal) return;
    endedBy.set(signal, (endedBy.get(signal) ?? new Set()).add(this));
    signal.addEventListener('abort', onAbort); // without effect where it listens already
    if (signal.aborted) onAbort.call(signal);
  }

  /** Somebody wants to hear when tasks start. */
  get watched(): boolean {
    return this.options.onEvent !== undefined;
  }

  /** The next task; undefined where there is none left, or the run has settled. */
  draw(): Drawn | undefined {
    let drawn: Drawn | undefined;
    if (!this.settled && !this.exhausted) this.guard(() => (drawn = this.drawNext()));
    return this.settled ? undefined : drawn;
  }

  private drawNext(): Drawn | undefined {
    this.exhausted = true; // do not close an iterable while its next() runs, or once it threw
    const { done, value: given } = this.source.next() as IteratorResult<Task, undefined>;
    this.exhausted = Boolean(done);
    if (this.settled)
      this.closeSource(); // the iterable itself has aborted the run
    else if (done) this.settleIfDone();
    if (this.settled || done) return undefined;
    const drawn: Drawn = { run: this, index: this.nextIndex++, task: takeTask(given) };
    this.open.set(drawn, given);
    this.tell({ type: 'queued', task: drawn.task.key, time: clock() });
    return drawn;
  }

  /** A thread has begun the task. Without effect where that is known already. */
  started(drawn: Drawn, { worker, thread }: Place, time: number): void {
    if (this.settled || drawn.worker !== undefined) return;
    drawn.worker = worker;
    this.guard(() => this.tell({ type: 'started', task: drawn.task.key, worker, thread, time }));
  }

  /** The task gave a value, which arrived at `time`. Without effect where it has one already. */
  finished(drawn: Drawn, value: Value, place: Place, start: number, end: number, time = clock()): void {
    if (!this.open.has(drawn)) return;
    this.started(drawn, place, start);
    const given = this.open.get(drawn);
    if (!given) return; // the caller's own code has ended the run
    this.open.delete(drawn);
    this.values[drawn.index] = value;
    const { worker, thread } = place;
    this.guard(() => {
      this.tell({ type: 'finished', task: drawn.task.key, worker, thread, start, end, time });
      this.failIfRejected(this.options.onResult?.(value, given, drawn.index));
      this.settleIfDone();
    });
  }

  /**
   * The task threw, or was lost with its thread.
   * @param failure what the run fails with; undefined where the task is tried again
   */
  failed(drawn: Drawn, place: Place, message: string, failure: Error | undefined): void {
    if (!this.open.has(drawn)) return;
    this.started(drawn, place, clock());
    const retried = failure === undefined;
    if (this.settled) return;
    drawn.worker = undefined;
    if (!retried) this.open.delete(drawn);
    const [{ worker, thread }, task] = [place, drawn.task.key];
    this.guard(() => this.tell({ type: 'failed', task, worker, thread, message, retried, time: clock() }));
    if (failure) this.fail(failure);
  }

  /** Reports an event of the executor itself: a worker that joined or left. */
  report(event: ExecutorEvent): void {
    if (!this.settled) this.guard(() => this.tell(event));
  }

  /** Ends the run: every unfinished task is dropped. The first failure counts. */
  fail(failure: unknown): void {
    if (this.settled) return;
    this.settle();
    this.guard(() => {
      for (const { task, worker } of this.open.keys())
        this.tell({ type: 'dropped', task: task.key, ...(worker && { worker }), time: clock() });
    });
    this.open.clear();
    this.closeSource();
    this.reject(toError(failure));
    this.onSettled(this);
  }

  private closeSource(): void {
    if (!this.exhausted) this.guard(() => this.source.return?.());
    this.exhausted = true;
  }

  private settleIfDone(): void {
    if (this.settled || !this.exhausted || this.open.size > 0 || this.promises > 0) return;
    this.settle();
    this.resolve(this.values);
    this.onSettled(this);
  }

  private settle(): void {
    this.settled = true;
    underWay.delete(this);
    const { signal } = this.options;
    const others = signal && endedBy.get(signal);
    others?.delete(this);
    if (others?.size === 0) signal?.removeEventListener('abort', onAbort);
  }

  private tell(event: ExecutorEvent): void {
    this.failIfRejected(this.options.onEvent?.(event));
  }

  /** An async callback fails the run by its promise. */
  private failIfRejected(returned: unknown): void {
    if (!(returned instanceof Promise)) return;
    returned.catch((error: unknown) => this.fail(error));
    this.promises++; // until one that has thrown already is heard, the run does not end well
    void Promise.resolve().then(() => this.promises-- === 1 && this.settleIfDone());
  }

  /** What the caller's own code throws fails the run, if it has not failed yet: the first reason counts. */
  private guard(callerCode: () => void): void {
    try {
      callerCode();
    } catch (error) {
      this.fail(error);
    }
  }
}

function checkRun(tasks: unknown, options: RunOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new InvalidArgumentError(`run: options must be an object, got ${show(options)}. Leave them out.`);
  const { signal, onEvent, onResult } = options;
  const isIterable = typeof (tasks as Iterable<Task> | undefined)?.[Symbol.iterator] === 'function';
  if (!isIterable || typeof tasks === 'string') throw notTasks(tasks);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidArgumentError(
      `run: signal must be an AbortSignal, got ${show(signal)}. Give it controller.signal, not the controller.`,
    );
  for (const [name, callback] of Object.entries({ onEvent, onResult }))
    if (callback !== undefined && typeof callback !== 'function')
      throw new InvalidArgumentError(`run: ${name} must be a function, got ${show(callback)}.`);
}

function notTasks(given: unknown): InvalidArgumentError {
  return new InvalidArgumentError(
    `run: tasks must be a list or a generator of tasks, got ${show(given)}. Collect those of an async generator first.`,
  );
}
