// The machines of a simulation and the connections between them. Messages take their time and keep their order, unless a
// fault says otherwise.
import { DEADLINE_BEATS } from '../cluster/connection.js';
import type { FromScheduler } from '../cluster/messages.js';
import { Shell, type NetAction, type Net, type StateMachine } from '../cluster/state-machine.js';
import type { Message, World } from './world.js';

/** The real cluster's default is the same (ms). */
export const HEARTBEAT_MS = 1000;

/** A machine at one end of its connections. */
export type End = Pick<Actor<unknown, unknown>, 'name' | 'connections' | 'hear'>;

export abstract class Actor<Event, Action> {
  /** Those that it takes for open. */
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
  protected perform(action: Action | NetAction<Message>): void {
    this.act(action as NetAction<Message>);
  }

  protected act(action: NetAction<Message>): void {
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

export class Connection {
  readonly number: number;
  /** The peer is dead, and what it had sent is lost with it. */
  cut = false;
  /** Strikes the next message. */
  fault?: 'late' | 'doubled' | 'reordered';
  /** Nothing from this end arrives before. */
  private readonly clear = new Map<End, number>();

  constructor(
    private readonly world: World,
    readonly peer: End,
    readonly scheduler: End,
  ) {
    this.number = world.connections++;
    for (const end of [peer, scheduler]) end.connections.set(this.number, this);
  }

  send(from: End, message: Message): void {
    const { world, fault } = this;
    const { latencyMs = 0.1 } = world.options;
    this.fault = undefined;
    let ms = latencyMs * (0.5 + world.random());
    if (fault === 'late') ms += 3000 * world.random();
    if (fault === 'reordered')
      ms += 50 * world.random(); // and those behind it do not wait
    else ms = this.hold(from, ms);
    const arrive = () => this.arrive(from, message, fault ? ` (${fault})` : '');
    world.after(ms, arrive);
    if (fault === 'doubled') world.after(ms + 50 * world.random(), arrive);
    if (fault) world.faults.set(fault, world.faults.get(fault)! + 1);
    world.messages++;
  }

  private arrive(from: End, message: Message, fault: string): void {
    const { world, peer, scheduler, number } = this;
    if (this.cut) return world.note(`${peer.name} -> nobody (lost with its sender)`, message);
    const to = from === peer ? scheduler : peer;
    world.note(`${from.name} -> ${to.name}${fault}`, message);
    // The scheduler takes it even from a closed connection: more than a socket would do, and it must not mind.
    if (to === scheduler || to.connections.has(number)) to.hear({ type: 'message', peer: number, message });
  }

  /** Nothing from this end arrives within so many ms, or before what is on its way. @returns how long that is */
  hold(from: End, ms: number): number {
    const { now } = this.world;
    this.clear.set(from, Math.max(now + ms, this.clear.get(from) ?? 0));
    return this.clear.get(from)! - now;
  }

  /** An end closes it or dies; the other one finds out behind everything that was sent. */
  close(end: End, reason: string): void {
    const { peer, scheduler } = this;
    if (!end.connections.delete(this.number)) return;
    const ms = this.cut ? 0 : this.hold(end, 0);
    this.world.after(ms + 1, () => this.lose(end === peer ? scheduler : peer, reason));
  }

  /** An end finds that the other one is gone. */
  lose(end: End, reason: string): void {
    const { number: peer, scheduler } = this;
    if (end.connections.delete(peer)) end.hear({ type: 'closed', peer, reason, blame: end === scheduler });
  }

  /** Nothing passes for a while. The scheduler takes the peer for lost by its deadline, as real connections do. */
  silence(ms: number): void {
    const deadlineMs = (DEADLINE_BEATS + this.world.random()) * HEARTBEAT_MS;
    if (ms <= deadlineMs) return;
    this.world.after(deadlineMs, () => {
      if (!this.scheduler.connections.has(this.number)) return;
      this.lose(this.scheduler, 'no sign of life for 5.0 s');
      this.lose(this.peer, 'lost');
    });
  }
}
