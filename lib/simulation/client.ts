// A client of a simulation: the real client's runs on simulated wires.
import type { Task } from '../task/task.js';
import { ClientRun } from '../cluster/client-run.js';
import type { FromScheduler } from '../cluster/protocol.js';
import { HEARTBEAT_MS, indexOf, type Connection, type World } from './world.js';

/** How tasks ended, as the clients of a simulation have counted it. */
export class Counts {
  readonly values = new Map<number, number>();
  readonly lost = new Map<number, readonly string[]>();
  readonly threw: number[] = [];
  /** When the last result came, and how long the tasks ran whose results counted (ms). */
  lastResult = 0;
  usefulMs = 0;
}

/** A client. It connects again whenever its connection is lost, and submits again what has no end yet. */
export class SimulatedClient {
  private connection!: Connection;
  private readonly runs = new Map<number, ClientRun>();
  private runsMade = 0;

  /** @param mine the tasks that are this client's, by index: shared among its runs */
  constructor(
    readonly name: string,
    mine: readonly number[],
    private readonly world: World,
    private readonly counts: Counts,
  ) {
    const { runs = 1 } = world.options;
    for (let r = 0; r < runs; r++) this.newRun(mine.filter((_, i) => i % runs === r));
    this.connect();
    world.later(HEARTBEAT_MS, () => this.beat());
  }

  /** Every task of every run has its end. */
  get done(): boolean {
    return [...this.runs.values()].every((run) => run.done);
  }

  /** Its connection closes. */
  lose(): void {
    if (!this.connection.open) return;
    this.world.network.closeFromPeer(this.connection, 'connection closed');
    this.connection.lost();
  }

  /** Cancels a run and submits what was left of it as a new one. */
  cancel(): void {
    const { world, connection } = this;
    const going = [...this.runs.values()].filter(({ done }) => !done);
    const run = going[Math.floor(world.random() * going.length)];
    if (!connection.open || !run) return;
    world.network.send(connection, 'up', { op: 'cancelRun', run: run.number });
    const left: number[] = [];
    for (const { tasks } of run.resend()) left.push(...tasks.map(indexOf));
    this.runs.delete(run.number);
    this.submit(this.newRun(left));
  }

  private newRun(mine: readonly number[]): ClientRun {
    const tasks = mine.map((index): Task => ({ key: `task-${index}`, operation: 'simulated', input: null }));
    const run = new ClientRun(this.runsMade++, tasks, this.world.options.retries ?? 0, true);
    this.runs.set(run.number, run);
    return run;
  }

  private connect(): void {
    const { world } = this;
    const lost = () => world.later(world.random() * 500, () => this.connect());
    this.connection = world.network.open(this.name, (message) => this.hear(message), lost);
    world.network.send(this.connection, 'up', { op: 'connect', name: this.name });
    for (const run of this.runs.values()) {
      for (const message of run.resend()) world.network.send(this.connection, 'up', message);
      this.submit(run);
    }
  }

  private submit(run: ClientRun): void {
    const { workers, threads = 1 } = this.world.options;
    for (const message of run.submit(workers * threads, () => {}))
      this.world.network.send(this.connection, 'up', message);
  }

  private hear(message: FromScheduler): void {
    const { counts } = this;
    if (message.op === 'finished') {
      const values = new Float64Array(message.values.buffer);
      message.indices.forEach((place, i) => {
        const task = this.accept(message.runs[i], place);
        if (!task) return;
        counts.values.set(indexOf(task), values[i]);
        counts.usefulMs += message.times[2 * i + 1] - message.times[2 * i];
        counts.lastResult = this.world.now;
      });
    } else if (message.op === 'failed' && !message.retried) {
      const task = this.accept(message.run, message.index);
      if (!task) return;
      if (message.ended) counts.lost.set(indexOf(task), message.ended);
      else counts.threw.push(indexOf(task));
    }
  }

  /** The task that has come to its end, unless it had one before; there may be room for others now. */
  private accept(number: number, place: number): Task | undefined {
    const run = this.runs.get(number);
    const task = run?.accept(place);
    if (run && task) this.submit(run);
    return task;
  }

  private beat(): void {
    const { network, now } = this.world;
    if (this.connection.open) network.send(this.connection, 'up', { op: 'ping', sent: now, rttMs: 0 });
    this.world.later(HEARTBEAT_MS, () => this.beat());
  }
}
