// What the scheduler decides, without I/O: an event goes in, commands come out, and time is a field of the event.
import type { ExecutorEvent } from '../task/executor.js';
import type { FromScheduler, ToScheduler } from './protocol.js';
import { drawBatch, learnSize, runsOf } from './batching.js';
import { Queue, type Batch, type Client, type Entry, type Run, type Worker } from './records.js';

/** What happens to a scheduler. A peer is the shell's number for one connection, never used twice. Times in ms. */
export type StateEvent =
  | { readonly type: 'message'; readonly peer: number; readonly message: ToScheduler; readonly time: number }
  | { readonly type: 'closed'; readonly peer: number; readonly reason: string; readonly time: number }
  | { readonly type: 'tick'; readonly time: number };

/** What the shell is to do, in this order. */
export type Command =
  | { readonly type: 'send'; readonly peer: number; readonly message: FromScheduler }
  /** `final`: it is told why and is not to come back; else it is cut off, and may. */
  | { readonly type: 'close'; readonly peer: number; readonly reason: string; readonly final: boolean }
  | { readonly type: 'tell'; readonly event: ExecutorEvent };

/** What a scheduler may be given. */
export interface StateOptions {
  /** Peers say something this often; one that is silent for DEADLINE_BEATS of it is taken for lost (ms). */
  readonly heartbeatMs: number;
  /** The first number of a batch: a scheduler that takes another's place must not repeat its numbers. */
  readonly firstBatch: number;
  /** Tell each task's events too, for a dashboard. */
  readonly watched: boolean;
}

export const DEADLINE_BEATS = 5;
/** A task that was running on so many lost workers is taken to be the cause. */
export const LOSSES_ALLOWED = 3;
/** A scheduler's state and its decisions. */
export class SchedulerState {
  readonly workers = new Map<number, Worker>();
  readonly clients = new Map<number, Client>();
  /** Clients with queued tasks; the first is served next. */
  readonly waiting = new Set<Client>();
  /** Workers with a thread that has nothing to do; with all threads at work but none ahead; with batches ahead. */
  readonly free = new Set<Worker>();
  readonly busy = new Set<Worker>();
  readonly loaded = new Set<Worker>();
  threads = 0;
  /** Batches ahead that a worker was asked to give back, and has not answered yet. */
  asked = 0;
  private batches: number;
  private lastTick = NaN;
  private commands: Command[] = [];

  constructor(private readonly options: StateOptions) {
    this.batches = options.firstBatch;
  }

  /** Takes one event; the commands are to be carried out in their order. */
  handle(event: StateEvent): readonly Command[] {
    this.commands = [];
    if (event.type === 'tick') this.tick(event.time);
    else if (event.type === 'closed') this.closed(event.peer, event.reason, event.time);
    else this.message(event.peer, event.message, event.time);
    this.handOut();
    return this.commands;
  }

  private message(peer: number, message: ToScheduler, time: number): void {
    const worker = this.workers.get(peer);
    const client = this.clients.get(peer);
    if (worker) worker.lastSeen = time;
    if (client) client.lastSeen = time;
    switch (message.op) {
      case 'join':
        return worker || client ? undefined : this.join(peer, message, time);
      case 'connect':
        return worker || client ? undefined : this.connect(peer, message.name, time);
      case 'ping':
        if (worker) Object.assign(worker, { rttMs: message.rttMs, memoryBytes: message.memoryBytes });
        return this.send(peer, { op: 'pong', sent: message.sent });
      case 'status':
        return this.status(peer);
      case 'submit':
        return client && this.submit(client, message, time);
      case 'cancelRun':
        return client && this.cancelRun(client.runs.get(message.run), time);
      case 'drain':
        return worker && this.drain(worker);
      default: {
        // A result counts only for the assignment it answers: one that is late, doubled or of a lost worker finds none.
        const batch = worker?.batches.get(message.batch);
        if (!batch) return;
        if (message.op === 'started') this.started(batch, message.thread, message.time);
        else this.ended(batch, message, time);
      }
    }
  }

