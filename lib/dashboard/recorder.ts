// Events in, pictures out, without I/O: time is an argument, so a recorded run gives the same picture as a live one.
import { LEDGER_ROWS } from '../measure/ledger.js';
import type { ExecutorEvent } from '../task/executor.js';
import { MOST_BOXES, addBox, coarsen } from './boxes.js';
import { Ledger } from './ledger.js';
import { Lulls } from './lulls.js';
import type { Box, Kind, Picture, Row, WorkerLine } from './picture.js';
import { Samples } from './samples.js';

/** More threads than this have no row of their own; everything else counts them. */
const MOST_ROWS = 100;
/** A task queued after a silence this long, with nothing under way, begins a new run, with accounts of its own (ms). */
const QUIET_MS = 1000;
/** After a silence this long it also begins a new stream; else it is drawn beside the run before, to compare (ms). */
const LONG_QUIET_MS = 30_000;
/** Clocks that differ by less are taken as one: a quick result may take as long (ms). */
const CLOCK_TOLERANCE_MS = 50;
/** What executors call the threads of this process, which share its clock. */
const OWN_PROCESS = 'local';
/** So many tries that failed are remembered, so that the next try is marked. */
const MOST_REMEMBERED = 1000;
/** What a name may have in a picture; the events file has it whole. */
const LONGEST_NAME = 120;
const NO_TASKS = { queued: 0, waiting: 0, running: 0, finished: 0, failed: 0, dropped: 0, retried: 0 };

/** What a worker says of itself beside its tasks. */
export interface Vitals {
  readonly worker: string;
  readonly memoryBytes?: number;
  /** Milliseconds since 1970, on the receiver's clock. */
  readonly time: number;
}

interface Thread {
  readonly worker: Worker;
  readonly number: number;
  boxes: Box[];
  running: Row['running'];
  /** The time until which the ledger has this thread; absent before the run. */
  settled: number | undefined;
  /** When the last task's value was with the caller. */
  arrived: number;
}

interface Worker {
  readonly name: string;
  readonly threads: Map<number, Thread>;
  running: number;
  finished: number;
  failed: number;
  lastHeard: number;
  memoryBytes?: number;
  /** What to add to its clock to get ours. */
  offset: number;
  /** The shortest time from a task's end on its clock to the arrival of the value on ours. */
  quickest: number;
  left: Row['left'];
}

type Event<T extends ExecutorEvent['type']> = ExecutorEvent & { readonly type: T };

