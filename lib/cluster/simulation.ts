// A cluster in one thread with a clock of its own: the real scheduler state, worker queue and client run, and faults by seed.
import seedrandom from 'seedrandom';
import type { Task } from '../task/task.js';
import { Agenda } from './agenda.js';
import { ClientRun } from './client-run.js';
import { Network, type Connection, type World } from './network.js';
import type { FromScheduler, PackedTask, ToScheduler } from './protocol.js';
import { SchedulerState, type StateEvent, type StateOptions } from './state.js';
import { WorkerQueue, type WorkerAction } from './worker-queue.js';

/** The kinds of fault, each as an actor of the simulation meets it. */
export const FAULTS = [
  'crash', // a worker dies, its connection closes; another one joins later
  'vanish', // a worker dies and no connection closes: its machine is gone
  'stall', // a worker stands still for a while, and then goes on as if nothing had been
  'partition', // nothing passes on one worker's connection for a while
  'abort', // one worker's connection closes, the worker joins again
  'drain', // a worker leaves by its own will; another one joins later
  'late', // one message takes long, and those behind it wait
  'doubled', // one message arrives twice
  'reordered', // one message arrives after later ones
  'clientLost', // a client's connection closes, it connects again
  'cancelled', // a client cancels a run and submits what was left as a new one
  'restart', // the scheduler dies and another one takes its place, knowing nothing
] as const;
export type Fault = (typeof FAULTS)[number];

/** What to simulate. Times in ms. */
export interface SimulationOptions {
  readonly seed: number | string;
  readonly workers: number;
  readonly threads?: number;
  /** In all; the clients share them. */
  readonly tasks: number;
  readonly clients?: number;
  /** Calls of run that are under way at once, for each client. */
  readonly runs?: number;
  /** How long a task computes: a number, or by its index. */
  readonly taskMs: number | ((index: number) => number);
  /** How long a message is under way, without faults. */
  readonly latencyMs?: number;
  /** What a message, and a task in it, cost the scheduler. */
  readonly messageMs?: number;
  readonly perTaskMs?: number;
  /** How many of each fault. */
  readonly faults?: { readonly [fault in Fault]?: number };
  /** Tasks that always take their thread, or their whole worker, with them. */
  readonly killers?: ReadonlyMap<number, 'thread' | 'worker'>;
  /** How often a task throws before it gives its value, by its index. */
  readonly throws?: (index: number) => number;
  readonly retries?: number;
  /** Called with the state after each of its events. */
  readonly check?: (state: SchedulerState) => void;
  /** Makes the scheduler's state, where a test wants another. */
  readonly newState?: (options: StateOptions) => SchedulerState;
}

/** What became of it. */
export interface SimulationResult {
  /** From the start to the last result. */
  readonly makespanMs: number;
  /** Results that were counted, and the sum of their values; every task's value is 3 * index + 1. */
  readonly counted: number;
  readonly sum: number;
  /** Tasks that were given up because their workers were lost, and how each ended. */
  readonly lost: ReadonlyMap<number, readonly string[]>;
  readonly threw: readonly number[];
  readonly faults: ReadonlyMap<Fault, number>;
  readonly messages: number;
  readonly schedulerBusyMs: number;
  /** The time of all threads in which tasks ran whose result counted, as a share of makespan * threads. */
  readonly efficiency: number;
}

/** Simulates until every task has a result and nothing is left running. @throws Error where that never comes */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options, false).run();
}

/** What happened to a task, a line each, by repeating the simulation; also where the simulation throws and gives no result to ask. */
export function storyOf(options: SimulationOptions, index: number): readonly string[] {
  const again = new Simulation(options, true);
  try {
    again.run();
  } catch {
    // A story is asked for most of all when the run fails; it ends there.
  }
  return again.story(index);
}

const HEARTBEAT_MS = 1000;
const LIMIT_MS = 1e7;

interface SimWorker {
  readonly name: string;
  connection?: Connection;
  queue: WorkerQueue;
  readonly running: Map<number, { readonly thread: number }>;
  frozenUntil: number;
  dead: boolean;
  draining: boolean;
}

interface SimClient {
  readonly name: string;
  connection?: Connection;
  readonly runs: Map<number, ClientRun>;
  runsMade: number;
}

