// A worker or client of a simulation: a real machine, and a connection that is opened again when it is lost.
import { Shell, type Do, type Machine, type Net } from '../cluster/machine.js';
import type { FromScheduler, ToScheduler } from '../cluster/messages.js';
import { Connection, type PeerEnd, type SchedulerEnd } from './connection.js';
import type { World } from './world.js';

export abstract class Peer<In, Out> implements PeerEnd {
  protected connection!: Connection;
  protected readonly shell: Shell<In | Net<FromScheduler>, Out | Do<ToScheduler>>;

  /** @param scheduler the one that is there now */
  constructor(
    readonly name: string,
    protected readonly world: World,
    private readonly scheduler: () => SchedulerEnd,
    machine: Machine<In | Net<FromScheduler>, Out | Do<ToScheduler>>,
  ) {
    this.shell = new Shell(
      machine,
      (action) => this.perform(action),
      () => world.now,
    );
  }

  /** What happens on its connection. */
  post(event: Net<FromScheduler>): void {
    const { world } = this;
    this.shell.post(event);
    if (event.type === 'closed') world.at(world.now + 500 * world.random(), () => this.connect());
  }

  /** Its connection closes, and it connects again. */
  abort(): void {
    if (!this.connection.open) return;
    this.connection.close('connection closed');
    this.post({ type: 'closed', peer: this.connection.peer, reason: 'lost', blame: false });
  }

  protected connect(): void {
    this.connection = new Connection(this.world, this, this.scheduler());
    this.shell.post({ type: 'opened', peer: this.connection.peer });
  }

  protected send(message: ToScheduler): void {
    if (this.connection.open) this.connection.send('up', message);
  }

  protected abstract perform(action: Out | Do<ToScheduler>): void;
}
