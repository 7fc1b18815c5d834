// A cluster in one thread with a clock of its own: the real scheduler state, worker queue and client run, and faults by seed.
import seedrandom from 'seedrandom';
import type { FromScheduler, ToScheduler } from '../cluster/protocol.js';
import { Agenda } from './agenda.js';
import { Counts, SimulatedClient } from './client.js';
import { planFaults } from './faults.js';
import { Network } from './network.js';
import { FAULTS, type Fault, type SimulationOptions, type SimulationResult } from './options.js';
import { Trace } from './story.js';
import { SimulatedWorker } from './worker.js';
import { HEARTBEAT_MS, LATENCY_MS, type Connection, type World } from './world.js';
import { SchedulerState, type StateEvent } from '../cluster/state.js';

export { FAULTS, type Fault, type SimulationOptions, type SimulationResult };

/** Simulates until every task has a result and nothing is left running. @throws Error where that never comes */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

/** What happened to a task, a line each, by repeating the simulation; also where the simulation throws and gives no result to ask. */
export function storyOf(options: SimulationOptions, index: number): readonly string[] {
  const trace = new Trace();
  try {
    new Simulation(options, trace).run();
  } catch {
    // A story is asked for most of all when the run fails; it ends there.
  }
  return trace.story(index);
}

/** A simulation in which this has not come is stuck (ms). */
const LIMIT_MS = 1e7;

/** The scheduler's side, and what holds the actors together. */
class Simulation implements World {
  readonly random: () => number;
  readonly network: Network;
  readonly workers = new Set<SimulatedWorker>();
  readonly clients: readonly SimulatedClient[];
  now = 0;
  schedulers = 0;
  private readonly agenda = new Agenda();
  private state: SchedulerState;
  private busyUntil = 0;
  private busyMs = 0;
  private workersMade = 0;
  private readonly thrown = new Map<number, number>();
  private readonly counts = new Counts();
  private readonly faults = new Map<Fault, number>(FAULTS.map((fault) => [fault, 0]));

  constructor(
    readonly options: SimulationOptions,
    private readonly trace?: Trace,
  ) {
    this.random = seedrandom(String(options.seed));
    this.network = new Network(this, options.latencyMs ?? LATENCY_MS);
    this.state = this.newState();
    for (let i = 0; i < options.workers; i++) this.startWorker();
    const { clients = 1, tasks } = options;
    this.clients = Array.from({ length: clients }, (_, c) => {
      return new SimulatedClient(`client-${c}`, indices(c, clients, tasks), this, this.counts);
    });
    this.later(HEARTBEAT_MS, () => this.tick());
    planFaults(this, this);
  }

  run(): SimulationResult {
    const { threads = 1, workers, tasks, seed } = this.options;
    const { values, lost, threw } = this.counts;
    while (!this.finished()) {
      const next = this.agenda.next();
      if (next.time > LIMIT_MS)
        throw new Error(`simulation ${seed}: ${tasks - values.size} tasks never ended`);
      this.now = next.time;
      next.action();
    }
    return {
      makespanMs: this.counts.lastResult,
      counted: values.size,
      sum: [...values.values()].reduce((a, b) => a + b, 0),
      lost,
      threw,
      faults: this.faults,
      messages: this.network.messages,
      schedulerBusyMs: this.busyMs,
      efficiency: this.counts.usefulMs / (this.counts.lastResult * threads * workers),
    };
  }

  /** Every task has its end, every batch its answer. */
  private finished(): boolean {
    if (!this.clients.every(({ done }) => done)) return false;
    for (const { batches } of this.state.workers.values()) if (batches.size > 0) return false;
    return this.state.waiting.size === 0;
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

  /** The scheduler dies and another one takes its place, knowing nothing. */
  restart(): void {
    this.state = this.newState();
    this.busyUntil = this.now;
    for (const connection of [...this.network.connections.values()]) {
      this.network.connections.delete(connection.peer);
      this.later(this.random() * 10, () => this.network.drop(connection));
    }
  }

  // ---- the world around it

  private startWorker(): void {
    const gone = (worker: SimulatedWorker) => {
      this.workers.delete(worker);
      this.later(this.random() * 3000, () => this.startWorker());
    };
    this.workers.add(new SimulatedWorker(`worker-${this.workersMade++}`, this, this.thrown, gone));
  }

  at(time: number, action: () => void): void {
    this.agenda.add(time, action);
  }

  later(ms: number, action: () => void): void {
    this.at(this.now + ms, action);
  }

  count(fault: Fault): void {
    this.faults.set(fault, this.faults.get(fault)! + 1);
  }

  note(what: string, message?: ToScheduler | FromScheduler): void {
    this.trace?.note(this.now, what, message);
  }
}

function indices(first: number, step: number, total: number): number[] {
  const mine: number[] = [];
  for (let i = first; i < total; i += step) mine.push(i);
  return mine;
}