class Simulation implements World {
  readonly random: () => number;
  private readonly agenda = new Agenda();
  now = 0;
  private state: SchedulerState;
  private schedulers = 0;
  private busyUntil = 0;
  private busyMs = 0;
  private readonly network: Network;
  private readonly workers = new Set<SimWorker>();
  private readonly clients: SimClient[] = [];
  private workersMade = 0;
  private readonly faults = new Map<Fault, number>(FAULTS.map((fault) => [fault, 0]));
  private readonly thrown = new Map<number, number>();
  private readonly trace: [time: number, what: string, message: ToScheduler | FromScheduler | undefined][] =
    [];
  private readonly batches = new Map<number, readonly number[]>();
  private readonly values = new Map<number, number>();
  private readonly lost = new Map<number, readonly string[]>();
  private readonly threw: number[] = [];
  private lastResult = 0;
  private usefulMs = 0;

  constructor(
    private readonly options: SimulationOptions,
    private readonly recording: boolean,
  ) {
    this.random = seedrandom(String(options.seed));
    this.network = new Network(this, options.latencyMs ?? 0.1);
    this.state = this.newState();
    for (let i = 0; i < options.workers; i++) this.startWorker();
    const { clients = 1, tasks } = options;
    for (let c = 0; c < clients; c++) this.startClient(`client-${c}`, indices(c, clients, tasks));
    this.later(HEARTBEAT_MS, () => this.tick());
    this.plan();
  }

  run(): SimulationResult {
    const { threads = 1, workers } = this.options;
    while (!this.finished()) {
      const next = this.agenda.next();
      if (next.time > LIMIT_MS)
        throw new Error(`simulation ${this.options.seed}: ${this.unfinished().length} tasks never ended`);
      this.now = next.time;
      next.action();
    }
    return {
      makespanMs: this.lastResult,
      counted: this.values.size,
      sum: [...this.values.values()].reduce((a, b) => a + b, 0),
      lost: this.lost,
      threw: this.threw,
      faults: this.faults,
      messages: this.network.messages,
      schedulerBusyMs: this.busyMs,
      efficiency: this.usefulMs / (this.lastResult * threads * workers),
    };
  }

  /** Every task has its end, every batch its answer. */
  private finished(): boolean {
    if (!this.clients.every(({ runs }) => [...runs.values()].every((run) => run.done))) return false;
    for (const { batches } of this.state.workers.values()) if (batches.size > 0) return false;
    return this.state.waiting.size === 0;
  }

  private unfinished(): number[] {
    return Array.from({ length: this.options.tasks }, (_, i) => i).filter((i) => !this.values.has(i));
  }

  // ---- the scheduler

  private newState(): SchedulerState {
    const options = { heartbeatMs: HEARTBEAT_MS, firstBatch: 1e9 * this.schedulers++, watched: false };
    return this.options.newState?.(options) ?? new SchedulerState(options);
  }

  /** The scheduler takes one event at a time, and each costs it time. */
  private toState(event: StateEvent, tasks: number): void {
    const { messageMs = 0, perTaskMs = 0 } = this.options;
    const cost = messageMs + perTaskMs * tasks;
    this.busyMs += cost;
    this.busyUntil = Math.max(this.busyUntil, this.now) + cost;
    const scheduler = this.schedulers;
    const act = () => {
      // A scheduler that died in the meantime has not read it; a message is never late enough to reach its successor.
      if (scheduler === this.schedulers || event.type === 'message')
        this.handle({ ...event, time: this.now });
    };
    if (cost > 0) this.at(this.busyUntil, act);
    else act();
  }

  private handle(event: StateEvent): void {
    for (const command of this.state.handle(event)) {
      if (command.type === 'tell') continue;
      const connection = this.network.connections.get(command.peer);
      if (!connection) continue;
      if (command.type === 'close') this.network.closeFromScheduler(connection);
      else this.network.send(connection, 'down', command.message);
    }
    this.options.check?.(this.state);
  }

  private tick(): void {
    this.handle({ type: 'tick', time: this.now });
    this.later(HEARTBEAT_MS, () => this.tick());
  }

  /** Handed in even when the connection is closed: more than a socket would do, and the state must not mind. */
  arrived({ peer }: Connection, message: ToScheduler): void {
    const tasks = message.op === 'submit' ? message.tasks.length : message.op === 'done' ? message.count : 0;
    this.toState({ type: 'message', peer, message, time: this.now }, tasks);
  }

