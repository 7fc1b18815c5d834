// The scheduler's machine: which task goes to which worker, and what follows when one of them is lost or slow.
//
// From clients:    hello, submit, cancel         To clients:    welcome, started, finished, failed, workers
// From workers:    hello, started, done, leave   To workers:    welcome, assign, stop
// (`lola status` sends hello and gets welcome, nothing else. For a `close`, the shell sends `bye`.)
// From its shell:  tick, congested               To its shell:  queued, dropped (for those who watch)
//
// A task (Entry) is in one of two places: in the queue of its line (the tasks of one kind of one client), or in a batch
// that is with a worker. For example, with two workers of one thread, a client that submitted 12 tasks, and task-0 done:
//
//   waiting  { client-0, countInside: task-4 .. task-11 }             served next: the first line
//   free     { }                                                      workers with room; served next: the first
//   workers  { worker-0: batch 2 = task-2 task-3, worker-1: batch 1 = task-1 }
//
// As worker-1 answers, it is given batch 3 = task-4 task-5. If worker-0 dies, task-2 and task-3 become suspects and go back
// to the front: from now on each travels alone, so that the next loss tells which one kills its workers. If worker-0 is
// only slow, and a worker has nothing else to do, batch 2 is given to that one as well: the first answer counts.
import { Pace } from '../task/pace.js';
import { MOST_SUBMITTED, type FromScheduler, type ToScheduler } from './messages.js';
import {
  Queue,
  forget,
  hasSuspect,
  isEmpty,
  isMalformed,
  isSlow,
  isWanted,
  mayTake,
  statusOf,
} from './records.js';
import type { Assignment, Batch, Client, Entry, Line, SchedulerEvent, Worker } from './records.js';
import type { NetAction, StateMachine } from './state-machine.js';

/** What the scheduler wants done. Not for the wire: the tasks a message is about, `queued`, and `dropped`. */
export type SchedulerAction =
  | (NetAction<FromScheduler> & { readonly about?: readonly Entry[] })
  /** The task has come; or its client has cancelled it or is gone, while `worker` had it. */
  | { readonly type: 'queued' | 'dropped'; readonly task: Entry; readonly worker?: string };

/** What a scheduler's machine may be given. */
export interface SchedulerMachineOptions {
  /** For the peers: how often they must show that they are alive (ms). */
  readonly heartbeatMs: number;
  /** The first batch's number: a scheduler that takes another's place must not repeat its numbers. */
  readonly firstBatch: number;
}

/** How often slow batches are looked for (ms). */
export const TICK_MS = 250;
/** A task that was alone when more workers or threads than this were lost is taken to be the cause. */
export const LOSSES_ALLOWED = 3;
const BATCH_BYTES = 16 * 2 ** 20;

export class SchedulerMachine implements StateMachine<SchedulerEvent, SchedulerAction> {
  readonly workers = new Map<number, Worker>();
  readonly clients = new Map<number, Client>();
  /** Lines with queued tasks; the first is served next. */
  readonly waiting = new Set<Line>();
  /** Workers with a thread that has nothing to do; the first is served next. */
  readonly free = new Set<Worker>();
  /** Threads of all workers. */
  threads = 0;
  private nextBatch: number;
  private now = 0;
  private actions: SchedulerAction[] = [];

  constructor(private readonly options: SchedulerMachineOptions) {
    this.nextBatch = options.firstBatch;
  }