  // ---- workers

  private join(peer: number, { name, threads, instance }: ToScheduler & { op: 'join' }, time: number): void {
    for (const other of this.workers.values()) {
      if (other.name !== name) continue;
      if (other.instance !== instance) {
        return this.close(
          peer,
          `a worker named '${name}' is here already. Give this one another --name, or none.`,
          true,
        );
      }
      this.close(other.peer, 'connected again', false);
      this.lose(other, 'connected again', time, false);
    }
    const workers = Array.from(this.workers.values(), (other) => ({
      name: other.name,
      threads: other.threads,
    }));
    const worker: Worker = {
      peer,
      name,
      threads,
      instance,
      lastSeen: time,
      rttMs: 0,
      memoryBytes: undefined,
      draining: false,
      suspects: 0,
      batches: new Map(),
      finished: 0,
    };
    this.workers.set(peer, worker);
    this.threads += threads;
    this.place(worker);
    this.send(peer, { op: 'welcome', heartbeatMs: this.options.heartbeatMs, workers });
    this.tellAll({ op: 'joined', worker: name, threads });
    this.tell({ type: 'joined', worker: name, threads, time });
  }

  private drain(worker: Worker): void {
    worker.draining = true;
    this.place(worker);
  }

  /** A worker is gone: its batches go back; what was running is blamed, unless the worker left by its own will. */
  private lose(worker: Worker, reason: string, time: number, blame: boolean): void {
    this.workers.delete(worker.peer);
    this.threads -= worker.threads;
    const held = [...worker.batches.values()];
    // Batches are begun in the order of their numbers, so the first ones were running. Where one of them is under
    // suspicion, it is the cause, and those beside it are not to blame.
    const running = blame ? held.slice(0, worker.threads).filter(({ cancelled }) => !cancelled) : [];
    const suspicious = running.filter(({ tasks }) => tasks[0].suspect);
    const blamed = suspicious.length > 0 ? suspicious : running;
    for (const batch of held.reverse()) {
      this.release(batch, time); // the last one first, because each goes to the front of its queue
      const [task] = batch.tasks;
      if (!blamed.includes(batch)) this.giveBack(batch.tasks);
      else if (batch.tasks.length === 1) {
        this.tellBegun(batch, task, 0, time);
        this.blame(task, worker.name, 0, `${worker.name}: ${reason}`, time);
      } else {
        // Nobody knows which of them was running: each becomes a suspect, and the next loss tells.
        for (const each of batch.tasks) each.suspect = true;
        this.giveBack(batch.tasks);
      }
      for (const run of runsOf(batch)) this.settle(run);
    }
    this.place(worker);
    this.tellAll({ op: 'left', worker: worker.name, reason });
    this.tell({ type: 'left', worker: worker.name, reason, time });
  }

  // ---- clients

  private connect(peer: number, name: string, time: number): void {
    this.clients.set(peer, {
      peer,
      name,
      lastSeen: time,
      runs: new Map(),
      paces: new Map(),
      waiting: new Set(),
    });
    const workers = Array.from(this.workers.values(), (worker) => ({
      name: worker.name,
      threads: worker.threads,
    }));
    this.send(peer, { op: 'welcome', heartbeatMs: this.options.heartbeatMs, workers });
  }

  private submit(
    client: Client,
    { run: number, kind, retries, watched, tasks }: ToScheduler & { op: 'submit' },
    time: number,
  ): void {
    const run = client.runs.get(number) ?? this.newRun(client, number, kind, retries, watched);
    for (const { index, key, payload } of tasks) {
      run.queue.push({ run, index, key, payload, suspect: false, thrown: 0, losses: undefined });
      this.tell({ type: 'queued', task: key, time });
    }
    this.settle(run);
  }

  private newRun(client: Client, number: number, kind: string, retries: number, watched: boolean): Run {
    const pace = client.paces.get(kind) ?? { batchSize: 1, queued: 0 };
    client.paces.set(kind, pace);
    const run = {
      number,
      client,
      retries,
      watched,
      queue: new Queue(),
      batches: new Set<Batch>(),
      pace,
      batchSize: 1,
      counted: 0,
      over: false,
    };
    client.runs.set(number, run);
    return run;
  }

