// The client's machine: which tasks of its runs are with the scheduler, and whose results have come.
//
// From the scheduler: welcome, started, finished, failed, workers      To the scheduler: hello, submit, cancel
// From its shell: run, settled
//
// For example, with two runs under way on a cluster of one thread, which has finished eight tasks:
//
//   runs       { A: 8 9 10 11, B: 12 13 14 15 }      their tasks with the scheduler, by id
//   drawing    { A, B }                              runs that may have more; served next: A
//   submitted  { 8: a-8, 9: a-9, 10: a-10, 11: a-11, 12: b-0, 13: b-1, 14: b-2, 15: b-3 }
//   window     8                                     tasks with the scheduler at a time
//
// What was submitted is sent again after a reconnection.
// Few tasks are with the scheduler, so that runs are served in turn; the window follows the size of the batches that come back.
import { InvalidArgumentError, TaskError, WorkerLostError, fromErrorRecord } from '../errors.js';
import type { ExecutorEvent } from '../task/executor.js';
import { packTask, unpackValue, type PackedTask } from '../task/pack.js';
import type { Drawn, RunFace } from '../task/run.js';
import type { Value } from '../task/task.js';
import {
  ENVELOPE_BYTES,
  MOST_BYTES,
  MOST_SUBMITTED,
  type FromScheduler,
  type ToScheduler,
} from './messages.js';
import { sendTo, type NetAction, type Net, type StateMachine } from './state-machine.js';

/** Batches with the scheduler at a time for each thread (for one thread if there is none). */
const BATCHES_AHEAD = 8;
/** While the inputs of all runs take this much, a run has no more than one task with the scheduler (bytes). */
const SUBMITTED_BYTES = 64 * 2 ** 20;
/** Tasks of one run in a row, before the next run has its turn. */
const TURN = 64;
const MOST_IN_MESSAGE = 1000;
const MESSAGE_BYTES = 2 ** 20;

/** What happens to a client, beside its connection. */
export type ClientEvent = Net<FromScheduler> | { readonly type: 'run' | 'settled'; readonly run: RunFace };

/** A task with the scheduler. */
interface Submitted {
  readonly id: number;
  readonly drawn: Drawn;
  readonly packed: PackedTask;
}

export class ClientMachine implements StateMachine<ClientEvent, NetAction<ToScheduler>> {
  /** The workers' threads by their names. */
  readonly workers = new Map<string, number>();
  /** The runs under way, and the ids of their tasks with the scheduler. */
  readonly runs = new Map<RunFace, Set<number>>();
  /** Runs that may have more tasks; the first is served next. */
  private readonly drawing = new Set<RunFace>();
  private readonly submitted = new Map<number, Submitted>();
  private peer: number | undefined;
  private welcome = false;
  private bytes = 0;
  private window = 0;
  private nextId = 0;

  constructor(private readonly name: string) {}

  /** Threads of all workers. */
  get threads(): number {
    let threads = 0;
    for (const each of this.workers.values()) threads += each;
    return threads;
  }

  handle(event: ClientEvent, now: number): readonly NetAction<ToScheduler>[] {
    switch (event.type) {
      case 'opened':
        this.peer = event.peer;
        return this.send({ op: 'hello', role: 'client', name: this.name, threads: 1, instance: '-' });
      case 'closed':
        if (event.peer === this.peer) this.closed();
        return [];
      case 'message':
        return event.peer === this.peer ? this.message(event.message, now) : []; // of an old connection, in the simulation
      case 'run':
        return this.run(event.run, now);
      case 'settled':
        return this.settled(event.run);
    }
  }

  private message(message: FromScheduler, now: number): readonly NetAction<ToScheduler>[] {
    switch (message.op) {
      case 'welcome':
        return this.welcomed(message, now);
      case 'workers':
        this.change(message, now);
        return this.submit();
      case 'finished':
        this.finished(message, now);
        return this.submit();
      case 'started': {
        const drawn = this.submitted.get(message.id)?.drawn;
        drawn?.run.started(drawn, message, now - message.age);
        return [];
      }
      case 'failed':
        this.failed(message);
        return [];
      default:
        return [];
    }
  }

  // ---- the connection

  /** The scheduler may know nothing about us, so it gets everything that has no result. */
  private welcomed({ workers }: FromScheduler<'welcome'>, now: number): readonly NetAction<ToScheduler>[] {
    this.welcome = true;
    this.workers.clear();
    this.change({ joined: workers, left: [] }, now);
    return [...this.messages(this.submitted.values()), ...this.submit()];
  }

  private closed(): void {
    this.peer = undefined;
    this.welcome = false;
    this.workers.clear();
  }

  private change({ joined, left }: Pick<FromScheduler<'workers'>, 'joined' | 'left'>, time: number): void {
    for (const { name, threads } of joined) {
      this.workers.set(name, threads);
      this.report({ type: 'joined', worker: name, threads, time });
    }
    for (const { name, reason } of left) {
      this.workers.delete(name);
      this.report({ type: 'left', worker: name, reason, time });
    }
  }

  private report(event: ExecutorEvent): void {
    for (const run of this.runs.keys()) run.report(event);
  }

  // ---- runs

  private run(run: RunFace, time: number): readonly NetAction<ToScheduler>[] {
    this.runs.set(run, new Set());
    this.drawing.add(run);
    for (const [worker, threads] of this.workers) run.report({ type: 'joined', worker, threads, time });
    return this.submit();
  }