/** Follows one source of events. */
export class Recorder {
  private origin: number | undefined;
  /** When the first task of the run began, and of the first run that is drawn. */
  private start: number | undefined;
  private streamStart: number | undefined;
  private queuedFirst = 0;
  private lastEnd = 0;
  private now = 0;
  private resolutionMs = 1;
  private boxes = 0;
  private readonly workers = new Map<string, Worker>();
  private threads: Thread[] = [];
  private alive = 0;
  private progress = { ...NO_TASKS };
  private gaveUp = false;
  private finishedEver = 0;
  private readonly again = new Set<string>();
  private lulls = new Lulls();
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
    this.samples.offer({
      time: round(this.now),
      waiting,
      running,
      threads: this.alive,
      finished: this.finishedEver,
    });
  }

  /** The picture as of the last event or call of advance. */
  picture(): Picture {
    const end = this.progress.running > 0 ? this.now : this.lastEnd;
    const running = this.threads.flatMap((thread) => thread.running?.start ?? []);
    return {
      title: this.title,
      machine: this.machine,
      origin: this.origin ?? 0,
      now: round(this.now),
      start: round(this.streamStart ?? this.now),
      resolutionMs: this.resolutionMs,
      rows: this.threads.slice(0, MOST_ROWS).map((thread) => this.rowOf(thread)),
      threadsNotDrawn: Math.max(0, this.threads.length - MOST_ROWS),
      workers: Array.from(this.workers.values(), lineOf),
      progress: { ...this.progress },
      samples: this.samples.list,
      lesson: this.ledger.lesson(end, running),
      causes: LEDGER_ROWS,
    };
  }

  // ---- events

  private queued(task: string, time: number): void {
    const { running, waiting } = this.progress;
    const quiet = running === 0 && time - this.lastEnd > QUIET_MS;
    // Tasks of a run that gave up are never started; so are those that threads let lie for so long.
    const over = quiet && (waiting === 0 || this.gaveUp || this.alive > 0);
    if (this.start === undefined ? !this.underWay : over) this.newRun(time - this.lastEnd > LONG_QUIET_MS);
    if (this.progress.queued === 0) this.queuedFirst = time;
    if (this.start !== undefined) this.ledger.add({ type: 'queued', task, time });
    this.progress.queued += 1;
    this.setWaiting(this.progress.waiting + 1, time);
  }

  private started({ task, worker: name, thread: number, time }: Event<'started'>): void {
    const worker = this.workerOf(name);
    const told = this.at(time) + worker.offset;
    // Until a first result shows how its clock goes, a start far from now is moved between the run's first task and now.
    const known =
      worker.name === OWN_PROCESS || worker.quickest < Infinity || Math.abs(told - this.now) < QUIET_MS;
    const start = known ? told : Math.min(this.now, Math.max(told, this.queuedFirst));
    if (this.start === undefined) this.begin(start);
    const thread = this.threadOf(worker, number, start);
    if (known && !thread.running) this.settleGap(thread, start);
    if (!thread.running) this.setRunning(worker, 1);
    thread.running = {
      task: short(task),
      start: round(Math.max(start, thread.settled ?? start)),
      again: this.again.delete(task),
    };
    const place = { worker: name, thread: number };
    this.ledger.add({ type: 'started', task, ...place, time: thread.running.start });
    this.setWaiting(Math.max(0, this.progress.waiting - 1), start);
  }

  private finished({ task, worker: name, thread: number, start, end, time }: Event<'finished'>): void {
    const worker = this.workerOf(name);
    this.correctClock(worker, time - end);
    const from = this.at(start) + worker.offset;
    if (this.start === undefined) this.begin(from);
    const thread = this.threadOf(worker, number, from);
    this.endTask(thread, 'task', task, from, this.at(end) + worker.offset, this.at(time));
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
    if (retried) this.requeue(task, end);
    else {
      this.progress.failed += 1;
      this.gaveUp = true;
    }
  }

  /** A run ended before the task did: nothing of it is left, neither in the queue nor on a thread. */
  private dropped({ task, worker: name = '', time }: Event<'dropped'>): void {
    const end = this.at(time);
    const threads = [...(this.workers.get(name)?.threads.values() ?? [])];
    const thread = threads.find(({ running }) => running?.task === short(task));
    if (thread?.running) this.endTask(thread, 'lost', task, thread.running.start, end);
    else this.setWaiting(Math.max(0, this.progress.waiting - 1), end);
    this.again.delete(task);
    this.progress.dropped += 1;
  }

  private joined({ worker: name, threads, time }: Event<'joined'>): void {
    const worker = this.workerOf(name);
    for (let number = 0; number < threads; number++) this.threadOf(worker, number, this.at(time));
  }

  private leave({ worker: name, reason, time }: Event<'left'>): void {
    const worker = this.workers.get(name);
    if (!worker || worker.left) return;
    const end = this.at(time);
    for (const thread of worker.threads.values()) {
      const { running } = thread;
      // What failed in the worker's last moment went down with it.
      const last = thread.boxes[thread.boxes.length - 1];
      if (last?.kind === 'failed' && end - last.end < CLOCK_TOLERANCE_MS)
        thread.boxes[thread.boxes.length - 1] = { ...last, kind: 'lost' };
      if (running) {
        this.endTask(thread, 'lost', running.task, running.start, end);
        this.requeue(running.task, end);
      } else this.settleGap(thread, end);
      thread.settled = undefined;
    }
    worker.left = { time: round(end), reason: short(reason) };
    this.ledger.add({ type: 'left', worker: name, reason, time: end });
    this.setAlive(this.alive - worker.threads.size, end);
    // All have gone, and nothing is left to do: whoever comes next begins a new run.
    if (this.alive === 0 && !this.underWay) this.endRun();
  }

  private get underWay(): boolean {
    return this.progress.running + this.progress.waiting > 0;
  }

  // ---- threads

  /** A new worker, or the one of this name, which is back if it had left. */
  private workerOf(name: string): Worker {
    let worker = this.workers.get(name);
    if (!worker) {
      const nothing = { running: 0, finished: 0, failed: 0, offset: 0, quickest: Infinity };
      worker = { name, threads: new Map(), ...nothing, lastHeard: 0, left: undefined };
      this.workers.set(name, worker);
    }
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
      const inOrder = (each: Worker) => [...each.threads.values()].sort((a, b) => a.number - b.number);
      this.threads = [...this.workers.values()].flatMap(inOrder);
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

  private setRunning(worker: Worker, more: 1 | -1): void {
    worker.running += more;
    this.progress.running += more;
  }

  private setWaiting(waiting: number, time: number): void {
    this.progress.waiting = waiting;
    this.lulls.set(waiting > 0, time);
  }

  private requeue(task: string, time: number): void {
    this.progress.retried += 1;
    if (this.again.size < MOST_REMEMBERED) this.again.add(task);
    if (this.start !== undefined) this.ledger.add({ type: 'queued', task, time });
    this.setWaiting(this.progress.waiting + 1, time);
  }

  // ---- time

  private begin(start: number): void {
    this.start = start;
    this.streamStart ??= start;
    this.ledger.begin(start, this.alive, this.lastEnd);
    for (const thread of this.threads) {
      const drawn = thread.boxes[thread.boxes.length - 1]?.end ?? start;
      if (!thread.worker.left) thread.settled = Math.max(start, drawn);
    }
    for (const worker of this.workers.values()) if (!worker.left) this.joinLedger(worker, start);
  }

  private newRun(newStream: boolean): void {
    this.endRun();
    this.progress = { ...NO_TASKS };
    if (newStream) this.clearStream();
  }

  private endRun(): void {
    this.start = undefined;
    this.gaveUp = false;
    this.lulls = new Lulls();
    for (const thread of this.threads) Object.assign(thread, { settled: undefined, arrived: 0 });
  }

  private clearStream(): void {
    this.streamStart = undefined;
    this.resolutionMs = 1;
    this.boxes = 0;
    this.samples = new Samples();
    for (const [name, { left }] of this.workers) if (left) this.workers.delete(name);
    this.threads = this.threads.filter(({ worker }) => !worker.left);
    for (const thread of this.threads) thread.boxes = [];
  }

  /** The least delay ever seen is taken for none: an end after its own arrival, or long before it, is the clock's error. */
  private correctClock(worker: Worker, delay: number): void {
    if (delay >= worker.quickest || worker.name === OWN_PROCESS) return;
    worker.quickest = delay;
    worker.offset = delay < 0 || delay > CLOCK_TOLERANCE_MS ? delay : 0;
  }

  private endTask(thread: Thread, kind: Kind, task: string, from: number, to: number, arrived = to): void {
    if (thread.running) this.setRunning(thread.worker, -1);
    const start = Math.max(from, thread.settled ?? from);
    const end = Math.max(start, to);
    this.settleGap(thread, start);
    this.tellLedger(thread, kind, task, start, end, Math.max(end, arrived));
    thread.settled = end;
    thread.arrived = arrived;
    this.lastEnd = Math.max(this.lastEnd, end);
    const again = thread.running?.again ?? this.again.has(task);
    this.draw(thread, {
      kind,
      start: round(start),
      end: round(end),
      count: 1,
      busyMs: round(end - start),
      task: short(task),
      again,
    });
    thread.running = undefined;
  }

  private tellLedger(
    thread: Thread,
    kind: Kind,
    task: string,
    start: number,
    end: number,
    time: number,
  ): void {
    const place = { task, worker: thread.worker.name, thread: thread.number };
    if (kind === 'task') return this.ledger.add({ type: 'finished', ...place, start, end, time });
    this.ledger.add({ type: 'started', ...place, time: start });
    this.ledger.add({ type: 'failed', ...place, message: '', retried: false, time: end });
  }

  /** Draws the time from a thread's last task to `to`: first its value travels, then it waits or is idle. */
  private settleGap(thread: Thread, to: number): void {
    const from = thread.settled ?? to;
    if (to <= from || thread.worker.left) return;
    const arrived = Math.min(to, Math.max(from, thread.arrived));
    const idleMs = this.lulls.between(arrived, to);
    const gap = { count: 0, busyMs: 0, task: '', again: false };
    this.draw(thread, { kind: 'transfer', start: round(from), end: round(arrived), ...gap });
    this.draw(thread, {
      kind: idleMs > (to - arrived) / 2 ? 'idle' : 'wait',
      start: round(arrived),
      end: round(to),
      ...gap,
    });
    thread.settled = to;
  }

  private draw(thread: Thread, box: Box): void {
    if (this.threads.length > MOST_ROWS && this.threads.indexOf(thread) >= MOST_ROWS) return;
    const before = thread.boxes.length;
    addBox(thread.boxes, box, this.resolutionMs);
    this.boxes += thread.boxes.length - before;
    while (this.boxes > MOST_BOXES) {
      this.resolutionMs *= 2;
      for (const each of this.threads) each.boxes = coarsen(each.boxes, this.resolutionMs);
      this.boxes = this.threads.reduce((sum, { boxes }) => sum + boxes.length, 0);
    }
  }

  private rowOf({ worker, number, boxes, running }: Thread): Row {
    return { worker: short(worker.name), thread: number, boxes: [...boxes], running, left: worker.left };
  }

  private at(time: number): number {
    return time - (this.origin ?? time);
  }
}

function lineOf({
  name,
  threads,
  running,
  finished,
  failed,
  lastHeard,
  memoryBytes,
  left,
}: Worker): WorkerLine {
  const heard = { lastHeard: round(lastHeard), memoryBytes, left: left?.reason };
  return { name: short(name), threads: threads.size, running, finished, failed, ...heard };
}

/** To the microsecond: what a clock can tell, in fewer bytes. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function short(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 3)}...` : name;
}
