// The machines of a simulation, each with its connections: what scheduler, workers and clients have in common.
import type { FromScheduler } from '../cluster/messages.js';
import { Shell, type Do, type Net, type StateMachine } from '../cluster/state-machine.js';
import { Connection, type End } from './connection.js';
import type { Message, World } from './world.js';

export abstract class Actor<Event, Action> implements End {
  readonly connections = new Map<number, Connection>();
  protected readonly shell: Shell<Event, Action>;
  protected dead = false;

  constructor(
    readonly name: string,
    protected readonly world: World,
    machine: StateMachine<Event, Action>,
  ) {
    const perform = (action: Action) => this.perform(action);
    this.shell = new Shell(machine, perform, () => world.now);
  }

  abstract hear(event: Net<Message>): void;
  protected perform(action: Action | Do<Message>): void {
    this.act(action as Do<Message>);
  }

  protected act(action: Do<Message>): void {
    if (action.type !== 'send') this.connections.get(action.peer)?.close(this, action.reason);
    else for (const peer of action.peers) this.connections.get(peer)?.send(this, action.message);
  }
}

/** A worker or a client. It connects again whenever its connection is lost. */
export abstract class Peer<Event, Action> extends Actor<Event | Net<FromScheduler>, Action> {
  /** The last one. */
  protected connection!: Connection;

  /** @param scheduler the one that is there now */
  constructor(
    name: string,
    world: World,
    private readonly scheduler: () => End,
    machine: StateMachine<Event | Net<FromScheduler>, Action>,
  ) {
    super(name, world, machine);
  }

  hear(event: Net<FromScheduler>): void {
    const { world } = this;
    this.shell.post(event);
    if (event.type === 'closed') world.after(500 * world.random(), () => this.connect());
  }

  /** Its connection closes, and it knows at once. */
  abort(): void {
    const { number } = this.connection;
    if (!this.connections.has(number)) return;
    this.connection.close(this, 'connection closed');
    this.hear({ type: 'closed', peer: number, reason: 'lost', blame: false });
  }

  protected connect(): void {
    this.connection = new Connection(this.world, this, this.scheduler());
    this.shell.post({ type: 'opened', peer: this.connection.number });
  }
}