  hungUp({ peer, scheduler }: Connection, reason: string): void {
    if (scheduler === this.schedulers) this.toState({ type: 'closed', peer, reason, time: this.now }, 0);
  }

  // ---- workers

  private startWorker(): void {
    const { threads = 1 } = this.options;
    const name = `worker-${this.workersMade++}`;
    const worker: SimWorker = {
      name,
      queue: new WorkerQueue(threads),
      running: new Map(),
      frozenUntil: 0,
      dead: false,
      draining: false,
    };
    this.workers.add(worker);
    this.join(worker);
    this.later(this.random() * HEARTBEAT_MS, () => this.beat(worker));
  }

  private join(worker: SimWorker): void {
    if (worker.dead) return;
    const { threads = 1 } = this.options;
    const queue = new WorkerQueue(threads); // of this connection: what an old one still brings must not reach it
    worker.queue = queue;
    worker.running.clear();
    const receive = (message: FromScheduler) =>
      this.thawed(worker, () => this.act(worker, connection, queue.handle(message)));
    const lost = () => this.thawed(worker, () => this.later(this.random() * 500, () => this.join(worker)));
    const connection = this.network.open(worker.name, this.schedulers, receive, lost);
    worker.connection = connection;
    this.network.send(connection, 'up', { op: 'join', name: worker.name, threads, instance: worker.name });
  }

  private act(worker: SimWorker, connection: Connection, actions: readonly WorkerAction[]): void {
    if (worker.dead || worker.connection !== connection || !connection.open) return;
    for (const action of actions) {
      if (action.type === 'send') this.network.send(connection, 'up', action.message);
      else if (action.type === 'run') this.runBatch(worker, connection, action.batch, action.tasks);
      else if (worker.running.delete(action.batch)) {
        this.act(worker, connection, worker.queue.ended({ op: 'returned', batch: action.batch }));
      }
    }
    if (worker.draining && worker.queue.active === 0) this.leave(worker);
  }

  /** Runs a batch's tasks in their order, until the end, an error, or a task that kills. */
  private runBatch(
    worker: SimWorker,
    connection: Connection,
    batch: number,
    tasks: readonly PackedTask[],
  ): void {
    const used = new Set(Array.from(worker.running.values(), ({ thread }) => thread));
    let thread = 0;
    while (used.has(thread)) thread++;
    const mark = { thread };
    worker.running.set(batch, mark);
    this.network.send(connection, 'up', { op: 'started', batch, thread, time: this.now });
    const { killers, throws, taskMs } = this.options;
    const times: number[] = [];
    const values: number[] = [];
    let clock = this.now;
    let end: { error?: { name: string; message: string }; lost?: { at: number; ended: string } } = {};
    let kills = false;
    for (const [at, { key }] of tasks.entries()) {
      const index = Number(key.slice(key.indexOf('-') + 1));
      const start = clock;
      clock += typeof taskMs === 'number' ? taskMs : taskMs(index);
      const killer = killers?.get(index);
      if (killer === 'thread') end = { lost: { at, ended: 'exit code 3' } };
      kills ||= killer === 'worker';
      const thrown = this.thrown.get(index) ?? 0;
      if (thrown < (throws?.(index) ?? 0)) {
        this.thrown.set(index, thrown + 1);
        end = { error: { name: 'RangeError', message: 'thrown by design' } };
      }
      if (killer || end.error) break;
      times.push(start, clock);
      values.push(3 * index + 1);
    }
    this.at(clock, () =>
      this.thawed(worker, () => {
        if (worker.dead || worker.running.get(batch) !== mark) return;
        if (kills) return this.crash(worker, 'connection closed');
        worker.running.delete(batch);
        const given = end.lost
          ? { count: 0, times: new Float64Array(0), values: new Uint8Array(0) }
          : packed(times, values);
        this.act(worker, connection, worker.queue.ended({ op: 'done', batch, thread, ...given, ...end }));
      }),
    );
  }

  private beat(worker: SimWorker): void {
    if (worker.dead) return;
    this.thawed(worker, () => {
      const { connection } = worker;
      if (connection?.open)
        this.network.send(connection, 'up', {
          op: 'ping',
          sent: this.now,
          rttMs: 2 * (this.options.latencyMs ?? 0.1),
        });
      this.later(HEARTBEAT_MS, () => this.beat(worker));
    });
  }

