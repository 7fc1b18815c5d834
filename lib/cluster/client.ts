// The client's machine: which tasks of its runs are with the scheduler, and whose results have come.
//
// From the scheduler: welcome, started, finished, failed, workers      To the scheduler: hello, submit, cancel
// From its shell: run, settled
//
// For example, with two runs under way on a cluster of two threads:
//
//   runs       { A: ahead [40 .. 999], ids {71}; B: ahead [], ids {72} }   ahead: drawn and packed, not sent yet
//   submitted  { 71: A's task 39, 72: B's task 0 }                         sent again after a reconnection
//   window     8                                                           tasks with the scheduler at a time
//
// Few tasks are with the scheduler, so that runs are served in turn; the window grows with the batches that come back.
import { InvalidArgumentError, TaskError, WorkerLostError, fromErrorRecord } from '../errors.js';
import type { ExecutorEvent } from '../task/executor.js';
import { packTask, unpackValue, type PackedTask } from '../task/pack.js';
import type { Drawn, RunFace } from '../task/run.js';
import type { Value } from '../task/task.js';
import type { Do, Machine, Net } from './machine.js';
import { ENVELOPE_BYTES, MOST_BYTES, type FromScheduler, type ToScheduler } from './messages.js';

/** How many tasks of each run are drawn ahead. */
const DRAWN_AHEAD = 10_000;
/** No more than one are drawn while the packed inputs of all runs take this much (bytes). */
const AHEAD_BYTES = 64 * 2 ** 20;
/** Batches with the scheduler at a time for each thread (for one thread if there is none), and tasks in all, at most. */
const BATCHES_AHEAD = 8;
const MOST_SUBMITTED = 20_000;
/** Tasks of one run that follow one another, before it is another one's turn. */
const TURN = 64;
const MOST_IN_MESSAGE = 1000;
const MESSAGE_BYTES = 2 ** 20;

/** What happens to a client, beside its connection. */
export type ClientEvent = Net<FromScheduler> | { readonly type: 'run' | 'settled'; readonly run: RunFace };
type Submit = ToScheduler & { op: 'submit' };

/** A task that was drawn, packed. */
interface Entry {
  readonly drawn: Drawn;
  readonly packed: PackedTask;
}

/** A call of run that is under way. */
interface OpenRun {
  readonly run: RunFace;
  readonly ahead: Entry[];
  /** Its tasks with the scheduler. */
  readonly ids: Set<number>;
}

export class ClientMachine implements Machine<ClientEvent, Do<ToScheduler>> {
  /** The workers' threads by their names. */
  readonly workers = new Map<string, number>();
  readonly runs = new Map<RunFace, OpenRun>();
  private peer: number | undefined;
  private welcome = false;
  private readonly submitted = new Map<number, Entry>();
  private readonly drawing = new Set<OpenRun>(); // runs that may have more tasks
  private readonly waiting = new Set<OpenRun>(); // runs with tasks ahead; the first is served next
  private bytes = 0;
  private window = 0;
  private nextId = 0;

  /** @param retries how often a task that throws is tried again */
  constructor(
    private readonly name: string,
    private readonly retries: number,
  ) {}

  /** Threads of all workers. */
  get threads(): number {
    let threads = 0;
    for (const each of this.workers.values()) threads += each;
    return threads;
  }

  handle(event: ClientEvent, now: number): readonly Do<ToScheduler>[] {
    switch (event.type) {
      case 'opened':
        this.peer = event.peer;
        return this.send({ op: 'hello', role: 'client', name: this.name, threads: 1, instance: '-' });
      case 'closed':
        if (event.peer === this.peer) this.closed();
        return [];
      case 'message':
        return event.peer === this.peer ? this.message(event.message, now) : []; // of an old connection
      case 'run':
        return this.open(event.run, now);
      case 'settled':
        return this.settled(event.run);
    }
  }

