// What the scheduler keeps: tasks, the lines they wait in, batches, workers and clients.
import type { Pace } from '../task/pace.js';
import type { ToScheduler } from './messages.js';
import type { Net } from './state-machine.js';

/** What happens to a scheduler. `congested`: much waits for a peer to read it, or no longer. `tick`: every TICK_MS. */
export type SchedulerEvent =
  | Net<ToScheduler>
  | { readonly type: 'congested'; readonly peer: number; readonly congested: boolean }
  | { readonly type: 'tick' };

/** A batch is expected to last at least this long, so that a busy machine does not seem slow (ms). */
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
  /** It may bring down its worker, so it travels alone, and no worker has two suspects. */
  suspect: boolean;
  /** How each worker ended that was lost while it ran this task. */
  readonly losses: string[];
}

/** The tasks of one kind of one client, in a queue. */
export interface Line {
  readonly client: Client;
  readonly queue: Queue;
  /** How many of its tasks travel together: each worker has a pace of its own. */
  readonly paces: WeakMap<Worker, Pace>;
  /** How long a task takes: a mean over the batches so far, mostly the recent ones (ms). NaN before the first one. */
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
  /** Marks one process: the same name with another instance is another worker. */
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
  readonly entries: Map<number, Entry>;
  /** What the inputs of these take (bytes). */
  bytes: number;
  /** Much already waits for it, so none of its tasks are assigned until it has read that. */
  congested: boolean;
  /** By the kind of their tasks. */
  readonly lines: Map<string, Line>;
}

/** Somebody still waits for the task's value. */
export function isWanted({ id, line }: Entry): boolean {
  return line.client.entries.has(id);
}

/** Nobody waits for it any more. */
export function forget({ id, payload, line: { client } }: Entry): void {
  if (client.entries.delete(id)) client.bytes -= payload.length;
}

/** Whether there is something in the line that the worker may be given. */
export function mayTake(worker: Worker, { queue }: Line): boolean {
  return queue.ordinary > 0 || (queue.length > 0 && !hasSuspect(worker));
}

/** No two suspects are with one worker: the next loss must tell which one is the cause. */
export function hasSuspect({ assignments }: Worker): boolean {
  return [...assignments.values()].some(({ batch }) => batch.tasks[0].suspect);
}

/** Whether a batch takes more than 2x its time (4x with two workers). No suspect is slow, nor a line without a mean. */
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
  private tasks: Entry[] = [];
  private suspects: Entry[] = [];
  /** Where the queue begins: moving all tasks to the front with each that is taken would cost more than all the rest. */
  private begin = 0;

  get length(): number {
    return this.ordinary + this.suspects.length;
  }

  /** Tasks that any worker may take. */
  get ordinary(): number {
    return this.tasks.length - this.begin;
  }

  push(entry: Entry): void {
    this.tasks.push(entry);
  }

  unshift(entry: Entry): void {
    if (entry.suspect) this.suspects.push(entry);
    else if (this.begin === 0) this.tasks.unshift(entry);
    else this.tasks[--this.begin] = entry;
  }

  /** Takes a suspect, if there is one. */
  takeSuspect(): Entry[] {
    return this.suspects.splice(-1);
  }

  /** Takes up to `most` tasks that are not suspects, of together up to `bytes` bytes; at least one, if there is any. */
  take(most: number, bytes: number): Entry[] {
    const { tasks, begin } = this;
    let [end, size] = [begin, 0];
    while (end < Math.min(begin + most, tasks.length)) {
      size += tasks[end].payload.length;
      if (size > bytes && end > begin) break;
      end++;
    }
    const taken = tasks.slice(begin, end);
    this.begin = end;
    if (2 * end >= tasks.length) [this.tasks, this.begin] = [tasks.slice(end), 0];
    return taken;
  }

  /** Drops the tasks that are no longer wanted. */
  sweep(): void {
    this.tasks = this.tasks.slice(this.begin).filter(isWanted);
    this.begin = 0;
    this.suspects = this.suspects.filter(isWanted);
  }
}
