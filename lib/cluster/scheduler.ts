// The scheduler's machine: which task goes to which worker, and what follows when one of them is lost.
//
// From clients:  hello, submit, cancel       To clients:  welcome, started, finished, failed, workers
// From workers:  hello, started, done, leave To workers:  welcome, assign, stop
//
// A task (Entry) is in one of two places: in the queue of its line (the tasks of one kind of one client), or in one
// batch, which is with one worker. For example, with two workers of one thread and a client that submitted 12 tasks:
//
//   waiting  { line(client-0, countInside): queue [task-4 .. task-11], pace 2 }     served next: the first line
//   free     { worker-1 }                                                           served next: the first worker
//   workers  { worker-0: batches { 7: [task-2, task-3] }, worker-1: batches {} }
//
// The next event hands batch 8 = [task-4, task-5] to worker-1. If worker-0 dies, task-2 and task-3 become suspects and
// go back to the front: from now on each travels alone, so that the next loss tells which one kills its workers.
import { Pace } from '../task/pace.js';
import type { Do, Machine } from './machine.js';
import type { FromScheduler, ToScheduler } from './messages.js';
import { Entries, Queue, hasSuspect, isMalformed, mayTake, statusOf } from './records.js';
import type { Batch, Client, Entry, Line, SchedulerEvent, Worker } from './records.js';

/**
 * What the scheduler wants done. For those who watch, not for the wire: the tasks that a message is about, and `drop`,
 * the tasks of a client that has cancelled them or is gone.
 */
export type SchedulerAction =
  | (Do<FromScheduler> & { readonly about?: readonly Entry[] })
  | { readonly type: 'drop'; readonly about: readonly Entry[] };

/** What a scheduler's machine may be given. */
export interface SchedulerMachineOptions {
  /** For the peers: how often they must show that they are alive (ms). */
  readonly heartbeatMs: number;
  /** The first batch's number: a scheduler that takes another's place must not repeat its numbers. */
  readonly firstBatch: number;
  /** Somebody watches: workers say when they start each batch. */
  readonly watched: boolean;
}

/** A task that was running on more lost workers than this is taken to be the cause. */
export const LOSSES_ALLOWED = 3;
const BATCH_BYTES = 16 * 2 ** 20;

type Submit = ToScheduler & { op: 'submit' };
type Hello = ToScheduler & { op: 'hello' };
type Done = ToScheduler & { op: 'done' };

export class SchedulerMachine implements Machine<SchedulerEvent, SchedulerAction> {
  readonly workers = new Map<number, Worker>();
  readonly clients = new Map<number, Client>();
  /** Lines with queued tasks; the first is served next. */
  readonly waiting = new Set<Line>();
  /** Workers with a thread that has nothing to do; the first is served next. */
  readonly free = new Set<Worker>();
  /** Threads of all workers. */
  threads = 0;
  private batches: number;
  private now = 0;
  private actions: SchedulerAction[] = [];

  constructor(private readonly options: SchedulerMachineOptions) {
    this.batches = options.firstBatch;
  }

  handle(event: SchedulerEvent, now: number): readonly SchedulerAction[] {
    this.now = now;
    this.actions = [];
    if (event.type === 'message') this.message(event.peer, event.message);
    else if (event.type === 'closed') this.closed(event.peer, event.reason, event.blame);
    else if (event.type === 'congested') this.congested(event.peer, event.congested);
    this.assignAll();
    return this.actions;
  }

  /** A message counts only from a peer that may send it; an answer, only for a batch that the worker has now. */
  private message(peer: number, message: ToScheduler): void {
    const worker = this.workers.get(peer);
    const client = this.clients.get(peer);
    if (message.op === 'hello') {
      if (!worker && !client) this.hello(peer, message);
    } else if (message.op === 'submit') {
      if (client) this.submit(client, message);
    } else if (message.op === 'cancel') {
      if (client) this.cancel(client, message.ids);
    } else if (message.op === 'leave') {
      if (worker) this.leave(worker);
    } else {
      const batch = worker?.batches.get(message.batch);
      if (!batch) return; // late, sent twice, or of a worker that was lost in the meantime
      if (message.op === 'started') this.started(batch, message.thread, message.age);
      else this.done(batch, message);
    }
  }

  private closed(peer: number, reason: string, blame: boolean): void {
    const worker = this.workers.get(peer);
    if (worker) this.lose(worker, worker.leaving ? 'drained' : reason, blame && !worker.leaving);
    const client = this.clients.get(peer);
    if (!client) return;
    this.cancel(client, [...client.entries.keys()]);
    this.clients.delete(peer);
  }

  // ---- peers that join and leave

