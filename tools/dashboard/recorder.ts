// Events in, pictures out, without I/O: time is an argument, so the same events always give the same picture.
import { plain } from '../../lib/errors.js';
import type { ExecutorEvent } from '../../lib/task/index.js';
import type { Box, Picture, Sample } from './picture.js';
import { Run } from './run.js';
import { Samples } from './samples.js';
import { TaskStream, round } from './task-stream.js';
import { Thread, Worker } from './workers.js';

/** After a silence this long, a new run also begins a new task stream (ms); else it is drawn after the one before. */
const LONG_SILENCE_MS = 30_000;

/** What a worker says of itself beside its tasks. */
export interface Vitals {
  readonly worker: string;
  readonly memoryBytes?: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

type Event<T extends ExecutorEvent['type']> = ExecutorEvent & { readonly type: T };

/** Follows one source of events, run after run. */
export class Recorder {
  /** When the picture begins: the first time that was told (ms since 1970). All other times count from it. */
  private origin: number | undefined;
  private now = 0;
  private streamStart: number | undefined;
  private finishedEver = 0;
  private run = new Run(0, 0);
  private samples = new Samples();
  private readonly stream = new TaskStream();
  private readonly workers = new Map<string, Worker>();

  constructor(
    private readonly title: string,
    private readonly machine = '',
  ) {}

  /** Takes an event. It may come late; its times say when it happened. */
  add(event: ExecutorEvent): void {
    const took = event.type === 'finished' ? event.end - event.start : 0;
    if (!Number.isFinite(event.time + took)) return;
    this.advance(event.time);
    const told = { ...event, time: this.at(event.time) };
    for (const field of ['worker', 'task', 'reason', 'message'])
      if (told[field as never] !== undefined) Object.assign(told, { [field]: plain(told[field as never]) });
    if (told.type === 'finished') Object.assign(told, { start: this.at(told.start), end: this.at(told.end) });
    this[event.type].call(this, told as never); // each type of event has its method
  }

  /** Takes what a worker said of itself. */
  hear({ worker: name, memoryBytes, time }: Vitals): void {
    const worker = this.workers.get(name);
    if (worker) Object.assign(worker, { memoryBytes, lastHeard: this.at(time) });
  }

  /** Time goes on, with or without events. */
  advance(time: number): void {
    this.now = Math.max(this.now, this.at(time));
    if (this.samples.isDue(this.now)) this.samples.add(this.sample());
  }

  /** The picture as of the last event, or of the last call of advance. */
  picture(): Picture {
    const { title, machine, now, run } = this;
    const { resolutionMs, rows } = this.stream;
    return {
      title,
      machine,
      now,
      start: this.streamStart ?? now,
      resolutionMs,
      rows,
      threadsNotDrawn: this.threads.length - rows.length,
      workers: Array.from(this.workers.values(), ({ line }) => line),
      threads: this.sample().threads,
      run: run.number,
      progress: { ...run.progress },
      samples: this.samples.list,
      ledger: run.ledger(now),
    };
  }

  private at(time: number): number {
    this.origin ??= time;
    return round(time - this.origin);
  }

  private sample(): Sample {
    const { waiting, running } = this.run.progress;
    const here = this.here.reduce((sum, { threads }) => sum + threads.size, 0);
    return { time: this.now, waiting, running, threads: here, finished: this.finishedEver };
  }

  private get here(): Worker[] {
    return [...this.workers.values()].filter(({ left }) => !left);
  }

  private get threads(): Thread[] {
    return Array.from(this.workers.values(), ({ threads }) => [...threads.values()]).flat();
  }

  // ---- tasks

  private queued(event: Event<'queued'>): void {
    if (this.run.isOver(event.time)) this.newRun(event.time);
    this.run.progress.queued += 1;
    this.run.queue(event.time);
    this.run.add(event);
  }

  private started(event: Event<'started'>): void {
    const { task, time } = event;
    const thread = this.threadOf(event.worker, event.thread, time);
    const { progress, queuedSince } = this.run;
    if (!thread.running) {
      progress.running += 1;
      this.stream.drawGaps(thread, time, queuedSince);
    }
    const start = Math.max(time, thread.drawnUntil);
    Object.assign(thread, { running: { task, start, again: this.run.wasTried(task) }, queuedSince });
    this.run.unqueue();
    this.run.add(event);
  }

  private finished(event: Event<'finished'>): void {
    const { task, start, end, time } = event;
    const thread = this.threadOf(event.worker, event.thread, start);
    this.unqueueIfLost(task);
    // A slow worker's task was given to a second one, which was faster.
    const slow = thread.running?.task !== task && this.threads.find(({ running }) => running?.task === task);
    if (slow) this.endTry(slow, 'lost', task, slow.running!.start, time);
    this.endTry(thread, 'compute', task, start, end);
    thread.delivered = event.time;
    thread.worker.finished += 1;
    this.finishedEver += 1;
    this.run.end(event.task, 'finished', event.time);
    this.run.add(event);
  }