  /** Forgets a run: nobody wants its values any more, or all of them have arrived. */
  private settled(run: RunFace): readonly NetAction<ToScheduler>[] {
    const ids = [...(this.runs.get(run) ?? [])];
    for (const id of ids) this.take(id);
    this.runs.delete(run);
    this.drawing.delete(run);
    return [...(ids.length > 0 ? this.send({ op: 'cancel', ids }) : []), ...this.submit()];
  }

  /** Once half of the window is free, draws and submits tasks until it is full: some of each run in turn. */
  private submit(): readonly NetAction<ToScheduler>[] {
    const window = Math.min(Math.max(this.window, BATCHES_AHEAD * Math.max(this.threads, 1)), MOST_SUBMITTED);
    if (!this.welcome || this.submitted.size > window / 2) return [];
    const fresh: Submitted[] = [];
    for (const run of this.drawing) {
      const room = Math.min(TURN, window - this.submitted.size);
      if (room === 0) break;
      if (this.isFull(run)) continue;
      this.drawing.delete(run);
      if (this.draw(run, room, fresh)) this.drawing.add(run); // its next turn comes after the others
    }
    return this.messages(fresh);
  }

  private isFull(run: RunFace): boolean {
    return this.bytes >= SUBMITTED_BYTES && this.runs.get(run)!.size > 0;
  }

  /** Draws up to `most` tasks of a run. @returns whether it may have more */
  private draw(run: RunFace, most: number, fresh: Submitted[]): boolean {
    for (let i = 0; i < most && !this.isFull(run); i++) {
      const drawn = run.draw();
      if (!drawn) return false;
      const packed = packTask(drawn.task);
      if (packed.payload.length > MOST_BYTES - ENVELOPE_BYTES) {
        run.fail(tooLarge(drawn, packed));
        return false;
      }
      const task = { id: this.nextId++, drawn, packed };
      this.bytes += packed.payload.length;
      this.runs.get(run)!.add(task.id);
      this.submitted.set(task.id, task);
      fresh.push(task);
    }
    return true;
  }

  /** The messages that submit these tasks: one for all neighbours of the same kind. */
  private messages(tasks: Iterable<Submitted>): readonly NetAction<ToScheduler>[] {
    const messages: ToScheduler<'submit'>[] = [];
    let bytes = 0;
    for (const { id, drawn, packed } of tasks) {
      const kind = drawn.task.operation.slice(0, 200);
      let last = messages.at(-1);
      bytes += packed.payload.length;
      if (last?.kind !== kind || last.tasks.length === MOST_IN_MESSAGE || bytes > MESSAGE_BYTES) {
        bytes = packed.payload.length;
        last = { op: 'submit', kind, tasks: [] };
        messages.push(last);
      }
      last.tasks.push({ id, ...packed });
    }
    return this.send(...messages);
  }

  // ---- results

  private finished({ ids, worker, thread, ages, values }: FromScheduler<'finished'>, now: number): void {
    this.window = Math.max(BATCHES_AHEAD * ids.length * this.threads, Math.floor(this.window / 2));
    const read = readValues(values, ids.length);
    for (const [i, id] of ids.entries()) {
      const drawn = this.take(id);
      if (!drawn) continue; // it has a value already, as after a reconnection, or nobody wants it
      const place = { worker, thread };
      if (!(read instanceof Error)) {
        drawn.run.finished(drawn, read[i], place, now - ages[2 * i], now - ages[2 * i + 1]);
      } else {
        const why = new Error(`worker ${worker} sent a value that cannot be read: ${read.message}`);
        drawn.run.failed(drawn, place, why.message, new TaskError(drawn.task.key, why));
      }
    }
  }

  private failed(message: FromScheduler<'failed'>): void {
    const { id, retried, error, ended = [] } = message;
    const drawn = retried ? this.submitted.get(id)?.drawn : this.take(id);
    if (!drawn) return;
    const { key } = drawn.task;
    const failure = error
      ? new TaskError(key, fromErrorRecord(error))
      : new WorkerLostError(key, ended.length, ended);
    drawn.run.failed(drawn, message, error?.message ?? ended.at(-1) ?? '', retried ? undefined : failure);
  }

  /** A task is no longer with the scheduler. */
  private take(id: number): Drawn | undefined {
    const task = this.submitted.get(id);
    if (!task) return undefined;
    this.submitted.delete(id);
    this.bytes -= task.packed.payload.length;
    this.runs.get(task.drawn.run)?.delete(id);
    return task.drawn;
  }

  private send(...messages: readonly ToScheduler[]): readonly NetAction<ToScheduler>[] {
    return sendTo(this.peer, messages);
  }
}

/** The values of a batch, or why they cannot be read. */
function readValues(packed: Uint8Array, count: number): readonly Value[] | Error {
  try {
    const values = unpackValue(packed);
    if (Array.isArray(values) && values.length === count) return values as readonly Value[];
    return new Error(`${count} values were expected`);
  } catch (error) {
    return error as Error;
  }
}

function tooLarge({ task }: Drawn, { payload }: PackedTask): InvalidArgumentError {
  const most = (MOST_BYTES - ENVELOPE_BYTES) / 2 ** 20;
  return new InvalidArgumentError(
    `task ${task.key}: its input takes ${payload.length} bytes; ${most} MiB travel at most. Cut it into smaller chunks.`,
  );
}
