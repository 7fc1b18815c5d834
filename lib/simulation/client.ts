// A client of a simulation: the real client's machine, and runs that count how their tasks end.
import { ClientMachine, type ClientEvent } from '../cluster/client.js';
import type { ToScheduler } from '../cluster/messages.js';
import type { NetAction } from '../cluster/state-machine.js';
import { WorkerLostError } from '../errors.js';
import type { Drawn, RunFace } from '../task/run.js';
import type { Value } from '../task/task.js';
import { Peer, type End } from './actor.js';
import type { World } from './world.js';

export class SimulatedClient extends Peer<ClientEvent, NetAction<ToScheduler>> {
  /** Those with tasks that have no end. */
  readonly runs = new Set<SimulatedRun>();

  /** @param mine the tasks that are this client's, by index: shared among its runs */
  constructor(name: string, world: World, scheduler: () => End, mine: readonly number[]) {
    const { runs = 1, machines } = world.options;
    super(name, world, scheduler, new (machines?.client ?? ClientMachine)(name));
    this.connect();
    for (let r = 0; r < runs; r++) this.newRun(mine.filter((_, i) => i % runs === r));
  }

  /** Cancels a run and submits what was left of it as a new one. */
  cancel(): void {
    const run = this.world.pick(this.runs);
    if (!run) return;
    run.cancelled = true;
    this.settled(run);
    this.newRun([...run.open]);
  }

  private newRun(mine: readonly number[]): void {
    const run = new SimulatedRun(mine, this.world, () => this.settled(run));
    if (mine.length > 0) this.runs.add(run);
    this.shell.post({ type: 'run', run });
  }

  private settled(run: SimulatedRun): void {
    this.runs.delete(run);
    this.shell.post({ type: 'settled', run });
  }
}

/** A run that goes on when a task is lost, and finds out when a task ends twice. */
class SimulatedRun implements RunFace {
  /** The tasks that have no end. */
  readonly open: Set<number>;
  cancelled = false;
  private readonly source: Iterator<number, undefined>;

  constructor(
    mine: readonly number[],
    private readonly world: World,
    private readonly onDone: () => void,
  ) {
    this.open = new Set(mine);
    this.source = mine.values();
  }

  draw(): Drawn | undefined {
    const { value: index } = this.source.next();
    if (this.cancelled || index === undefined) return undefined;
    return { run: this, index, task: { key: `task-${index}`, operation: 'simulated', input: null } };
  }

  finished({ index }: Drawn, value: Value, _place: unknown, start: number, end: number): void {
    const { world } = this;
    world.values.set(index, value as number);
    world.usefulMs += end - start;
    world.lastValue = world.now;
    this.end(index);
  }

  failed({ index }: Drawn, _place: unknown, _message: string, failure: Error | undefined): void {
    if (!failure) return; // it is tried again
    if (failure instanceof WorkerLostError) this.world.lost.set(index, failure.ended);
    else this.world.threw.push(index);
    this.end(index);
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