  private message(message: FromScheduler, now: number): readonly Do<ToScheduler>[] {
    switch (message.op) {
      case 'welcome':
        return this.welcomed(message.workers, now);
      case 'workers':
        this.change(message, now);
        return this.submit();
      case 'finished':
        this.finished(message, now);
        return this.submit();
      case 'started': {
        const { id, age } = message;
        const entry = this.submitted.get(id);
        entry?.drawn.run.started(entry.drawn, message, now - age);
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

  /** A scheduler that may know nothing of us: it is sent everything that has no result. */
  private welcomed(
    workers: (FromScheduler & { op: 'welcome' })['workers'],
    now: number,
  ): readonly Do<ToScheduler>[] {
    this.welcome = true;
    this.workers.clear();
    this.change({ joined: workers, left: [] }, now);
    return [...this.messages([...this.submitted]), ...this.submit()];
  }

  private closed(): void {
    this.peer = undefined;
    this.welcome = false;
    this.workers.clear();
  }

  private change(
    { joined, left }: Pick<FromScheduler & { op: 'workers' }, 'joined' | 'left'>,
    time: number,
  ): void {
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

  private open(run: RunFace, time: number): readonly Do<ToScheduler>[] {
    const open: OpenRun = { run, ahead: [], ids: new Set() };
    this.runs.set(run, open);
    this.drawing.add(open);
    for (const [worker, threads] of this.workers) run.report({ type: 'joined', worker, threads, time });
    return this.submit();
  }

  /** Nobody wants its values any more, or all have come. */
  private settled(run: RunFace): readonly Do<ToScheduler>[] {
    const open = this.runs.get(run);
    if (!open) return [];
    this.runs.delete(run);
    this.drawing.delete(open);
    this.waiting.delete(open);
    for (const { packed } of open.ahead) this.bytes -= packed.payload.length;
    const ids = [...open.ids];
    for (const id of ids) this.take(id);
    return [...(ids.length > 0 ? this.send({ op: 'cancel', ids }) : []), ...this.submit()];
  }

  /** Draws and packs tasks until enough are ahead. */
  private draw(open: OpenRun): void {
    const { run, ahead } = open;
    // One at least, whatever the other runs hold: each has its turn.
    while (ahead.length < DRAWN_AHEAD && (this.bytes < AHEAD_BYTES || ahead.length === 0)) {
      const drawn = run.draw();
      if (!drawn) return void this.drawing.delete(open);
      const packed = packTask(drawn.task);
      if (packed.payload.length > MOST_BYTES - ENVELOPE_BYTES) return run.fail(tooLarge(drawn, packed));
      this.bytes += packed.payload.length;
      ahead.push({ drawn, packed });
      this.waiting.add(open);
    }
  }

  /** Sends tasks while there is room in the window: some of each run in turn. */
  private submit(): readonly Do<ToScheduler>[] {
    for (const open of this.drawing) this.draw(open);
    if (!this.welcome) return [];
    const window = Math.min(Math.max(this.window, BATCHES_AHEAD * Math.max(this.threads, 1)), MOST_SUBMITTED);
    if (this.submitted.size > window / 2) return [];
    const fresh: [number, Entry][] = [];
    for (const open of this.waiting) {
      if (this.submitted.size >= window) break;
      for (const entry of open.ahead.splice(0, Math.min(TURN, window - this.submitted.size))) {
        const id = this.nextId++;
        open.ids.add(id);
        this.submitted.set(id, entry);
        fresh.push([id, entry]);
      }
      this.waiting.delete(open);
      if (open.ahead.length > 0) this.waiting.add(open); // last in the line: its next turn comes after the others
    }
    return this.messages(fresh);
  }

  /** Submits of these tasks: one message for many, as long as they are alike. */
  private messages(tasks: readonly (readonly [number, Entry])[]): readonly Do<ToScheduler>[] {
    const messages: Submit[] = [];
    let bytes = 0;
    for (const [id, { drawn, packed }] of tasks) {
      const kind = drawn.task.operation.slice(0, 200) || '-';
      const { watched } = drawn.run;
      let last = messages.at(-1);
      bytes += packed.payload.length;
      const full = bytes > MESSAGE_BYTES || last?.tasks.length === MOST_IN_MESSAGE;
      if (!last || full || last.kind !== kind || last.watched !== watched) {
        bytes = packed.payload.length;
        last = { op: 'submit', kind, retries: this.retries, watched, tasks: [] };
        messages.push(last);
      }
      last.tasks.push({ id, ...packed });
    }
    return this.send(...messages);
  }

  // ---- results

  private finished(
    { ids, worker, thread, ages, values }: FromScheduler & { op: 'finished' },
    now: number,
  ): void {
    this.window = Math.max(BATCHES_AHEAD * ids.length * this.threads, Math.floor(this.window / 2));
    const read = readValues(values, ids.length);
    for (const [i, id] of ids.entries()) {
      const drawn = this.take(id);
      if (!drawn) continue; // it has a value already, as after a reconnection, or nobody wants it
      if (read instanceof Error) {
        const message = `worker ${worker} sent a value that cannot be read: ${read.message}`;
        drawn.run.failed(
          drawn,
          { worker, thread },
          message,
          new TaskError(drawn.task.key, new Error(message)),
        );
      } else drawn.run.finished(drawn, read[i], { worker, thread }, now - ages[2 * i], now - ages[2 * i + 1]);
    }
  }

  private failed(message: FromScheduler & { op: 'failed' }): void {
    const { id, retried, error, ended = [] } = message;
    const drawn = retried ? this.submitted.get(id)?.drawn : this.take(id);
    if (!drawn) return;
    const { key } = drawn.task;
    const failure = error
      ? new TaskError(key, fromErrorRecord(error))
      : new WorkerLostError(key, ended.length, ended);
    const text = error?.message ?? ended.at(-1) ?? '';
    drawn.run.failed(drawn, message, text, retried ? undefined : failure);
  }

  /** A task is no longer with the scheduler. */
  private take(id: number): Drawn | undefined {
    const entry = this.submitted.get(id);
    if (!entry) return undefined;
    this.submitted.delete(id);
    this.bytes -= entry.packed.payload.length;
    this.runs.get(entry.drawn.run)?.ids.delete(id);
    return entry.drawn;
  }

  private send(...messages: readonly ToScheduler[]): readonly Do<ToScheduler>[] {
    const { peer } = this;
    if (peer === undefined) return [];
    return messages.map((message) => ({ type: 'send', peers: [peer], message }) as const);
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
