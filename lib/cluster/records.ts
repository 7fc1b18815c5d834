// What the scheduler keeps: tasks, the lines they wait in, batches, workers and clients.
import type { Pace } from '../task/pace.js';
import type { Net } from './machine.js';
import type { ToScheduler } from './messages.js';

/** What happens to a scheduler. `congested`: much waits for a peer to read it, or no longer. */
export type SchedulerEvent =
  Net<ToScheduler> | { readonly type: 'congested'; readonly peer: number; readonly congested: boolean };

/** A task in the scheduler's hands: it waits in its line, or is in one batch. */
export interface Entry {
  /** The client's number for it. */
  readonly id: number;
  readonly key: string;
  /** Operation and input, packed: not for the scheduler to read. */
  readonly payload: Uint8Array;
  readonly line: Line;
  /** How often it may throw and be tried again. */
  readonly retries: number;
  readonly watched: boolean;
  batch?: Batch;
  /** Nobody wants its value any more. */
  cancelled: boolean;
  /** It may take its worker with it: it travels alone, and no two suspects are with one worker. */
  suspect: boolean;
  /** How often it threw. */
  thrown: number;
  /** How each worker ended that was lost while it ran this task. */
  readonly losses: string[];
}

/** The tasks of one kind of one client, in a queue. */
export interface Line {
  readonly client: Client;
  readonly queue: Queue;
  readonly pace: Pace;
}

/** Some tasks of one line that were assigned to one worker together. Its number is never used twice. */
export interface Batch {
  readonly number: number;
  readonly worker: Worker;
  readonly tasks: readonly Entry[];
  /** When it was sent. */
  readonly sent: number;
  /** The worker was told to stop it. Its thread is free once the worker has answered. */
  stopped: boolean;
}

/** A worker that has joined. */
export interface Worker {
  readonly peer: number;
  readonly name: string;
  readonly threads: number;
  /** One process's own mark: the same name with another instance is another worker. */
  readonly instance: string;
  /** What it runs, at most one batch for each thread. */
  readonly batches: Map<number, Batch>;
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
  /** Its tasks that have no end yet, by their ids. */
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

/** Whether there is something in the line that the worker may be given. */
export function mayTake(worker: Worker, { queue }: Line): boolean {
  return queue.ordinary > 0 || (queue.length > 0 && !hasSuspect(worker));
}

/** No two suspects are with one worker: the next loss must tell which one is the cause. */
export function hasSuspect({ batches }: Worker): boolean {
  return [...batches.values()].some(({ tasks }) => tasks[0].suspect);
}

/** Whether an answer does not fit its batch, or brings nothing although nobody has asked for the batch back. */
export function isMalformed(
  { tasks, stopped, worker }: Batch,
  { count, ages, error, lost }: ToScheduler & { op: 'done' },
): boolean {
  const over = error ? count >= tasks.length : count > tasks.length;
  const nowhere = lost !== undefined && (lost.at < count || lost.at >= tasks.length);
  const empty = count === 0 && !error && !lost && !stopped && !worker.leaving;
  return over || nowhere || empty || ages.length !== 2 * count;
}

/** What `lola status` shows of a worker. */
export function statusOf({ name, threads, batches, finished, leaving, memoryBytes }: Worker) {
  return { name, threads, running: batches.size, finished, leaving, memoryBytes };
}

/** First in, first out; what comes back goes to the front, and suspects stand apart. */
export class Queue {
  private fresh: (Entry | undefined)[] = [];
  private head = 0;
  private readonly back: Entry[] = []; // the last one is the queue's first
  private readonly suspects: Entry[] = [];

  get length(): number {
    return this.ordinary + this.suspects.length;
  }

  /** Tasks that any worker may take. */
  get ordinary(): number {
    return this.fresh.length - this.head + this.back.length;
  }

  push(entry: Entry): void {
    this.fresh.push(entry);
  }

  unshift(entry: Entry): void {
    (entry.suspect ? this.suspects : this.back).push(entry);
  }

  /** Takes a suspect, if there is one. */
  takeSuspect(): Entry[] {
    return this.suspects.splice(-1);
  }

  /** Takes up to `most` tasks that are not suspects, of together up to `bytes` bytes; at least one, if there is any. */
  take(most: number, bytes: number): Entry[] {
    const taken: Entry[] = [];
    for (let size = 0; taken.length < most && this.ordinary > 0;) {
      const next = this.back.at(-1) ?? this.fresh[this.head]!;
      size += next.payload.length;
      if (taken.length > 0 && size > bytes) break;
      taken.push(next);
      this.removeFirst();
    }
    return taken;
  }

  /** Removes and gives the tasks that the test picks. */
  remove(test: (entry: Entry) => boolean): Entry[] {
    const all = [...this.back.splice(0).reverse(), ...this.fresh.slice(this.head)] as Entry[];
    const removed = [...this.suspects.filter(test), ...all.filter(test)];
    this.suspects.splice(0, Infinity, ...this.suspects.filter((entry) => !test(entry)));
    this.fresh = all.filter((entry) => !test(entry));
    this.head = 0;
    return removed;
  }

  private removeFirst(): void {
    if (this.back.pop() !== undefined) return;
    this.fresh[this.head++] = undefined; // its memory is free at once
    if (this.head < 1024 || this.head < this.fresh.length / 2) return;
    this.fresh = this.fresh.slice(this.head);
    this.head = 0;
  }
}
