// What workers and tasks do, event by event. All times within are of the picture, which begins at its origin.
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { Ledger } from './ledger.js';
import { Samples } from './samples.js';
import { TaskStream } from './task-stream.js';
import { Tasks } from './tasks.js';
import { Worker, round, short, type Thread } from './workers.js';

/** A task queued after a silence this long, with nothing under way, begins a new run, with accounts of its own (ms). */
const QUIET_MS = 1000;
/** After a silence this long it also begins a new stream; else it is drawn beside the run before, to compare (ms). */
const LONG_QUIET_MS = 30_000;
/** What fails so shortly before its worker leaves went down with it (ms). */
const LAST_MOMENT_MS = 50;

type Event<T extends ExecutorEvent['type']> = ExecutorEvent & { readonly type: T };

/** Follows runs, one after the other. */
export class Activity {
  /** When the picture begins: the first time heard of (ms since 1970). */
  origin: number | undefined;
  now = 0;
  /** When the first task of the run began, and of the first run that is drawn. */
  private start: number | undefined;
  streamStart: number | undefined;
  lastEnd = 0;
  readonly workers = new Map<string, Worker>();
  private alive = 0;
  readonly tasks = new Tasks();
  readonly stream = new TaskStream();
  samples = new Samples();
  readonly ledger = new Ledger();

  add(event: ExecutorEvent): void {
    // A start is told on the worker's clock, all else on ours.
    if (event.type !== 'started' || this.origin === undefined) this.advance(event.time);
    switch (event.type) {
      case 'queued':
        return this.queued(event.task, this.at(event.time));
      case 'started':
        return this.started(event);
      case 'finished':
        return this.finished(event);
      case 'failed':
        return this.failed(event);
      case 'dropped':
        return this.dropped(event);
      case 'joined':
        return this.joined(event);
      case 'left':
        return this.leave(event);
    }
  }

  advance(time: number): void {
    this.origin ??= time;
    this.now = Math.max(this.now, this.at(time));
    const { waiting, running } = this.tasks.progress;
    const counts = { waiting, running, threads: this.alive, finished: this.tasks.finishedEver };
    this.samples.offer({ time: round(this.now), ...counts });
  }

  // ---- tasks

  private queued(task: string, time: number): void {
    const { running, waiting, failed } = this.tasks.progress;
    const quiet = running === 0 && time - this.lastEnd > QUIET_MS;
    // Tasks of a run that failed are never started; so are those that threads let lie for so long.
    const over = quiet && (waiting === 0 || failed > 0 || this.alive > 0);
    if (this.start === undefined ? !this.tasks.underWay : over)
      this.newRun(time - this.lastEnd > LONG_QUIET_MS);
    this.tasks.queued(time);
    this.queueInLedger(task, time);
  }

  private started({ task, worker: name, thread: number, time }: Event<'started'>): void {
    const worker = this.workerOf(name);
    const told = worker.ours(this.at(time));
    // Until a first result shows how its clock goes, a start far from now is moved between the run's first task and now.
    const known = worker.clockKnown || Math.abs(told - this.now) < QUIET_MS;
    const start = known ? told : Math.min(this.now, Math.max(told, this.tasks.queuedFirst));
    if (this.start === undefined) this.begin(start);
    const thread = this.threadOf(worker, number, start);
    thread.filled = this.tasks.filled;
    if (known && !thread.running) this.stream.drawGap(thread, start, thread.filled);
    if (!thread.running) this.setRunning(worker, 1);
    const began = round(Math.max(start, thread.settled ?? start));
    thread.running = { task, start: began, again: this.tasks.hadRun(task) };
    const place = { worker: name, thread: number };
    this.ledger.add({ type: 'started', task, ...place, time: thread.running.start });
    this.tasks.taken();
  }

  private finished({ task, worker: name, thread: number, start, end, time }: Event<'finished'>): void {
    const worker = this.workerOf(name);
    worker.correctClock(time - end);
    const from = worker.ours(this.at(start));
    if (this.start === undefined) this.begin(from);
    const thread = this.threadOf(worker, number, from);
    this.endTask(thread, 'task', task, from, worker.ours(this.at(end)), this.at(time));
    worker.finished += 1;
    this.tasks.ended(task, 'finished');
  }

  private failed({ task, worker: name, thread: number, retried, time }: Event<'failed'>): void {
    const end = this.at(time);
    const worker = this.workerOf(name);
    const thread = worker.threads.get(number);
    if (thread) this.endTask(thread, 'failed', task, thread.running?.start ?? end, end);
    worker.failed += 1;
    if (retried) this.retry(task, end);
    else this.tasks.ended(task, 'failed');
  }

  private retry(task: string, time: number): void {
    this.tasks.retried(task, time);
    this.queueInLedger(task, time);
  }

  private queueInLedger(task: string, time: number): void {
    if (this.start !== undefined) this.ledger.add({ type: 'queued', task, time });
  }