  private failed(event: Event<'failed'>): void {
    const { task, time, retried } = event;
    this.unqueueIfLost(task);
    const worker = this.workerOf(event.worker);
    const thread = worker.threads.get(event.thread);
    if (thread?.running) this.endTry(thread, retried ? 'lost' : 'failed', task, thread.running.start, time);
    worker.failed += 1;
    if (retried) this.run.retry(task, time);
    else this.run.end(task, 'failed', time);
    this.run.add(event);
  }

  /** A task that was lost with its worker may end without a second start: it has left the queue all the same. */
  private unqueueIfLost(task: string): void {
    if (this.run.wasTried(task) && !this.threads.some(({ running }) => running?.task === task))
      this.run.unqueue();
  }

  /** Its run ended before the task did: nothing of it is left, neither in the queue nor on a thread. */
  private dropped(event: Event<'dropped'>): void {
    const { task, worker = '', time } = event;
    const thread = this.workers.get(worker)?.running.find(({ running }) => running?.task === task);
    if (thread?.running) this.endTry(thread, 'lost', task, thread.running.start, time);
    else this.run.unqueue();
    this.run.end(task, 'dropped', time);
    this.run.add(event);
  }

  /** A thread is done with a task, whatever came of it. */
  private endTry(thread: Thread, cause: Box['cause'], task: string, start: number, end: number): void {
    this.stream.drawGaps(thread, start, thread.queuedSince);
    this.stream.draw(thread, cause, end, task, this.run.wasTried(task));
    thread.delivered = end;
    if (thread.running) this.run.progress.running -= 1;
    thread.running = undefined;
  }

  // ---- workers

  private joined({ worker: name, threads, time }: Event<'joined'>): void {
    const worker = this.workerOf(name);
    const since = Math.max(time, this.run.start ?? time, worker.left?.time ?? time);
    worker.left = undefined;
    for (const thread of worker.threads.values()) thread.drawnUntil = Math.max(since, thread.drawnUntil);
    for (let number = 0; number < threads; number++) this.addThread(worker, number, since);
    this.run.add({ type: 'joined', worker: name, threads, time });
  }

  private left({ worker: name, reason, time }: Event<'left'>): void {
    const worker = this.workers.get(name);
    if (!worker || worker.left) return;
    const lost = { type: 'failed', worker: name, message: reason, retried: true, time } as const;
    for (const { number: thread, running } of worker.running)
      this.failed({ ...lost, task: running!.task, thread });
    if (this.run.underWay)
      for (const thread of worker.threads.values()) this.stream.drawGaps(thread, time, Infinity);
    worker.left = { time, reason };
    this.run.add({ type: 'left', worker: name, reason, time });
    if (this.here.length === 0 && !this.run.underWay) this.run.deserted = true;
  }

  /** A worker, new or known. */
  private workerOf(name: string): Worker {
    let worker = this.workers.get(name);
    if (!worker) this.workers.set(name, (worker = new Worker(name)));
    worker.lastHeard = this.now;
    return worker;
  }

  /** The thread that began a task at `start`. If its worker had left, it is back. */
  private threadOf(name: string, number: number, start: number): Thread {
    const worker = this.workerOf(name);
    if (worker.left) this.joined({ type: 'joined', worker: name, threads: worker.threads.size, time: start });
    const thread = this.addThread(worker, number, start);
    if (this.run.start === undefined) this.begin(start);
    return thread;
  }

  private addThread(worker: Worker, number: number, since: number): Thread {
    const known = worker.threads.get(number);
    if (known) return known;
    const thread = new Thread(worker, number, since);
    worker.threads.set(number, thread);
    this.stream.add(thread);
    return thread;
  }

  // ---- runs

  private newRun(time: number): void {
    if (this.run.silentMs(time) > LONG_SILENCE_MS) {
      for (const [name, { left }] of this.workers) if (left) this.workers.delete(name);
      this.stream.restart(this.threads);
      this.samples = new Samples();
      this.streamStart = undefined;
    }
    this.run = new Run(this.run.number + 1, time);
  }

  /** The first task of a run starts. */
  private begin(start: number): void {
    if (this.run.number === 0) this.newRun(start);
    this.streamStart ??= start;
    this.run.begin(start, this.here);
    for (const thread of this.threads) thread.drawnUntil = Math.max(start, thread.drawnUntil);
  }
}
