// What the scheduler keeps: tasks, the lines they wait in, batches, workers and clients.
import type { Pace } from '../task/pace.js';
import type { ToScheduler } from './messages.js';
import type { Net } from './state-machine.js';

/** What happens to a scheduler. `congested`: much waits for a peer to read it, or no longer. `tick`: every TICK_MS. */
export type SchedulerEvent =
  | Net<ToScheduler>
  | { readonly type: 'congested'; readonly peer: number; readonly congested: boolean }
  | { readonly type: 'tick' };

/** A batch is expected to last this long at least, so that a busy machine does not seem slow (ms). */
const LEAST_EXPECTED_MS = 250;

/** A task in the scheduler's hands. */
export interface Entry {
  /** The client's number for it. */
  readonly id: number;
  readonly key: string;
  /** Operation and input, packed: not for the scheduler to read. */
  readonly payload: Uint8Array;
  readonly line: Line;
  /** Where it is; undefined while it waits in its line. */
  batch?: Batch;
  /** It may take its worker with it: it travels alone, and no two suspects are with one worker. */
  suspect: boolean;
  /** How each worker ended that was lost while it ran this task. */
  readonly losses: string[];
}

/** The tasks of one kind of one client, in a queue. */
export interface Line {
  readonly client: Client;
  readonly queue: Queue;
  readonly pace: Pace;
  /** How long a task takes, by the batches so far, the last ones most of all (ms). NaN before the first one. */
  meanMs: number;
}

/** Tasks of one line that travel together. Its number is never used twice. */
export interface Batch {
  readonly number: number;
  readonly tasks: readonly Entry[];
  /** With one worker, or with several if the first one is slow. Empty once the batch is over. */
  readonly assignments: Set<Assignment>;
  /** Workers that were lost while they ran it, and how. */
  readonly losses: { readonly worker: Worker; readonly how: string }[];
}

/** A batch, as one worker has it. The worker's thread is free once it has answered, even if the batch is over. */
export interface Assignment {
  readonly batch: Batch;
  readonly worker: Worker;
  /** When it was sent. */
  readonly sent: number;
}

/** A worker that has joined. */
export interface Worker {
  readonly peer: number;
  readonly name: string;
  readonly threads: number;
  /** One process's own mark: the same name with another instance is another worker. */
  readonly instance: string;
  /** What it runs, by the batch's number: at most one for each thread. */
  readonly assignments: Map<number, Assignment>;
  /** How long a message to it and the answer take (ms). */
  roundTripMs: number;
  memoryBytes: number | undefined;
  /** It takes no more tasks. */
  leaving: boolean;
  /** Tasks that it has finished. */
  finished: number;
}

/** A client that has connected. */
export interface Client {
  readonly peer: number;
  readonly name: string;
  /** Its unfinished tasks, by id: only their values are still wanted. */
  readonly entries: Entries;
  /** Much waits for it already: none of its tasks are assigned until it has read that. */
  congested: boolean;
  /** By the kind of their tasks. */
  readonly lines: Map<string, Line>;
}

/** Tasks by their ids, and what their inputs take. */
export class Entries extends Map<number, Entry> {
  bytes = 0;

  override set(id: number, entry: Entry): this {
    this.bytes += entry.payload.length;
    return super.set(id, entry);
  }

  override delete(id: number): boolean {
    this.bytes -= this.get(id)?.payload.length ?? 0;
    return super.delete(id);
  }
}

/** A client without tasks. */
export function newClient(peer: number, name: string): Client {
  return { peer, name, entries: new Entries(), congested: false, lines: new Map() };
}

/** Somebody still waits for the task's value. */
export function isWanted({ id, line }: Entry): boolean {
  return line.client.entries.has(id);
}

/** Whether there is something in the line that the worker may be given. */
export function mayTake(worker: Worker, { queue }: Line): boolean {
  return queue.ordinary > 0 || (queue.length > 0 && !hasSuspect(worker));
}

/** No two suspects are with one worker: the next loss must tell which one is the cause. */
export function hasSuspect({ assignments }: Worker): boolean {
  return [...assignments.values()].some(({ batch }) => batch.tasks[0].suspect);
}

/** Whether a batch takes more than twice its time, or with two workers four times. What may kill is not called slow. */
export function isSlow(assignment: Assignment, now: number): boolean {
  const { tasks, assignments, losses } = assignment.batch;
  const [{ line, suspect }] = tasks;
  const isNewest = [...assignments].at(-1) === assignment;
  const expectedMs = Math.max(LEAST_EXPECTED_MS, tasks.length * line.meanMs);
  return (
    isNewest && !suspect && losses.length === 0 && now - assignment.sent > 2 ** assignments.size * expectedMs
  );
}

/** Whether an answer brings nothing: the batch is given back. */
export function isEmpty({ count, error, lost }: ToScheduler<'done'>): boolean {
  return count === 0 && !error && !lost;
}

/** Whether an answer does not fit its batch, or brings nothing although nobody has asked for the batch back. */
export function isMalformed(
  { batch: { tasks, assignments }, worker }: Assignment,
  done: ToScheduler<'done'>,
): boolean {
  const { count, ages, error, lost } = done;
  const over = error ? count >= tasks.length : count > tasks.length;
  const nowhere = lost !== undefined && (lost.at < count || lost.at >= tasks.length);
  const idle = isEmpty(done) && assignments.size > 0 && !worker.leaving;
  return over || nowhere || idle || ages.length !== 2 * count;
}

/** What `lola status` shows of a worker. */
export function statusOf({ name, threads, assignments, finished, leaving, memoryBytes }: Worker) {
  return { name, threads, running: assignments.size, finished, leaving, memoryBytes };
}

/** First in, first out; what comes back goes to the front, and suspects stand apart. */
export class Queue {
  private fresh: Entry[] = [];
  private head = 0; // those of `fresh` before it are taken
  private returned: Entry[] = []; // the last one is the queue's first
  private suspects: Entry[] = [];

  get length(): number {
    return this.ordinary + this.suspects.length;
  }

  /** Tasks that any worker may take. */
  get ordinary(): number {
    return this.fresh.length - this.head + this.returned.length;
  }

  push(entry: Entry): void {
    this.fresh.push(entry);
  }

  unshift(entry: Entry): void {
    (entry.suspect ? this.suspects : this.returned).push(entry);
  }

  /** Takes a suspect, if there is one. */
  takeSuspect(): Entry[] {
    return this.suspects.splice(-1);
  }

  /** Takes up to `most` tasks that are not suspects, of together up to `bytes` bytes; at least one, if there is any. */
  take(most: number, bytes: number): Entry[] {
    const taken: Entry[] = [];
    for (let size = 0; taken.length < most && this.ordinary > 0;) {
      const next = this.returned.at(-1) ?? this.fresh[this.head];
      size += next.payload.length;
      if (taken.length > 0 && size > bytes) break;
      taken.push(next);
      if (!this.returned.pop()) this.head++;
    }
    if (2 * this.head >= this.fresh.length) this.forgetTaken();
    return taken;
  }

  /** Drops the tasks that are no longer wanted. */
  sweep(): void {
    this.forgetTaken();
    this.fresh = this.fresh.filter(isWanted);
    this.returned = this.returned.filter(isWanted);
    this.suspects = this.suspects.filter(isWanted);
  }

  private forgetTaken(): void {
    this.fresh.splice(0, this.head);
    this.head = 0;
  }
}