  /** A run ended before the task did: nothing of it is left, neither in the queue nor on a thread. */
  private dropped({ task, worker: name = '', time }: Event<'dropped'>): void {
    const end = this.at(time);
    const threads = [...(this.workers.get(name)?.threads.values() ?? [])];
    const thread = threads.find(({ running }) => running?.task === task);
    if (thread?.running) this.endTask(thread, 'lost', task, thread.running.start, end);
    else {
      this.tasks.taken();
      if (this.start !== undefined) this.ledger.add({ type: 'dropped', task, time: end });
    }
    this.tasks.ended(task, 'dropped');
  }

  private endTask(
    thread: Thread,
    kind: 'task' | 'failed' | 'lost',
    task: string,
    from: number,
    to: number,
    arrived = to,
  ): void {
    if (thread.running) this.setRunning(thread.worker, -1);
    const start = Math.max(from, thread.settled ?? from);
    const end = Math.max(start, to);
    this.stream.drawGap(thread, start, thread.filled);
    const place = { task, worker: thread.worker.name, thread: thread.number };
    if (kind === 'task')
      this.ledger.add({ type: 'finished', ...place, start, end, time: Math.max(end, arrived) });
    else {
      if (!thread.running) this.ledger.add({ type: 'started', ...place, time: start });
      this.ledger.add({ type: 'failed', ...place, message: '', retried: false, time: end });
    }
    this.lastEnd = Math.max(this.lastEnd, end);
    this.stream.draw(thread, kind, start, end, task, thread.running?.again ?? this.tasks.hadRun(task));
    thread.running = undefined;
    thread.settled = end;
    thread.arrived = arrived;
  }

  private setRunning(worker: Worker, more: 1 | -1): void {
    worker.running += more;
    this.tasks.progress.running += more;
  }

  // ---- workers

  private joined({ worker: name, threads, time }: Event<'joined'>): void {
    const worker = this.workerOf(name);
    for (let number = 0; number < threads; number++) this.threadOf(worker, number, this.at(time));
  }

  private leave({ worker: name, reason, time }: Event<'left'>): void {
    const end = this.at(time);
    const worker = this.workers.get(name);
    if (!worker || worker.left) return;
    for (const thread of worker.threads.values()) {
      const { running, boxes } = thread;
      const last = boxes[boxes.length - 1];
      if (last?.kind === 'failed' && end - last.end < LAST_MOMENT_MS)
        boxes[boxes.length - 1] = { ...last, kind: 'lost' };
      if (running) {
        this.endTask(thread, 'lost', running.task, running.start, end);
        this.retry(running.task, end);
      } else this.stream.drawGap(thread, end, end);
      thread.settled = undefined;
    }
    worker.left = { time: round(end), reason: short(reason) };
    this.ledger.add({ type: 'left', worker: name, reason, time: end });
    this.setAlive(this.alive - worker.threads.size, end);
    // All have gone, and nothing is left to do: whoever comes next begins a new run.
    if (this.alive === 0 && !this.tasks.underWay) this.endRun();
  }

  /** A new worker, or the one of this name, which is back if it had left. */
  private workerOf(name: string): Worker {
    let worker = this.workers.get(name);
    if (!worker) this.workers.set(name, (worker = new Worker(name)));
    worker.lastHeard = this.now;
    return worker;
  }

  private threadOf(worker: Worker, number: number, time: number): Thread {
    let thread = worker.threads.get(number);
    if (worker.left) {
      const back = Math.max(time, worker.left.time);
      worker.left = undefined;
      for (const each of worker.threads.values()) each.settled = this.start === undefined ? undefined : back;
      this.joinLedger(worker, back);
      this.setAlive(this.alive + worker.threads.size, time);
    }
    if (!thread) {
      const settled = this.start === undefined ? undefined : Math.max(time, this.start);
      thread = { worker, number, boxes: [], running: undefined, settled, filled: 0, arrived: 0 };
      worker.threads.set(number, thread);
      this.joinLedger(worker, settled ?? time);
      this.stream.arrange(this.workers.values());
      this.setAlive(this.alive + 1, time);
    }
    return thread;
  }

  private joinLedger({ name, threads }: Worker, time: number): void {
    if (this.start !== undefined)
      this.ledger.add({ type: 'joined', worker: name, threads: threads.size, time });
  }

  private setAlive(alive: number, time: number): void {
    this.alive = alive;
    this.ledger.setThreads(time, alive);
  }

  // ---- runs

  private begin(start: number): void {
    this.start = start;
    this.streamStart ??= start;
    this.ledger.begin(start, this.alive, this.lastEnd, this.tasks.progress.waiting);
    for (const worker of this.workers.values()) {
      if (worker.left) continue;
      for (const thread of worker.threads.values())
        thread.settled = Math.max(start, thread.boxes[thread.boxes.length - 1]?.end ?? start);
      this.joinLedger(worker, start);
    }
  }

  private endRun(): void {
    this.start = undefined;
    for (const { threads } of this.workers.values())
      for (const thread of threads.values()) Object.assign(thread, { settled: undefined, arrived: 0 });
  }

  private newRun(newStream: boolean): void {
    this.endRun();
    this.tasks.clear();
    if (!newStream) return;
    this.streamStart = undefined;
    this.samples = new Samples();
    for (const [name, { left }] of this.workers) if (left) this.workers.delete(name);
    this.stream.arrange(this.workers.values());
    this.stream.clear();
  }

  at(time: number): number {
    return time - (this.origin ?? time);
  }
}
