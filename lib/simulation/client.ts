// A client of a simulation: the real client's machine on simulated wires, and runs that count how their tasks ended.
import { ClientMachine, type ClientEvent } from '../cluster/client.js';
import { Shell, type Do } from '../cluster/machine.js';
import type { ToScheduler } from '../cluster/messages.js';
import { WorkerLostError } from '../errors.js';
import type { Drawn, RunFace } from '../task/run.js';
import type { Value } from '../task/task.js';
import { indexOf, type Connection, type World } from './network.js';

/** How tasks ended, as the clients of a simulation have counted it. */
export class Counts {
  readonly values = new Map<number, number>();
  readonly lost = new Map<number, readonly string[]>();
  readonly threw: number[] = [];
  /** When the last result came, and how long the tasks ran whose results counted (ms). */
  lastResult = 0;
  usefulMs = 0;
}

/** A client. It connects again whenever its connection is lost. */
export class SimulatedClient {
  private connection!: Connection;
  private readonly shell: Shell<ClientEvent, Do<ToScheduler>>;
  private readonly runs = new Set<SimulatedRun>();

  /** @param mine the tasks that are this client's, by index: shared among its runs */
  constructor(
    readonly name: string,
    mine: readonly number[],
    private readonly world: World,
    private readonly counts: Counts,
  ) {
    const { runs = 1, retries = 0, machines } = world.options;
    this.shell = new Shell(
      machines?.client?.(name, retries) ?? new ClientMachine(name, retries),
      (action) => this.perform(action),
      () => world.now,
    );
    this.connect();
    for (let r = 0; r < runs; r++) this.newRun(mine.filter((_, i) => i % runs === r));
  }

  /** Every task of every run has its end. */
  get done(): boolean {
    return this.runs.size === 0;
  }

  /** Its connection closes. */
  lose(): void {
    if (!this.connection.open) return;
    this.world.network.closeFromPeer(this.connection, 'connection closed');
    this.connection.lost();
  }

  /** Cancels a run and submits what was left of it as a new one. */
  cancel(): void {
    const run = [...this.runs][Math.floor(this.world.random() * this.runs.size)];
    if (!run) return;
    const left = run.left();
    run.cancelled = true;
    this.settled(run);
    this.newRun(left);
  }

  private newRun(mine: readonly number[]): void {
    const run = new SimulatedRun(mine, this.world, this.counts, () => this.settled(run));
    if (mine.length > 0) this.runs.add(run);
    this.shell.post({ type: 'run', run });
  }

  private settled(run: SimulatedRun): void {
    this.runs.delete(run);
    this.shell.post({ type: 'settled', run });
  }

  private connect(): void {
    const { world } = this;
    const lost = () => {
      this.shell.post({ type: 'closed', peer: connection.peer, reason: 'lost', blame: false });
      world.at(world.now + world.random() * 500, () => this.connect());
    };
    const connection = world.network.open(
      this.name,
      (message) => this.shell.post({ type: 'message', peer: connection.peer, message }),
      lost,
    );
    this.connection = connection;
    this.shell.post({ type: 'opened', peer: connection.peer });
  }

  private perform(action: Do<ToScheduler>): void {
    if (action.type === 'send' && this.connection.open)
      this.world.network.send(this.connection, 'up', action.message);
  }
}

/** A run that goes on when a task is lost, and finds out when a task ends twice. */
class SimulatedRun implements RunFace {
  readonly watched = true;
  cancelled = false;
  private drawn = 0;
  private readonly open: Set<number>;

  constructor(
    private readonly mine: readonly number[],
    private readonly world: World,
    private readonly counts: Counts,
    private readonly onDone: () => void,
  ) {
    this.open = new Set(mine);
  }

  /** The tasks that have no end. */
  left(): number[] {
    return [...this.open];
  }

  draw(): Drawn | undefined {
    if (this.cancelled || this.drawn === this.mine.length) return undefined;
    const index = this.drawn++;
    return {
      run: this,
      index,
      task: { key: `task-${this.mine[index]}`, operation: 'simulated', input: null },
    };
  }

  finished({ task }: Drawn, value: Value, _place: unknown, start: number, end: number): void {
    const { counts } = this;
    this.end(indexOf(task));
    counts.values.set(indexOf(task), value as number);
    counts.usefulMs += end - start;
    counts.lastResult = this.world.now;
  }

  failed({ task }: Drawn, _place: unknown, _message: string, failure: Error | undefined): void {
    if (!failure) return;
    this.end(indexOf(task));
    if (failure instanceof WorkerLostError) this.counts.lost.set(indexOf(task), failure.ended);
    else this.counts.threw.push(indexOf(task));
  }

  fail(failure: unknown): void {
    throw failure;
  }

  started(): void {}
  report(): void {}

  private end(index: number): void {
    if (this.cancelled || !this.open.delete(index)) throw new Error(`task ${index} ended twice`);
    if (this.open.size === 0) this.onDone();
  }
}