  handle(event: SchedulerEvent, now: number): readonly SchedulerAction[] {
    this.now = now;
    this.actions = [];
    if (event.type === 'message') this.message(event.peer, event.message);
    else if (event.type === 'closed') this.closed(event.peer, event.reason, event.blame);
    else if (event.type === 'congested') this.congested(event.peer, event.congested);
    for (let next = this.match(); next; next = this.match()) this.assign(next.worker, next.line);
    if (event.type === 'tick') this.backUp();
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
      if (worker) this.updateFree(Object.assign(worker, { leaving: true }));
    } else {
      const assignment = worker?.assignments.get(message.batch);
      if (!assignment) return; // late, sent twice, or of a worker that was lost in the meantime
      if (message.op === 'started') this.started(assignment, message.thread, message.age);
      else this.done(assignment, message);
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

  private hello(peer: number, hello: ToScheduler<'hello'>): void {
    const isWorker = hello.role === 'worker';
    if (isWorker && !this.join(peer, hello)) return;
    const fresh = { entries: new Map(), bytes: 0, congested: false, lines: new Map() };
    if (hello.role === 'client') this.clients.set(peer, { peer, name: hello.name, ...fresh });
    const { heartbeatMs } = this.options;
    let waiting = 0;
    for (const { queue } of this.waiting) waiting += queue.length;
    const workers = isWorker ? [] : Array.from(this.workers.values(), statusOf);
    this.send([peer], { op: 'welcome', heartbeatMs, workers, clients: this.clients.size, waiting });
  }

  private join(peer: number, { name, threads, instance, memoryBytes }: ToScheduler<'hello'>): boolean {
    const other = [...this.workers.values()].find((each) => each.name === name);
    if (other && other.instance !== instance) {
      const reason = `a worker named '${name}' is here already. Give this one another --name, or none.`;
      this.actions.push({ type: 'close', peer, reason });
      return false;
    }
    if (other) {
      this.actions.push({ type: 'cut', peer: other.peer, reason: 'connected again' });
      this.lose(other, 'connected again', false);
    }
    const fresh = { roundTripMs: 0, leaving: false, finished: 0 };
    const worker: Worker = { peer, name, threads, instance, memoryBytes, assignments: new Map(), ...fresh };
    this.workers.set(peer, worker);
    this.threads += threads;
    this.updateFree(worker);
    this.tellClients({ joined: [{ name, threads }], left: [] });
    return true;
  }

  /** A worker is gone: its tasks go back. With `blame`, the batches it had note the loss; `end` acts on it. */
  private lose(worker: Worker, reason: string, blame: boolean): void {
    this.workers.delete(worker.peer);
    this.threads -= worker.threads;
    this.updateFree(worker);
    const running = [...worker.assignments.values()].filter((each) => each.batch.assignments.delete(each));
    const batches = running.map(({ batch }) => batch).reverse(); // because each goes to the front of its queue
    const hasSuspects = batches.some(({ tasks }) => tasks[0].suspect);
    for (const batch of batches) {
      // If a suspect is among them, it is the cause, and the tasks beside it are not to blame.
      if (blame && (!hasSuspects || batch.tasks[0].suspect))
        batch.losses.push({ worker, how: `${worker.name}: ${reason}` });
      if (batch.assignments.size === 0) this.end(batch); // no other worker has it
    }
    this.tellClients({ joined: [], left: [{ name: worker.name, reason }] });
  }

  // ---- a client's tasks

  private submit(client: Client, { kind, tasks }: ToScheduler<'submit'>): void {
    const line = client.lines.get(kind) ?? { client, queue: new Queue(), paces: new WeakMap(), meanMs: NaN };
    client.lines.set(kind, line);
    for (const { id, key, payload } of tasks) {
      if (client.entries.has(id)) continue; // sent twice
      const task: Entry = { id, key, payload, line, suspect: false, losses: [] };
      client.entries.set(id, task);
      client.bytes += payload.length;
      line.queue.push(task);
      this.actions.push({ type: 'queued', task });
    }
    this.updateWaiting(line);
    if (client.entries.size <= MOST_SUBMITTED) return;
    const reason = `it has more than ${MOST_SUBMITTED} unfinished tasks here. Wait for their results.`;
    this.actions.push({ type: 'close', peer: client.peer, reason });
    this.closed(client.peer, reason, false);
  }

  /** Drops tasks and ends their batches. What others want of these batches runs again. */
  private cancel(client: Client, ids: readonly number[]): void {
    const dropped = ids.flatMap((id) => client.entries.get(id) ?? []);
    for (const task of dropped) {
      forget(task);
      const [assignment] = task.batch?.assignments ?? [];
      this.actions.push({ type: 'dropped', task, worker: assignment?.worker.name });
    }
    for (const { batch } of dropped) if (batch) this.end(batch);
    for (const line of new Set(dropped.map((task) => task.line))) {
      line.queue.sweep();
      this.updateWaiting(line);
    }
  }

  /** A client that reads too slowly is given no more results to read: what it wants computed waits. */
  private congested(peer: number, congested: boolean): void {
    const client = this.clients.get(peer);
    if (client) client.congested = congested;
    for (const line of client?.lines.values() ?? []) this.updateWaiting(line);
  }

  // ---- the course of a batch

  /** The next worker and the line it takes from: each in turn. */
  private match(): { worker: Worker; line: Line } | undefined {
    for (const worker of this.free)
      for (const line of this.waiting) if (mayTake(worker, line)) return { worker, line };
    return undefined;
  }

  private assign(worker: Worker, line: Line): void {
    const { queue, paces } = line;
    const pace = paces.get(worker) ?? new Pace();
    paces.set(worker, pace);
    const [suspect] = hasSuspect(worker) ? [] : queue.takeSuspect();
    const tasks = suspect ? [suspect] : queue.take(pace.next(queue.length, this.threads), BATCH_BYTES);
    const batch: Batch = { number: this.nextBatch++, tasks, assignments: new Set(), losses: [] };
    for (const task of tasks) task.batch = batch;
    this.waiting.delete(line); // behind the others, if there is more of it
    this.updateWaiting(line);
    this.give(worker, batch);
  }

  private give(worker: Worker, batch: Batch): void {
    const assignment = { batch, worker, sent: this.now };
    batch.assignments.add(assignment);
    worker.assignments.set(batch.number, assignment);
    this.updateFree(worker);
    const tasks = batch.tasks.map(({ key, payload }) => ({ key, payload }));
    this.send([worker.peer], { op: 'assign', batch: batch.number, tasks });
  }

  /** Gives slow batches also to workers that have nothing else to do, as at the end of a run. */
  private backUp(): void {
    for (const { assignments } of this.workers.values())
      for (const assignment of assignments.values()) {
        if (this.free.size === 0) return;
        const { batch } = assignment;
        const other = [...this.free].find((worker) => !worker.assignments.has(batch.number));
        if (other && isSlow(assignment, this.now)) this.give(other, batch);
      }
  }

  private started(assignment: Assignment, thread: number, age: number): void {
    const { batch, worker } = assignment;
    const [task] = batch.tasks;
    if (!isWanted(task) || !batch.assignments.has(assignment)) return; // or the batch is over: its tasks wait again
    const { id, line } = task;
    this.send([line.client.peer], { op: 'started', id, worker: worker.name, thread, age }, [task]);
  }

  private done(assignment: Assignment, done: ToScheduler<'done'>): void {
    const { batch, worker } = assignment;
    const { tasks, number, assignments } = batch;
    const { count, thread, error, lost } = done;
    if (isMalformed(assignment, done)) {
      const reason = `sent a malformed result: batch ${number} has ${tasks.length} tasks`;
      this.actions.push({ type: 'close', peer: worker.peer, reason });
      return this.lose(worker, reason, false); // the worker is at fault, not what it was running
    }
    worker.assignments.delete(number);
    worker.memoryBytes = done.memoryBytes ?? worker.memoryBytes;
    this.updateFree(worker);
    if (!assignments.delete(assignment)) return; // the batch is over: cancelled, or another worker was faster
    if (isEmpty(done) && assignments.size > 0) return; // given back, and another worker has it
    if (count > 0) this.finished(assignment, done);
    if (error) this.failed(tasks[count], worker, thread, { retried: false, error });
    if (lost) this.lost(tasks[lost.at], worker, thread, `${worker.name}: ${lost.ended}`);
    this.end(batch);
  }

  private finished({ batch, worker, sent }: Assignment, done: ToScheduler<'done'>): void {
    const { count, thread, ages, values } = done;
    // A busy machine answers late now and then; only what lasts may change how much is sent together.
    worker.roundTripMs = Math.max(0, Math.min(this.now - sent - ages[0], 2 * worker.roundTripMs + 0.1));
    worker.finished += count;
    const tasks = batch.tasks.slice(0, count);
    const [{ line }] = tasks;
    const meanMs = (ages[0] - ages[2 * count - 1]) / count;
    line.paces.get(worker)?.learn(meanMs, worker.roundTripMs);
    line.meanMs = Number.isNaN(line.meanMs) ? meanMs : 0.8 * line.meanMs + 0.2 * meanMs;
    tasks.forEach(forget);
    const ids = tasks.map(({ id }) => id);
    this.send([line.client.peer], { op: 'finished', ids, worker: worker.name, thread, ages, values }, tasks);
  }

  /** Workers that ran this batch were lost. Each of its tasks is a suspect: the next loss will tell. */
  private blame({ tasks, losses }: Batch): void {
    if (losses.length > 0) for (const task of tasks) task.suspect = true;
    for (const { worker, how } of losses)
      if (tasks.length === 1 && isWanted(tasks[0])) this.lost(tasks[0], worker, 0, how);
  }

  private lost(task: Entry, worker: Worker, thread: number, how: string): void {
    task.losses.push(how);
    task.suspect = true;
    const retried = task.losses.length <= LOSSES_ALLOWED;
    this.failed(task, worker, thread, { retried, ended: [...task.losses] });
  }

  private failed(
    task: Entry,
    worker: Worker,
    thread: number,
    how: Pick<FromScheduler<'failed'>, 'retried' | 'error' | 'ended'>,
  ) {
    const { id, line } = task;
    if (!how.retried) forget(task);
    this.send([line.client.peer], { op: 'failed', id, worker: worker.name, thread, ...how }, [task]);
  }

  /** A batch is over: workers that still have it stop, and its unfinished tasks go to the front of their line. */
  private end(batch: Batch): void {
    const { number, tasks, assignments } = batch;
    const peers = Array.from(assignments, ({ worker }) => worker.peer);
    if (peers.length > 0) this.send(peers, { op: 'stop', batch: number });
    assignments.clear();
    this.blame(batch);
    for (const task of tasks.toReversed()) {
      task.batch = undefined;
      if (isWanted(task)) task.line.queue.unshift(task);
    }
    this.updateWaiting(tasks[0].line);
  }

  // ---- keeping books

  /** Puts a line where its queue says: among those that wait, or not. */
  private updateWaiting(line: Line): void {
    if (line.queue.length > 0 && !line.client.congested) this.waiting.add(line);
    else this.waiting.delete(line);
  }

  /** Puts a worker last among the free ones, or removes it if it has no room, leaves or is gone. */
  private updateFree(worker: Worker): void {
    this.free.delete(worker);
    const { peer, threads, assignments, leaving } = worker;
    if (this.workers.get(peer) === worker && !leaving && assignments.size < threads) this.free.add(worker);
  }

  private tellClients(change: Pick<FromScheduler<'workers'>, 'joined' | 'left'>): void {
    this.send([...this.clients.keys()], { op: 'workers', ...change });
  }

  private send(peers: readonly number[], message: FromScheduler, about?: readonly Entry[]): void {
    this.actions.push({ type: 'send', peers, message, about });
  }
}