  /** A worker that stands still does everything later. */
  private thawed(worker: SimWorker, action: () => void): void {
    if (worker.dead) return;
    if (worker.frozenUntil > this.now) this.at(worker.frozenUntil, () => this.thawed(worker, action));
    else action();
  }

  private crash(worker: SimWorker, reason: string): void {
    this.remove(worker);
    if (worker.connection) Object.assign(worker.connection, { cut: true, clearUp: this.now });
    if (worker.connection?.open) this.network.closeFromPeer(worker.connection, reason);
  }

  private leave(worker: SimWorker): void {
    this.remove(worker);
    if (worker.connection?.open) this.network.closeFromPeer(worker.connection, 'closed');
  }

  private remove(worker: SimWorker): void {
    worker.dead = true;
    this.workers.delete(worker);
    this.later(this.random() * 3000, () => this.startWorker());
  }

  // ---- clients

  private startClient(name: string, mine: readonly number[]): void {
    const client: SimClient = { name, runs: new Map(), runsMade: 0 };
    const { runs = 1 } = this.options;
    for (let r = 0; r < runs; r++)
      this.newRun(
        client,
        mine.filter((_, i) => i % runs === r),
      );
    this.clients.push(client);
    this.connect(client);
    const beat = () => {
      if (client.connection?.open)
        this.network.send(client.connection, 'up', { op: 'ping', sent: this.now, rttMs: 0 });
      this.later(HEARTBEAT_MS, beat);
    };
    this.later(HEARTBEAT_MS, beat);
  }

  private newRun(client: SimClient, mine: readonly number[]): ClientRun {
    const tasks: Task[] = mine.map((index) => ({
      key: `task-${index}`,
      operation: 'simulated',
      input: null,
    }));
    const run = new ClientRun(client.runsMade++, tasks, this.options.retries ?? 0, true);
    client.runs.set(run.number, run);
    return run;
  }

  private connect(client: SimClient): void {
    const lost = () => this.later(this.random() * 500, () => this.connect(client));
    const connection = this.network.open(
      client.name,
      this.schedulers,
      (message) => this.clientHears(client, message),
      lost,
    );
    client.connection = connection;
    this.network.send(connection, 'up', { op: 'connect', name: client.name });
    for (const run of client.runs.values()) {
      for (const message of run.resend()) this.network.send(connection, 'up', message);
      this.submit(client, run);
    }
  }

  private submit({ connection }: SimClient, run: ClientRun): void {
    const { workers, threads = 1 } = this.options;
    for (const message of run.submit(workers * threads, () => {}))
      this.network.send(connection!, 'up', message);
  }

  private clientHears(client: SimClient, message: FromScheduler): void {
    if (message.op === 'finished') {
      const values = new Float64Array(message.values.buffer);
      message.indices.forEach((place, i) => {
        const run = client.runs.get(message.runs[i]);
        const task = run?.accept(place);
        if (!run || !task) return;
        this.submit(client, run);
        this.values.set(Number(task.key.slice(5)), values[i]);
        this.usefulMs += message.times[2 * i + 1] - message.times[2 * i];
        this.lastResult = this.now;
      });
    } else if (message.op === 'failed' && !message.retried) {
      const run = client.runs.get(message.run);
      const task = run?.accept(message.index);
      if (!run || !task) return;
      this.submit(client, run);
      const index = Number(task.key.slice(5));
      if (message.ended) this.lost.set(index, message.ended);
      else this.threw.push(index);
    }
  }

  // ---- faults

  /** Draws when each fault comes: anywhere in the time that the work should take, and a little after. */
  private plan(): void {
    const { tasks, taskMs, workers, threads = 1 } = this.options;
    const mean = typeof taskMs === 'number' ? taskMs : taskMs(0);
    const span = 10 + (1.5 * tasks * mean) / (workers * threads);
    for (const fault of FAULTS) {
      for (let i = 0; i < (this.options.faults?.[fault] ?? 0); i++)
        this.at(this.random() * span, () => this.strike(fault));
    }
  }

