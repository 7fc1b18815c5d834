// Events in, pictures out, without I/O: time is an argument, so a recorded run gives the same picture as a live one.
import { LEDGER_ROWS } from '../measure/ledger.js';
import type { ExecutorEvent } from '../task/executor.js';
import { Ledger } from './ledger.js';
import type { Picture, Progress } from './picture.js';
import { Samples } from './samples.js';
import { TaskStream } from './task-stream.js';
import { Worker, round, short, type Thread } from './workers.js';

/** A task queued after a silence this long, with nothing under way, begins a new run, with accounts of its own (ms). */
const QUIET_MS = 1000;
/** After a silence this long it also begins a new stream; else it is drawn beside the run before, to compare (ms). */
const LONG_QUIET_MS = 30_000;
/** What fails so shortly before its worker leaves went down with it (ms). */
const LAST_MOMENT_MS = 50;
const NO_TASKS = { queued: 0, waiting: 0, running: 0, finished: 0, failed: 0, dropped: 0, retried: 0 };

/** What a worker says of itself beside its tasks. */
export interface Vitals {
  readonly worker: string;
  readonly memoryBytes?: number;
  /** Milliseconds since 1970, on the receiver's clock. */
  readonly time: number;
}

type Event<T extends ExecutorEvent['type']> = ExecutorEvent & { readonly type: T };

/** Follows one source of events. */
export class Recorder {
  private origin: number | undefined;
  private now = 0;
  /** When the first task of the run began, and of the first run that is drawn. */
  private start: number | undefined;
  private streamStart: number | undefined;
  private lastEnd = 0;
  private readonly workers = new Map<string, Worker>();
  private alive = 0;
  /** Tasks that have been queued and have no end: since when, and whether they had run before. */
  private readonly open = new Map<string, { readonly since: number; readonly again: boolean }>();
  private queuedFirst = 0;
  private progress: { -readonly [state in keyof Progress]: number } = { ...NO_TASKS };
  private gaveUp = false;
  private finishedEver = 0;
  private readonly stream = new TaskStream();
  private samples = new Samples();
  private readonly ledger = new Ledger();

  constructor(
    private readonly title: string,
    private readonly machine = '',
  ) {}

  /** Takes an event. Events may come late; their times say when they happened. */
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

  /** Takes what a worker said of itself. */
  hear({ worker, memoryBytes, time }: Vitals): void {
    const known = this.workers.get(worker);
    if (known) Object.assign(known, { lastHeard: this.at(time), memoryBytes });
  }

  /** Time goes on, with or without events. */
  advance(time: number): void {
    this.origin ??= time;
    this.now = Math.max(this.now, this.at(time));
    const { waiting, running } = this.progress;
    const counts = { waiting, running, threads: this.alive, finished: this.finishedEver };
    this.samples.offer({ time: round(this.now), ...counts });
  }

  /** The picture as of the last event or call of advance. */
  picture(): Picture {
    const workers = [...this.workers.values()];
    const end = this.progress.running > 0 ? this.now : this.lastEnd;
    const running = workers.flatMap(({ threads }) =>
      Array.from(threads.values(), ({ running }) => running?.start ?? []).flat(),
    );
    return {
      title: this.title,
      machine: this.machine,
      origin: this.origin ?? 0,
      now: round(this.now),
      start: round(this.streamStart ?? this.now),
      resolutionMs: this.stream.resolutionMs,
      rows: this.stream.rows,
      threadsNotDrawn: this.stream.threadsNotDrawn,
      workers: workers.map(({ line }) => line),
      progress: { ...this.progress },
      samples: this.samples.list,
      lesson: this.ledger.lesson(end, running),
      causes: LEDGER_ROWS,
    };
  }

  // ---- tasks

  private queued(task: string, time: number): void {
    const quiet = this.progress.running === 0 && time - this.lastEnd > QUIET_MS;
    // Tasks of a run that gave up are never started; so are those that threads let lie for so long.
    const over = quiet && (this.progress.waiting === 0 || this.gaveUp || this.alive > 0);
    if (this.start === undefined ? !this.underWay : over) this.newRun(time - this.lastEnd > LONG_QUIET_MS);
    if (this.progress.queued === 0) this.queuedFirst = time;
    this.progress.queued += 1;
    this.wait(task, time, false);
  }

  /** A task waits for a thread: a new one, or one that is tried again. */
  private wait(task: string, time: number, again: boolean): void {
    if (again) this.progress.retried += 1;
    this.open.set(task, { since: time, again });
    if (this.start !== undefined) this.ledger.add({ type: 'queued', task, time });
    this.progress.waiting += 1;
  }

  private started({ task, worker: name, thread: number, time }: Event<'started'>): void {
    const worker = this.workerOf(name);
    const told = worker.ours(this.at(time));
    // Until a first result shows how its clock goes, a start far from now is moved between the run's first task and now.
    const known = worker.clockKnown || Math.abs(told - this.now) < QUIET_MS;
    const start = known ? told : Math.min(this.now, Math.max(told, this.queuedFirst));
    if (this.start === undefined) this.begin(start);
    const thread = this.threadOf(worker, number, start);
    if (known && !thread.running) this.settleGap(thread, start, task);
    if (!thread.running) this.setRunning(worker, 1);
    const { again = false } = this.open.get(task) ?? {};
    thread.running = { task, start: round(Math.max(start, thread.settled ?? start)), again };
    const place = { worker: name, thread: number };
    this.ledger.add({ type: 'started', task, ...place, time: thread.running.start });
    this.waitsNoMore();
  }