  private hello(peer: number, hello: Hello): void {
    const { heartbeatMs } = this.options;
    if (hello.role === 'worker') {
      if (!this.join(peer, hello)) return;
      return this.send([peer], { op: 'welcome', heartbeatMs, workers: [], clients: 0, waiting: 0 });
    }
    if (hello.role === 'client')
      this.clients.set(peer, {
        peer,
        name: hello.name,
        entries: new Entries(),
        congested: false,
        lines: new Map(),
      });
    let waiting = 0;
    for (const { queue } of this.waiting) waiting += queue.length;
    const workers = Array.from(this.workers.values(), statusOf);
    this.send([peer], { op: 'welcome', heartbeatMs, workers, clients: this.clients.size, waiting });
  }

  private join(peer: number, { name, threads, instance, memoryBytes }: Hello): boolean {
    const other = [...this.workers.values()].find((each) => each.name === name);
    if (other && other.instance !== instance) {
      const reason = `a worker named '${name}' is here already. Give this one another --name, or none.`;
      this.close(peer, reason, true);
      return false;
    }
    if (other) {
      this.close(other.peer, 'connected again', false);
      this.lose(other, 'connected again', false);
    }
    const fresh = { roundTripMs: 0, leaving: false, finished: 0 };
    const worker: Worker = { peer, name, threads, instance, memoryBytes, batches: new Map(), ...fresh };
    this.workers.set(peer, worker);
    this.threads += threads;
    this.place(worker);
    this.tellClients({ joined: [{ name, threads }], left: [] });
    return true;
  }

  private leave(worker: Worker): void {
    worker.leaving = true;
    this.place(worker);
  }

  /** A worker is gone: its tasks go back. What it was running is blamed, unless it left by its own will. */
  private lose(worker: Worker, reason: string, blame: boolean): void {
    this.workers.delete(worker.peer);
    this.threads -= worker.threads;
    const running = [...worker.batches.values()];
    const blamed = blame ? running.filter(({ stopped }) => !stopped) : [];
    // If a suspect is among them, it is the cause, and the tasks beside it are not to blame.
    const suspects = blamed.filter(({ tasks }) => tasks[0].suspect);
    for (const batch of running.reverse()) {
      this.release(batch); // the last one first, because each goes to the front of its queue
      if (suspects.length > 0 ? suspects.includes(batch) : blamed.includes(batch))
        this.blame(batch, `${worker.name}: ${reason}`);
      this.giveBack(batch.tasks);
    }
    this.place(worker);
    this.tellClients({ joined: [], left: [{ name: worker.name, reason }] });
  }

  // ---- a client's tasks

  private submit(client: Client, { kind, retries, watched, tasks }: Submit): void {
    const line = client.lines.get(kind) ?? { client, queue: new Queue(), pace: new Pace() };
    client.lines.set(kind, line);
    for (const { id, key, payload } of tasks) {
      if (client.entries.has(id)) continue; // sent twice
      const fresh = { cancelled: false, suspect: false, thrown: 0, losses: [] };
      const entry: Entry = { id, key, payload, line, retries, watched, ...fresh };
      client.entries.set(id, entry);
      line.queue.push(entry);
    }
    this.queued(line);
  }

  /** Drops tasks. One that runs stays with its worker until that has answered: only then is the thread free. */
  private cancel(client: Client, ids: readonly number[]): void {
    const dropped: Entry[] = [];
    for (const id of ids) {
      const entry = client.entries.get(id);
      if (!entry) continue;
      entry.cancelled = true;
      client.entries.delete(id);
      dropped.push(entry);
      if (entry.batch && !entry.batch.stopped) this.stop(entry.batch);
    }
    for (const line of new Set(dropped.filter(({ batch }) => !batch).map(({ line }) => line))) {
      line.queue.remove(({ cancelled }) => cancelled);
      this.queued(line);
    }
    if (dropped.length > 0) this.actions.push({ type: 'drop', about: dropped });
  }

  private stop(batch: Batch): void {
    batch.stopped = true;
    this.send([batch.worker.peer], { op: 'stop', batch: batch.number });
  }

  /** A client that reads too slowly is given no more results to read: what it wants computed waits. */
  private congested(peer: number, congested: boolean): void {
    const client = this.clients.get(peer);
    if (client) client.congested = congested;
    for (const line of client?.lines.values() ?? []) this.queued(line);
  }

  // ---- the course of a batch

  /** Hands out batches until no free worker may take what is queued. */
  private assignAll(): void {
    for (let next = this.match(); next; next = this.match()) this.assign(next.worker, next.line);
  }

  /** The next worker and the line it takes from: each in turn. */
  private match(): { worker: Worker; line: Line } | undefined {
    for (const worker of this.free)
      for (const line of this.waiting) if (mayTake(worker, line)) return { worker, line };
    return undefined;
  }

  private assign(worker: Worker, line: Line): void {
    const { queue, pace } = line;
    const [suspect] = hasSuspect(worker) ? [] : queue.takeSuspect();
    const tasks = suspect ? [suspect] : queue.take(pace.next(queue.length, this.threads), BATCH_BYTES);
    const batch: Batch = { number: this.batches++, worker, tasks, sent: this.now, stopped: false };
    for (const entry of tasks) entry.batch = batch;
    worker.batches.set(batch.number, batch);
    this.waiting.delete(line); // behind the others, if there is more of it
    this.queued(line);
    this.place(worker);
    const watched = this.options.watched || tasks.some((entry) => entry.watched);
    const packed = tasks.map(({ key, payload }) => ({ key, payload }));
    this.send([worker.peer], { op: 'assign', batch: batch.number, watched, tasks: packed });
  }

