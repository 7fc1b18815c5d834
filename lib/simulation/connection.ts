// A connection of a simulation: messages take their time and keep their order, unless a fault says otherwise.
import { DEADLINE_BEATS } from '../cluster/connection.js';
import type { Net } from '../cluster/machine.js';
import type { FromScheduler, ToScheduler } from '../cluster/messages.js';
import type { Message, World } from './world.js';

/** The real cluster's own default is the same. */
export const HEARTBEAT_MS = 1000;

/** An end of a connection: a worker or a client. */
export interface PeerEnd {
  readonly name: string;
  post(event: Net<FromScheduler>): void;
}

/** The other end. */
export interface SchedulerEnd {
  /** Those that it takes for open. */
  readonly connections: Map<number, Connection>;
  post(event: Net<ToScheduler>): void;
}

export class Connection {
  readonly peer: number;
  /** As the peer sees it. */
  open = true;
  /** The peer is dead, and what it had sent is lost with it. */
  cut = false;
  /** Strikes the next message. */
  fault?: 'late' | 'doubled' | 'reordered';
  /** Nothing arrives before: messages keep their order, and a partition holds them up. */
  private readonly clear = { up: 0, down: 0 };

  constructor(
    private readonly world: World,
    private readonly near: PeerEnd,
    private readonly scheduler: SchedulerEnd,
  ) {
    this.peer = world.connections++;
    scheduler.connections.set(this.peer, this);
  }

  send(way: 'up' | 'down', message: Message): void {
    const { world, fault, clear } = this;
    const { latencyMs = 0.1 } = world.options;
    this.fault = undefined;
    let arrival = world.now + latencyMs * (0.5 + world.random());
    if (fault === 'late') arrival += 3000 * world.random();
    if (fault === 'reordered')
      arrival += 50 * world.random(); // and those behind it do not wait
    else clear[way] = arrival = Math.max(arrival, clear[way]);
    world.messages++;
    const arrive = () => this.arrive(way, message, fault ? ` (${fault})` : '');
    world.at(arrival, arrive);
    if (fault === 'doubled') world.at(arrival + 50 * world.random(), arrive);
    if (fault) world.count(fault);
  }

  private arrive(way: 'up' | 'down', message: Message, fault: string): void {
    const { world, near, peer } = this;
    if (this.cut) return world.note(`${near.name} -> nobody (lost with its sender)`, message);
    world.note(
      `${way === 'up' ? `${near.name} -> scheduler` : `scheduler -> ${near.name}`}${fault}`,
      message,
    );
    // The scheduler takes it even from a closed connection: more than a socket would do, and it must not mind.
    if (way === 'up') this.scheduler.post({ type: 'message', peer, message: message as ToScheduler });
    else if (this.open) near.post({ type: 'message', peer, message: message as FromScheduler });
  }

  /** The peer closes it or dies, and the scheduler finds out. */
  close(reason: string): void {
    this.open = false;
    const sent = this.cut ? 0 : this.clear.up;
    this.world.at(Math.max(this.world.now, sent) + 1, () => this.hangUp(reason));
  }

  /** The scheduler closes it, and the peer finds out. */
  closeFromScheduler(): void {
    this.scheduler.connections.delete(this.peer);
    this.world.at(Math.max(this.world.now, this.clear.down) + 1, () => this.drop());
  }

  /** Nothing passes until a time. */
  hold(until: number): void {
    const { clear } = this;
    clear.up = Math.max(clear.up, until);
    clear.down = Math.max(clear.down, until);
    this.silence(until);
  }

  /** The peer says nothing until a time. The scheduler takes it for lost by its deadline, as real connections do. */
  silence(until: number): void {
    const { world, scheduler, peer } = this;
    const deadline = world.now + (DEADLINE_BEATS + world.random()) * HEARTBEAT_MS;
    world.at(Math.min(until, deadline), () => {
      if (until <= deadline || !scheduler.connections.has(peer)) return;
      this.hangUp('no sign of life for 5.0 s');
      this.drop();
    });
  }

  /** The peer finds that the other side is gone. */
  drop(): void {
    if (!this.open) return;
    this.open = false;
    this.near.post({ type: 'closed', peer: this.peer, reason: 'lost', blame: false });
  }

  private hangUp(reason: string): void {
    this.scheduler.connections.delete(this.peer);
    this.scheduler.post({ type: 'closed', peer: this.peer, reason, blame: true });
  }
}