  private strike(fault: Fault): void {
    const worker = this.pick([...this.workers]);
    const client = this.pick(this.clients)!;
    this.note(
      `${fault}: ${fault === 'restart' ? 'scheduler' : /client|cancel/.test(fault) ? client.name : (worker?.name ?? 'nobody')}`,
    );
    if (fault === 'late' || fault === 'doubled' || fault === 'reordered') {
      const connection = this.pick([...this.network.connections.values()]);
      if (connection) connection.fault = fault; // for its next message; counted then
      return;
    }
    if (fault === 'restart') this.restart();
    else if (fault === 'clientLost') this.loseClient(client);
    else if (fault === 'cancelled') this.cancel(client);
    else if (worker) this.strikeWorker(fault, worker);
    else return;
    this.count(fault);
  }

  private strikeWorker(fault: Fault, worker: SimWorker): void {
    const { connection } = worker;
    const whileMs = this.random() * 12_000; // about half of these pass the deadline
    if (fault === 'crash') this.crash(worker, 'connection closed');
    else if (fault === 'vanish') {
      this.remove(worker);
      if (connection) connection.cut = true;
    } else if (fault === 'stall') worker.frozenUntil = this.now + whileMs;
    else if (fault === 'partition' && connection) {
      connection.clearUp = Math.max(connection.clearUp, this.now + whileMs);
      connection.clearDown = Math.max(connection.clearDown, this.now + whileMs);
    } else if (fault === 'abort' && connection?.open) {
      this.network.closeFromPeer(connection, 'connection closed');
      connection.lost();
    } else if (fault === 'drain' && connection?.open) {
      worker.draining = true;
      this.act(worker, connection, worker.queue.drain());
    }
  }

  private loseClient({ connection }: SimClient): void {
    if (!connection?.open) return;
    this.network.closeFromPeer(connection, 'connection closed');
    connection.lost();
  }

  private cancel(client: SimClient): void {
    const { connection } = client;
    const run = this.pick([...client.runs.values()].filter(({ done }) => !done));
    if (!connection?.open || !run) return;
    this.network.send(connection, 'up', { op: 'cancelRun', run: run.number });
    const left: number[] = [];
    for (const { tasks } of run.resend()) left.push(...tasks.map(({ key }) => Number(key.slice(5))));
    client.runs.delete(run.number);
    this.submit(client, this.newRun(client, left));
  }

  private restart(): void {
    this.state = this.newState();
    this.busyUntil = this.now;
    for (const connection of [...this.network.connections.values()]) {
      this.network.connections.delete(connection.peer);
      this.later(this.random() * 10, () => this.network.drop(connection));
    }
  }

  // ---- small things

  count(fault: Fault): void {
    this.faults.set(fault, this.faults.get(fault)! + 1);
  }

  private pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  at(time: number, action: () => void): void {
    this.agenda.add(time, action);
  }

  private later(ms: number, action: () => void): void {
    this.at(this.now + ms, action);
  }

  note(what: string, message?: ToScheduler | FromScheduler): void {
    if (!this.recording || message?.op === 'ping' || message?.op === 'pong') return;
    this.trace.push([this.now, what, message]);
    if (message?.op === 'assign')
      this.batches.set(
        message.batch,
        message.tasks.map(({ key }) => Number(key.slice(5))),
      );
  }

  /** The lines of the trace that concern a task. */
  story(index: number): string[] {
    const key = `task-${index}`;
    const concerns = (message: ToScheduler | FromScheduler) => {
      if ('tasks' in message) return message.tasks.some((task) => task.key === key);
      return 'batch' in message && (this.batches.get(message.batch)?.includes(index) ?? false);
    };
    return this.trace
      .filter(([, , message]) => !message || concerns(message))
      .map(
        ([time, what, message]) =>
          `${time.toFixed(3)} ms  ${what}${message ? `: ${message.op}${'batch' in message ? ` batch ${message.batch}` : ''}` : ''}`,
      );
  }
}

function packed(
  times: readonly number[],
  values: readonly number[],
): { count: number; times: Float64Array; values: Uint8Array } {
  return {
    count: values.length,
    times: Float64Array.from(times),
    values: new Uint8Array(Float64Array.from(values).buffer),
  };
}

function indices(first: number, step: number, total: number): number[] {
  const mine: number[] = [];
  for (let i = first; i < total; i += step) mine.push(i);
  return mine;
}
