// What the scheduler's state is made of: workers, clients, their runs, batches under way, and the queue of tasks.

/** A task in the scheduler's hands. */
export interface Entry {
  readonly run: Run;
  /** Its place in the client's run. */
  readonly index: number;
  readonly key: string;
  /** Operation and input, packed: not for the scheduler to read. */
  readonly payload: Uint8Array;
  /** It may take its worker with it: it travels alone, and no two of its kind are with one worker. */
  suspect: boolean;
  /** How often it threw. */
  thrown: number;
  /** How each worker ended that was lost while it ran this task. */
  losses: readonly string[] | undefined;
}

/** One assignment of some tasks of one client to one worker. Its number is never used twice. */
export interface Batch {
  readonly number: number;
  readonly worker: Worker;
  readonly tasks: readonly Entry[];
  /** The worker has told that it began the first task: short batches end without. */
  begun: boolean;
  /** The worker was told to stop it, since a run of it is over; its thread is free when the worker has answered. */
  cancelled: boolean;
  /** The worker was asked to give it back. */
  asked: boolean;
}

/** A worker that has joined. */
export interface Worker {
  readonly peer: number;
  readonly name: string;
  readonly threads: number;
  /** One process's own mark: the same name with another instance is another worker. */
  readonly instance: string;
  lastSeen: number;
  /** How long a message to it and the answer take (ms). */
  rttMs: number;
  /** Of its process, as it said last. */
  memoryBytes: number | undefined;
  /** It takes no more tasks and leaves when it has answered for those it has. */
  draining: boolean;
  /** Suspects among its tasks: none or one. */
  suspects: number;
  /** In the order of their numbers, which is the order in which the worker begins them. */
  readonly batches: Map<number, Batch>;
  finished: number;
}

/** One call of run at a client. */
export interface Run {
  readonly number: number;
  readonly client: Client;
  /** How often a task that throws is tried again. */
  readonly retries: number;
  /** Its client wants to hear when its tasks start. */
  readonly watched: boolean;
  readonly queue: Queue;
  readonly batches: Set<Batch>;
  readonly pace: Pace;
  /** Its tasks in the next batch, at most. */
  batchSize: number;
  /** Tasks of its queue that are counted in the pace. */
  counted: number;
  /** Cancelled, or its client is gone: nobody wants its results. */
  over: boolean;
}

/** What is known of a client's tasks of one kind: runs of one kind may travel in one batch. */
export interface Pace {
  /** Tasks in the next batch, at most. */
  batchSize: number;
  /** Tasks in the queues of all runs of this kind. */
  queued: number;
}

/** A client that has connected. */
export interface Client {
  readonly peer: number;
  readonly name: string;
  lastSeen: number;
  readonly runs: Map<number, Run>;
  readonly paces: Map<string, Pace>;
  /** Its runs with queued tasks; the first is served next. */
  readonly waiting: Set<Run>;
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
      const next = this.back[this.back.length - 1] ?? this.fresh[this.head]!;
      size += next.payload.length;
      if (taken.length > 0 && size > bytes) break;
      taken.push(next);
      this.removeFirst();
    }
    return taken;
  }

  clear(): void {
    this.fresh = [];
    this.head = 0;
    this.back.length = 0;
    this.suspects.length = 0;
  }

  *[Symbol.iterator](): Generator<Entry> {
    yield* this.suspects;
    yield* this.back;
    for (let i = this.head; i < this.fresh.length; i++) yield this.fresh[i]!;
  }

  private removeFirst(): void {
    if (this.back.length > 0) {
      this.back.pop();
      return;
    }
    this.fresh[this.head++] = undefined; // its memory is free at once
    if (this.head < 1024 || this.head < this.fresh.length / 2) return;
    this.fresh = this.fresh.slice(this.head);
    this.head = 0;
  }
}
