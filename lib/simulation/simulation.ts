// A cluster in one thread with a clock of its own: the real machines of scheduler, workers and clients, and faults by seed.
import seedrandom from 'seedrandom';
import { Shell, type Net } from '../cluster/machine.js';
import type { FromScheduler, ToScheduler } from '../cluster/messages.js';
import { SchedulerMachine, type SchedulerAction } from '../cluster/scheduler.js';
import { Agenda } from './agenda.js';
import { Counts, SimulatedClient } from './client.js';
import { planFaults } from './faults.js';
import { HEARTBEAT_MS, Network, type Connection, type World } from './network.js';
import { FAULTS, type Fault, type SimulationOptions, type SimulationResult } from './options.js';
import { Trace } from './story.js';
import { SimulatedWorker } from './worker.js';

/** Simulates until every task has a result and nothing is left running. @throws Error where that never comes */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

/** What happened to a task, a line each, by repeating the simulation; also where the simulation throws. */
export function storyOf(options: SimulationOptions, index: number): readonly string[] {
  const trace = new Trace();
  try {
    new Simulation(options, trace).run();
  } catch {
    // A story is wanted most of all when the simulation fails; it ends there.
  }
  return trace.story(index);
}

/** A simulation that has not ended by then is stuck (ms). */
const LIMIT_MS = 1e7;

class Simulation implements World {
  readonly random: () => number;
  readonly network: Network;
  readonly workers = new Set<SimulatedWorker>();
  readonly clients: readonly SimulatedClient[];
  now = 0;
  schedulers = 0;
  private readonly agenda = new Agenda();
  private scheduler: SchedulerMachine;
  private shell: Shell<Net<ToScheduler>, SchedulerAction>;
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
    this.network = new Network(this);
    [this.scheduler, this.shell] = this.newScheduler();
    for (let i = 0; i < options.workers; i++) this.startWorker();
    const { clients = 1, tasks } = options;
    const shareOf = (c: number) =>
      Array.from({ length: tasks }, (_, i) => i).filter((i) => i % clients === c);
    this.clients = Array.from(
      { length: clients },
      (_, c) => new SimulatedClient(`client-${c}`, shareOf(c), this, this.counts),
    );
    planFaults(this, this);
  }

  run(): SimulationResult {
    const { threads = 1, workers, tasks, seed } = this.options;
    const { values, lost, threw } = this.counts;
    while (!this.finished()) {
      const next = this.agenda.next();
      if (!next || next.time > LIMIT_MS)
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
    for (const { batches } of this.scheduler.workers.values()) if (batches.size > 0) return false;
    return this.scheduler.waiting.size === 0;
  }

  // ---- the scheduler

  private newScheduler(): [SchedulerMachine, Shell<Net<ToScheduler>, SchedulerAction>] {
    const options = { heartbeatMs: HEARTBEAT_MS, firstBatch: 1e9 * this.schedulers++, watched: false };
    const machine = this.options.machines?.scheduler?.(options) ?? new SchedulerMachine(options);
    return [
      machine,
      new Shell(
        machine,
        (action) => this.perform(action),
        () => this.now,
      ),
    ];
  }

  private perform(action: SchedulerAction): void {
    if (action.type === 'close') {
      const connection = this.network.connections.get(action.peer);
      if (connection) this.network.closeFromScheduler(connection);
    } else if (action.type === 'send')
      for (const peer of action.peers) {
        const connection = this.network.connections.get(peer);
        if (connection) this.network.send(connection, 'down', action.message);
      }
  }

  /** The scheduler takes one event at a time, and each costs it time. What was sent to one that has died is gone. */
  private take({ scheduler }: Connection, event: Net<ToScheduler>, tasks: number): void {
    if (scheduler !== this.schedulers) return;
    const { messageMs = 0, perTaskMs = 0, check } = this.options;
    const cost = messageMs + perTaskMs * tasks;
    this.busyMs += cost;
    this.busyUntil = Math.max(this.busyUntil, this.now) + cost;
    const act = () => {
      if (scheduler !== this.schedulers) return;
      this.shell.post(event);
      check?.(this.scheduler);
    };
    if (cost > 0) this.at(this.busyUntil, act);
    else act();
  }

  /** Taken even when the connection is closed: more than a socket would do, and the machine must not mind. */
  arrived(connection: Connection, message: ToScheduler): void {
    const tasks = message.op === 'submit' ? message.tasks.length : message.op === 'done' ? message.count : 0;
    this.take(connection, { type: 'message', peer: connection.peer, message }, tasks);
  }

  hungUp(connection: Connection, reason: string): void {
    this.take(connection, { type: 'closed', peer: connection.peer, reason, blame: true }, 0);
  }

  /** The scheduler dies and another one takes its place, knowing nothing. */
  restart(): void {
    [this.scheduler, this.shell] = this.newScheduler();
    this.busyUntil = this.now;
    for (const connection of [...this.network.connections.values()]) {
      this.network.connections.delete(connection.peer);
      this.at(this.now + this.random() * 10, () => this.network.drop(connection));
    }
  }

  // ---- the world around it

  private startWorker(): void {
    const gone = (worker: SimulatedWorker) => {
      this.workers.delete(worker);
      this.at(this.now + this.random() * 3000, () => this.startWorker());
    };
    this.workers.add(new SimulatedWorker(`worker-${this.workersMade++}`, this, this.thrown, gone));
  }

  at(time: number, action: () => void): void {
    this.agenda.add(time, action);
  }

  count(fault: Fault): void {
    this.faults.set(fault, this.faults.get(fault)! + 1);
  }

  note(what: string, message?: ToScheduler | FromScheduler): void {
    this.trace?.note(this.now, what, message);
  }
}
