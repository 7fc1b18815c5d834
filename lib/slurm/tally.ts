// What is done of a run: reads results as they appear in its folder, and tells of them as events.
import { CancelledError, TaskError, fromErrorRecord } from '../errors.js';
import { clock, type ExecutorEvent, type RunOptions } from '../task/executor.js';
import type { Value } from '../task/task.js';
import { AliveFile } from './alive-file.js';
import type { Outcome, Range, RunDirectory } from './run-directory.js';
import { TaskReader } from './task-file.js';

const [WAITING, STARTED, DONE] = [0, 1, 2];

export class Tally {
  /** By the task's number; whole when nothing is open. */
  readonly values: Value[] = [];
  private readonly marks: Uint8Array;
  private done = 0;
  private readonly heard = new Set<string>(); // names of files that have been read, and of workers that have joined
  private readonly places = new Map<string, string>(); // element -> the worker's name in events
  private readonly tasks: TaskReader;

  constructor(
    private readonly run: RunDirectory,
    total: number,
    private readonly options: RunOptions = {},
  ) {
    this.marks = new Uint8Array(total);
    this.tasks = new TaskReader(run);
  }

  /** How many tasks have no result. */
  get open(): number {
    return this.marks.length - this.done;
  }

  /** Tells that each task is queued: to somebody who did not see them written. */
  tellQueued(): void {
    for (let i = 0; this.options.onEvent && i < this.marks.length; i++)
      this.tell({ type: 'queued', task: this.tasks.read(i).key, time: clock() });
  }

  /**
   * Takes what has appeared in the folder since the last look.
   * @throws TaskError where a task threw; CancelledError where the signal aborts between two results
   */
  collect(): void {
    for (const name of AliveFile.names(this.run)) {
      if (this.heard.has(name)) continue;
      const alive = AliveFile.read(this.run, name);
      this.heard.add(name);
      if (alive) this.begin(alive.task, this.placeOf(name, alive.host), alive.time);
    }
    for (const name of this.run.segments()) {
      if (this.heard.has(name)) continue;
      this.heard.add(name);
      const { first, host, outcomes } = this.run.readSegment(name);
      const element = name.split('-').slice(0, 2).join('-');
      for (const [i, outcome] of outcomes.entries()) {
        if (this.options.signal?.aborted) throw new CancelledError();
        this.take(first + i, outcome, this.placeOf(element, host));
      }
    }
  }

  /** The stretches of a range that have no result. */
  missing([first, end]: Range): Range[] {
    const found: Range[] = [];
    for (let task = first; task < end; task++) {
      if (this.marks[task] === DONE) continue;
      const from = task;
      while (task < end && this.marks[task] !== DONE) task++;
      found.push([from, task]);
    }
    return found;
  }

  /** The task that an element ran last, where it has begun and that task has no result. */
  runningOn(element: string): number | undefined {
    const task = AliveFile.read(this.run, element)?.task;
    return task !== undefined && this.marks[task] !== DONE ? task : undefined;
  }

  /** A task's element was lost; tells so and gives the task's key. */
  lose(task: number, element: string, node: string, message: string, retried: boolean): string {
    const { key } = this.tasks.read(task);
    const worker = this.places.get(element) ?? (node || 'no node');
    this.begin(task, worker, clock()); // where it began and was lost between two looks
    this.marks[task] = WAITING;
    this.tell({ type: 'failed', task: key, worker, thread: 0, message, retried, time: clock() });
    return key;
  }

  /** An element is over: its place is free for another one. */
  free(element: string): void {
    this.places.delete(element);
  }

  close(): void {
    this.tasks.close();
    for (const worker of new Set(this.places.values()))
      this.tell({ type: 'left', worker, reason: 'the run is over', time: clock() });
  }

  private begin(task: number, worker: string, time: number): void {
    if (this.marks[task] !== WAITING) return;
    this.marks[task] = STARTED;
    if (this.options.onEvent)
      this.tell({ type: 'started', task: this.tasks.read(task).key, worker, thread: 0, time });
  }

  private take(index: number, { start, end, value, error }: Outcome, worker: string): void {
    if (this.marks[index] === DONE) return; // a requeued element may compute a task twice: it is the same value
    this.begin(index, worker, start);
    const { onResult, onEvent } = this.options;
    if (error) {
      const { key } = this.tasks.read(index);
      const { message } = error;
      this.tell({ type: 'failed', task: key, worker, thread: 0, message, retried: false, time: clock() });
      throw new TaskError(key, fromErrorRecord(error));
    }
    this.marks[index] = DONE;
    this.done++;
    this.values[index] = value as Value;
    if (!onResult && !onEvent) return;
    const task = this.tasks.read(index);
    this.tell({ type: 'finished', task: task.key, worker, thread: 0, start, end, time: clock() });
    onResult?.(value as Value, task, index);
  }

  /** An element's name in events: its host, and the lowest number that no other element there has now. */
  private placeOf(element: string, host: string): string {
    const known = this.places.get(element);
    if (known?.startsWith(`${host}:`)) return known;
    const taken = new Set(this.places.values());
    let slot = 0;
    while (taken.has(`${host}:${slot}`)) slot++;
    const place = `${host}:${slot}`;
    this.places.set(element, place);
    if (!this.heard.has(place)) this.tell({ type: 'joined', worker: place, threads: 1, time: clock() });
    this.heard.add(place);
    return place;
  }

  private tell(event: ExecutorEvent): void {
    this.options.onEvent?.(event);
  }
}