  private finished({ task, worker: name, thread: number, start, end, time }: Event<'finished'>): void {
    const worker = this.workerOf(name);
    worker.correctClock(time - end);
    const from = worker.ours(this.at(start));
    if (this.start === undefined) this.begin(from);
    const thread = this.threadOf(worker, number, from);
    this.endTask(thread, 'task', task, from, worker.ours(this.at(end)), this.at(time));
    this.open.delete(task);
    worker.finished += 1;
    this.progress.finished += 1;
    this.finishedEver += 1;
  }

  private failed({ task, worker: name, thread: number, retried, time }: Event<'failed'>): void {
    const worker = this.workerOf(name);
    const thread = worker.threads.get(number);
    const end = this.at(time);
    if (thread) this.endTask(thread, 'failed', task, thread.running?.start ?? end, end);
    worker.failed += 1;
    if (retried) return this.wait(task, end, true);
    this.open.delete(task);
    this.progress.failed += 1;
    this.gaveUp = true;
  }

  /** A run ended before the task did: nothing of it is left, neither in the queue nor on a thread. */
  private dropped({ task, worker: name = '', time }: Event<'dropped'>): void {
    const end = this.at(time);
    const threads = [...(this.workers.get(name)?.threads.values() ?? [])];
    const thread = threads.find(({ running }) => running?.task === task);
    if (thread?.running) this.endTask(thread, 'lost', task, thread.running.start, end);
    else this.waitsNoMore();
    this.open.delete(task);
    this.progress.dropped += 1;
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
    this.settleGap(thread, start, task);
    const place = { task, worker: thread.worker.name, thread: thread.number };
    if (kind === 'task')
      this.ledger.add({ type: 'finished', ...place, start, end, time: Math.max(end, arrived) });
    else {
      this.ledger.add({ type: 'started', ...place, time: start });
      this.ledger.add({ type: 'failed', ...place, message: '', retried: false, time: end });
    }
    this.lastEnd = Math.max(this.lastEnd, end);
    const { again = false } = thread.running ?? this.open.get(task) ?? {};
    this.stream.draw(thread, kind, start, end, task, again);
    Object.assign(thread, { running: undefined, settled: end, arrived });
  }

  /** Draws the time from a thread's last task to `to`: its value travels, no task is there, the next one is on its way. */
  private settleGap(thread: Thread, to: number, next?: string): void {
    const from = thread.settled ?? to;
    if (to <= from || thread.worker.left) return;
    const arrived = Math.min(to, Math.max(from, thread.arrived));
    const since = next === undefined ? to : (this.open.get(next)?.since ?? from);
    const there = Math.min(to, Math.max(arrived, since));
    this.stream.draw(thread, 'transfer', from, arrived);
    this.stream.draw(thread, 'idle', arrived, there);
    this.stream.draw(thread, 'wait', there, to);
    thread.settled = to;
  }

  private setRunning(worker: Worker, more: 1 | -1): void {
    worker.running += more;
    this.progress.running += more;
  }

  private waitsNoMore(): void {
    this.progress.waiting = Math.max(0, this.progress.waiting - 1);
  }

  private get underWay(): boolean {
    return this.progress.running + this.progress.waiting > 0;
  }

  // ---- workers

  private joined({ worker: name, threads, time }: Event<'joined'>): void {
    const worker = this.workerOf(name);
    for (let number = 0; number < threads; number++) this.threadOf(worker, number, this.at(time));
  }

  private leave({ worker: name, reason, time }: Event<'left'>): void {
    const worker = this.workers.get(name);
    if (!worker || worker.left) return;
    const end = this.at(time);
    for (const thread of worker.threads.values()) {
      const { running, boxes } = thread;
      const last = boxes[boxes.length - 1];
      if (last?.kind === 'failed' && end - last.end < LAST_MOMENT_MS)
        boxes[boxes.length - 1] = { ...last, kind: 'lost' };
      if (running) {
        this.endTask(thread, 'lost', running.task, running.start, end);
        this.wait(running.task, end, true);
      } else this.settleGap(thread, end);
      thread.settled = undefined;
    }
    worker.left = { time: round(end), reason: short(reason) };
    this.ledger.add({ type: 'left', worker: name, reason, time: end });
    this.setAlive(this.alive - worker.threads.size, end);
    // All have gone, and nothing is left to do: whoever comes next begins a new run.
    if (this.alive === 0 && !this.underWay) this.endRun();
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
      thread = { worker, number, boxes: [], running: undefined, settled, arrived: 0 };
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
    this.ledger.begin(start, this.alive, this.lastEnd);
    for (const worker of this.workers.values()) {
      if (worker.left) continue;
      for (const thread of worker.threads.values())
        thread.settled = Math.max(start, thread.boxes[thread.boxes.length - 1]?.end ?? start);
      this.joinLedger(worker, start);
    }
  }

  private endRun(): void {
    this.start = undefined;
    this.gaveUp = false;
    this.open.clear();
    for (const { threads } of this.workers.values())
      for (const thread of threads.values()) Object.assign(thread, { settled: undefined, arrived: 0 });
  }

  private newRun(newStream: boolean): void {
    this.endRun();
    this.progress = { ...NO_TASKS };
    if (!newStream) return;
    this.streamStart = undefined;
    this.samples = new Samples();
    for (const [name, { left }] of this.workers) if (left) this.workers.delete(name);
    this.stream.arrange(this.workers.values());
    this.stream.clear();
  }

  private at(time: number): number {
    return time - (this.origin ?? time);
  }
}
