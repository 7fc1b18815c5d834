// Reports to a run what its elements leave in its folder: which tasks have begun, and how they ended. Needs Node.
import { TaskError, fromErrorRecord } from '../errors.js';
import { clock, type RunOptions } from '../task/executor.js';
import type { Drawn, Place, Run } from '../task/run.js';
import type { RunFolder, Span } from './run-folder.js';

/** Draws all tasks of a run: for those who have them on file already. */
export function drawAll(run: Run): Drawn[] {
  const all: Drawn[] = [];
  for (let drawn = run.draw(); drawn; drawn = run.draw()) all.push(drawn);
  return all;
}

export class Collector {
  /** Tasks without a result, by number. */
  readonly open: Map<number, Drawn>;
  private readonly read = new Set<string>(); // names of files
  private readonly workers = new Map<string, string>(); // element -> its name in events
  private readonly joined = new Set<string>();

  /**
   * @param drawn all tasks of the run
   * @param onEvent hears that the workers leave, once the run has settled and reports nothing more itself
   */
  constructor(
    private readonly folder: RunFolder,
    private readonly run: Run,
    drawn: readonly Drawn[],
    onEvent: RunOptions['onEvent'] = () => {},
  ) {
    this.open = new Map(drawn.map((task) => [task.index, task]));
    const leave = (worker: string) =>
      onEvent({ type: 'left', worker, reason: 'the run is over', time: clock() });
    const leaveAll = () => this.joined.forEach(leave);
    void run.result.then(leaveAll, leaveAll).catch(() => {}); // what the caller's code throws now comes too late
  }

  /** Reports what has appeared since the last time. */
  collect(): void {
    for (const element of this.folder.list('alive', /^\d+-\d+$/)) {
      if (this.run.settled || this.read.has(element)) continue;
      const alive = this.folder.readAlive(element);
      if (!alive) continue; // it has not begun
      this.read.add(element);
      const place = this.placeOf(element, alive.host);
      const drawn = this.open.get(alive.task);
      if (drawn) this.run.started(drawn, place, alive.time);
    }
    for (const name of this.folder.results()) {
      if (this.run.settled || this.read.has(name)) continue;
      this.takeResults(name);
      this.read.add(name);
    }
  }

  private takeResults(name: string): void {
    const { first, host, ends } = this.folder.readResults(name);
    const place = this.placeOf(name.split('-', 2).join('-'), host);
    for (const [i, { start, end, value, error }] of ends.entries()) {
      const drawn = this.open.get(first + i);
      if (!drawn) continue; // an element that was requeued may compute a task twice: the value is the same
      this.open.delete(drawn.index);
      const failure = error && new TaskError(drawn.task.key, fromErrorRecord(error));
      if (failure) this.run.failed(drawn, place, error.message, failure);
      else this.run.finished(drawn, value!, place, start, end);
    }
  }

  /** The tasks of a span that have no result, as spans of at most `length`. */
  missing([first, end]: Span, length = Infinity): Span[] {
    const spans: [number, number][] = [];
    for (let task = first; task < end; task++) {
      const last = spans.at(-1);
      if (!this.open.has(task)) continue;
      if (last?.[1] === task && task - last[0] < length) last[1] = task + 1;
      else spans.push([task, task + 1]);
    }
    return spans;
  }

  /** The task that an element ran last, unless it has a result or the element never began. */
  runningOn(element: string): Drawn | undefined {
    return this.open.get(this.folder.readAlive(element)?.task ?? NaN);
  }

  /**
   * An element's name in events: its host, and the lowest number that no other element there has now.
   * @param host empty if it is not known
   */
  placeOf(element: string, host: string): Place {
    let worker = this.workers.get(element);
    if (worker?.startsWith(host && `${host}:`)) return { worker, thread: 0 };
    const taken = new Set(this.workers.values());
    for (let slot = 0; !worker || taken.has(worker); slot++) worker = `${host || 'no node'}:${slot}`;
    this.workers.set(element, worker);
    if (!this.joined.has(worker)) this.run.report({ type: 'joined', worker, threads: 1, time: clock() });
    this.joined.add(worker);
    return { worker, thread: 0 };
  }

  /** An element is over: its place is free for another one. */
  free(element: string): void {
    this.workers.delete(element);
  }
}