  private started(batch: Batch, thread: number, age: number): void {
    const { tasks, worker } = batch;
    const [{ id, line, cancelled }] = tasks;
    if (cancelled) return;
    this.send([line.client.peer], { op: 'started', id, worker: worker.name, thread, age }, [tasks[0]]);
  }

  private done(batch: Batch, done: Done): void {
    const { tasks, worker } = batch;
    const { count, thread, error, lost } = done;
    if (isMalformed(batch, done)) {
      const reason = `sent a malformed result: batch ${batch.number} has ${tasks.length} tasks`;
      this.close(worker.peer, reason, true);
      return this.lose(worker, reason, false); // the worker is at fault, not what it was running
    }
    this.release(batch);
    worker.finished += count;
    worker.memoryBytes = done.memoryBytes;
    if (count > 0) this.finished(batch, done);
    this.place(worker);
    if (error && !tasks[count].cancelled) {
      const retried = ++tasks[count].thrown <= tasks[count].retries;
      this.failed(tasks[count], worker, thread, retried, { error });
    }
    if (lost) this.lost(tasks[lost.at], worker, thread, `${worker.name}: ${lost.ended}`);
    this.giveBack(tasks.slice(count));
  }

  private finished(batch: Batch, { count, thread, ages, values }: Done): void {
    const { worker } = batch;
    const roundTripMs = this.now - batch.sent - ages[0];
    // A busy machine answers late now and then; only what lasts may change how much is sent together.
    worker.roundTripMs = Math.max(0, Math.min(roundTripMs, 2 * worker.roundTripMs + 0.1));
    const { client, pace } = batch.tasks[0].line;
    pace.learn((ages[0] - ages[2 * count - 1]) / count, worker.roundTripMs);
    const tasks = batch.tasks.slice(0, count);
    for (const { id, cancelled } of tasks) if (!cancelled) client.entries.delete(id);
    if (tasks.every(({ cancelled }) => cancelled)) return;
    const ids = tasks.map(({ id }) => id);
    this.send([client.peer], { op: 'finished', ids, worker: worker.name, thread, ages, values }, tasks);
  }

  /** A worker is gone that ran this batch. If it had several tasks, each is a suspect: the next loss will tell. */
  private blame({ tasks, worker }: Batch, how: string): void {
    if (tasks.length === 1) this.lost(tasks[0], worker, 0, how);
    else for (const task of tasks) task.suspect = true;
  }

  private lost(task: Entry, worker: Worker, thread: number, how: string): void {
    if (task.cancelled) return;
    task.losses.push(how);
    task.suspect = true;
    this.failed(task, worker, thread, task.losses.length <= LOSSES_ALLOWED, { ended: [...task.losses] });
  }

  private failed(
    task: Entry,
    { name }: Worker,
    thread: number,
    retried: boolean,
    why: Pick<FromScheduler & { op: 'failed' }, 'error' | 'ended'>,
  ): void {
    const { client } = task.line;
    if (!retried) {
      client.entries.delete(task.id);
      task.cancelled = true; // it does not go back
    }
    this.send([client.peer], { op: 'failed', id: task.id, worker: name, thread, retried, ...why }, [task]);
  }

  // ---- keeping books

  /** Takes a batch from its worker. */
  private release({ number, worker, tasks }: Batch): void {
    worker.batches.delete(number);
    for (const task of tasks) task.batch = undefined;
  }

  /** Puts tasks at the front of their line, in their order. */
  private giveBack(tasks: readonly Entry[]): void {
    for (const task of tasks.toReversed()) if (!task.cancelled) task.line.queue.unshift(task);
    if (tasks.length > 0) this.queued(tasks[0].line);
  }

  /** Puts a line where its queue says: among those that wait, or not. */
  private queued(line: Line): void {
    if (line.queue.length > 0 && !line.client.congested) this.waiting.add(line);
    else this.waiting.delete(line);
  }

  /** Puts a worker where its batches say: last among the free, so that the next batch goes to another one, or not there. */
  private place(worker: Worker): void {
    this.free.delete(worker);
    const { peer, threads, batches, leaving } = worker;
    if (this.workers.get(peer) === worker && !leaving && batches.size < threads) this.free.add(worker);
  }

  private tellClients(change: Pick<FromScheduler & { op: 'workers' }, 'joined' | 'left'>): void {
    this.send([...this.clients.keys()], { op: 'workers', ...change });
  }

  private send(peers: readonly number[], message: FromScheduler, about?: readonly Entry[]): void {
    this.actions.push({ type: 'send', peers, message, about });
  }

  private close(peer: number, reason: string, final: boolean): void {
    this.actions.push({ type: 'close', peer, reason, final });
  }
}