  private cancelRun(run: Run | undefined, time: number): void {
    if (!run) return;
    run.over = true;
    for (const { key } of run.queue) this.tell({ type: 'dropped', task: key, time });
    run.queue.clear();
    for (const batch of run.batches) {
      if (batch.cancelled) continue;
      // It stays with its worker until that has answered: only then is the thread free.
      batch.cancelled = true;
      this.place(batch.worker);
      this.send(batch.worker.peer, { op: 'cancel', batch: batch.number });
    }
    run.batches.clear();
    this.settle(run);
  }

  // ---- the course of a batch

  /** Hands out batches until no worker has room for what is queued. */
  private handOut(): void {
    for (let match = this.match(); match; match = this.match()) this.assign(match.worker, match.run);
    if (this.waiting.size === 0) this.takeBack();
  }

  /** Who is next: threads with nothing to do before those that get a batch ahead; clients, and their runs, in turn. */
  private match(): { worker: Worker; run: Run } | undefined {
    if (this.waiting.size === 0) return undefined;
    for (const row of [this.free, this.busy]) {
      for (const worker of row) {
        for (const client of this.waiting)
          for (const run of client.waiting) if (mayTake(worker, run)) return { worker, run };
      }
    }
    return undefined;
  }

  private assign(worker: Worker, run: Run): void {
    const tasks = drawBatch(worker, run, this.threads);
    const number = this.batches++;
    const batch: Batch = { number, worker, tasks, begun: false, cancelled: false, asked: false };
    worker.batches.set(batch.number, batch);
    worker.suspects += +tasks[0].suspect;
    const { client } = run;
    for (const each of runsOf(batch)) {
      each.batches.add(batch);
      client.waiting.delete(each); // behind the others, if there is more of it
      this.settle(each);
    }
    if (this.waiting.delete(client) && client.waiting.size > 0) this.waiting.add(client);
    this.place(worker);
    const packed = tasks.map(({ key, payload }) => ({ key, payload }));
    const watched = this.options.watched || tasks.some(({ run: each }) => each.watched);
    this.send(worker.peer, { op: 'assign', batch: batch.number, watched, tasks: packed });
  }

  /** The queue is empty: a thread with nothing to do gets what lies ahead of another one. */
  private takeBack(): void {
    while (this.loaded.size > 0 && this.free.size > 0 && this.freeThreads() > this.asked) {
      const worker = first(this.loaded)!;
      const batch = lastAhead(worker)!;
      batch.asked = true;
      this.asked++;
      this.place(worker);
      this.send(worker.peer, { op: 'takeBack', batch: batch.number });
    }
  }

  private freeThreads(): number {
    let free = 0;
    for (const { threads, batches } of this.free) free += threads - batches.size;
    return free;
  }

  private started(batch: Batch, thread: number, time: number): void {
    const { tasks, worker } = batch;
    const [{ run, index, key }] = tasks;
    batch.begun = true;
    if (run.over) return;
    this.send(run.client.peer, { op: 'started', run: run.number, index, worker: worker.name, thread, time });
    this.tell({ type: 'started', task: key, worker: worker.name, thread, time });
  }

  private ended(batch: Batch, message: ToScheduler & { op: 'done' | 'returned' }, time: number): void {
    const { worker, tasks } = batch;
    if (
      message.op === 'done' &&
      (message.count > tasks.length || message.times.length !== 2 * message.count)
    ) {
      this.close(
        worker.peer,
        `batch ${batch.number} has ${tasks.length} tasks, got ${message.count} results`,
        true,
      );
      return this.lose(worker, 'sent a malformed result', time, false);
    }
    this.release(batch, time);
    this.place(worker);
    if (message.op === 'returned') this.giveBack(tasks);
    else this.done(batch, message, time);
    for (const run of runsOf(batch)) this.settle(run);
  }

  private done(batch: Batch, message: ToScheduler & { op: 'done' }, time: number): void {
    const { worker, tasks } = batch;
    const { count, thread, error, lost } = message;
    worker.finished += count;
    if (count > 0) this.finished(batch, message, time);
    const culprit = error ? tasks[count] : lost ? tasks[lost.at] : undefined;
    this.giveBack(tasks.slice(count).filter((task) => task !== culprit));
    if (culprit === undefined || culprit.run.over) return;
    this.tellBegun(batch, culprit, thread, time);
    if (error) this.threw(culprit, worker.name, thread, error, time);
    if (lost) this.blame(culprit, worker.name, thread, `${worker.name}: ${lost.ended}`, time);
  }

  private finished(batch: Batch, message: ToScheduler & { op: 'done' }, time: number): void {
    const { worker, tasks } = batch;
    const { count, thread, times, values } = message;
    const finished = tasks.slice(0, count);
    learnSize(batch, (times[2 * count - 1] - times[0]) / count);
    if (finished.every(({ run }) => run.over)) return;
    const runs = finished.map(({ run }) => run.number);
    const indices = finished.map(({ index }) => index);
    this.send(tasks[0].run.client.peer, {
      op: 'finished',
      runs,
      indices,
      worker: worker.name,
      thread,
      times,
      values,
    });
    if (this.options.watched) this.tellFinished(batch, message, time);
  }

  private threw(
    task: Entry,
    worker: string,
    thread: number,
    error: NonNullable<(ToScheduler & { op: 'done' })['error']>,
    time: number,
  ): void {
    const retried = ++task.thrown <= task.run.retries;
    this.failed(task, { worker, thread, retried }, { error }, error.message, time);
  }

  private blame(task: Entry, worker: string, thread: number, how: string, time: number): void {
    task.losses = [...(task.losses ?? []), how];
    task.suspect = true;
    const retried = task.losses.length <= LOSSES_ALLOWED;
    this.failed(task, { worker, thread, retried }, { ended: [...task.losses] }, how, time);
  }

  private failed(
    task: Entry,
    what: { readonly worker: string; readonly thread: number; readonly retried: boolean },
    why: Pick<FromScheduler & { op: 'failed' }, 'error' | 'ended'>,
    message: string,
    time: number,
  ): void {
    const { run, index, key } = task;
    if (what.retried) run.queue.unshift(task);
    this.send(run.client.peer, { op: 'failed', run: run.number, index, ...what, ...why });
    this.tell({ type: 'failed', task: key, ...what, message, time });
  }

  /** Takes a batch from its worker and its runs. */
  private release(batch: Batch, time: number): void {
    const { worker, tasks } = batch;
    worker.batches.delete(batch.number);
    worker.suspects -= +tasks[0].suspect;
    for (const { key, run } of tasks)
      if (run.over) this.tell({ type: 'dropped', task: key, worker: worker.name, time });
    for (const run of runsOf(batch)) run.batches.delete(batch);
    if (batch.asked) this.asked--;
  }

  /** Puts tasks at the front of their queues, in their order. */
  private giveBack(tasks: readonly Entry[]): void {
    for (let i = tasks.length - 1; i >= 0; i--) if (!tasks[i].run.over) tasks[i].run.queue.unshift(tasks[i]);
  }

  // ---- keeping books

  /** Puts a run where its queue says, last thing of all: among those waiting, or nowhere when nothing of it is left. */
  private settle(run: Run): void {
    const { client, pace } = run;
    pace.queued += run.queue.length - run.counted;
    run.counted = run.queue.length;
    if (run.queue.length > 0) client.waiting.add(run);
    else client.waiting.delete(run);
    if (client.waiting.size > 0) this.waiting.add(client);
    else this.waiting.delete(client);
    if (run.queue.length === 0 && run.batches.size === 0 && client.runs.get(run.number) === run)
      client.runs.delete(run.number);
  }

  /** Puts a worker where its batches say; last in its row, so that the next batch goes to another one. */
  private place(worker: Worker): void {
    const open = this.workers.get(worker.peer) === worker && !worker.draining;
    const { threads, batches } = worker;
    put(this.free, worker, open && batches.size < threads);
    put(this.busy, worker, open && batches.size >= threads && batches.size < 2 * threads);
    put(this.loaded, worker, open && lastAhead(worker) !== undefined);
  }

  private closed(peer: number, reason: string, time: number): void {
    const worker = this.workers.get(peer);
    if (worker) this.lose(worker, worker.draining ? 'drained' : reason, time, !worker.draining);
    const client = this.clients.get(peer);
    if (!client) return;
    for (const run of client.runs.values()) this.cancelRun(run, time);
    this.clients.delete(peer);
  }

  private tick(time: number): void {
    const { heartbeatMs } = this.options;
    const gap = time - this.lastTick;
    this.lastTick = time;
    for (const peer of [...this.workers.values(), ...this.clients.values()]) {
      // Was it this scheduler that was held up? Then what the others said meanwhile is still to be read.
      if (gap > 2 * heartbeatMs) peer.lastSeen += gap;
      if (time - peer.lastSeen <= DEADLINE_BEATS * heartbeatMs) continue;
      const reason = `no sign of life for ${(time - peer.lastSeen) / 1000} s`;
      this.close(peer.peer, reason, false);
      this.closed(peer.peer, reason, time);
    }
  }

  private status(peer: number): void {
    const workers = Array.from(this.workers.values(), ({ batches, ...worker }) => {
      const { name, threads, finished, draining, memoryBytes } = worker;
      const running = Math.min(threads, batches.size);
      return { name, threads, running, ahead: batches.size - running, finished, draining, memoryBytes };
    });
    let waiting = 0;
    for (const client of this.waiting) for (const run of client.waiting) waiting += run.queue.length;
    this.send(peer, { op: 'status', workers, clients: this.clients.size, waiting });
  }

  /** Who hears of a task's end has heard that it was begun. */
  private tellBegun({ tasks, worker, begun }: Batch, task: Entry, thread: number, time: number): void {
    if (task === tasks[0] && begun) return;
    this.tell({ type: 'started', task: task.key, worker: worker.name, thread, time });
  }

  private tellFinished(
    batch: Batch,
    { thread, count, times }: ToScheduler & { op: 'done' },
    time: number,
  ): void {
    const { tasks, worker } = batch;
    for (let i = 0; i < count; i++) {
      if (tasks[i].run.over) continue;
      const [start, end] = [times[2 * i], times[2 * i + 1]];
      const where = { task: tasks[i].key, worker: worker.name, thread };
      this.tellBegun(batch, tasks[i], thread, start);
      this.tell({ type: 'finished', ...where, start, end, time });
    }
  }

  private send(peer: number, message: FromScheduler): void {
    this.commands.push({ type: 'send', peer, message });
  }

  private tellAll(message: FromScheduler): void {
    for (const peer of this.clients.keys()) this.send(peer, message);
  }

  /** Workers that come and go are told always, for the log; tasks only to who watches. */
  private tell(event: ExecutorEvent): void {
    if (this.options.watched || !('task' in event)) this.commands.push({ type: 'tell', event });
  }

  private close(peer: number, reason: string, final: boolean): void {
    this.commands.push({ type: 'close', peer, reason, final });
  }
}

/** Whether there is something in the run's queue that the worker may be given. */
export function mayTake(worker: Worker, { queue }: Run): boolean {
  return queue.ordinary > 0 || (worker.suspects === 0 && queue.length > 0);
}

/** The last batch that waits behind those which run, and was not asked for yet. */
export function lastAhead({ batches, threads }: Worker): Batch | undefined {
  let last: Batch | undefined;
  let position = 0;
  for (const batch of batches.values()) {
    if (position++ >= threads && !batch.asked && !batch.cancelled) last = batch;
  }
  return last;
}

function put<T>(set: Set<T>, item: T, member: boolean): void {
  set.delete(item);
  if (member) set.add(item);
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const item of set) return item;
  return undefined;
}
