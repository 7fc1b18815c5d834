// The wires of a simulation: messages take their time and keep their order, unless a fault says otherwise.
import { DEADLINE_BEATS } from '../cluster/connection.js';
import type { FromScheduler, ToScheduler } from '../cluster/messages.js';
import type { Fault, SimulationOptions } from './options.js';

/** The real cluster's own default is the same. */
export const HEARTBEAT_MS = 1000;

/** One connection of a worker or a client with the scheduler. */
export interface Connection {
  readonly peer: number;
  readonly who: string;
  /** The number of the scheduler that it was opened with. */
  readonly scheduler: number;
  /** As the peer sees it. */
  open: boolean;
  /** Nothing arrives before: messages keep their order, and a partition holds them up. */
  clearUp: number;
  clearDown: number;
  /** Strikes its next message. */
  fault?: 'late' | 'doubled' | 'reordered';
  /** The peer is dead, and what it had sent is lost with it. */
  cut: boolean;
  readonly receive: (message: FromScheduler) => void;
  readonly lost: () => void;
}

/** What actors and wires ask of the simulation they are in. */
export interface World {
  readonly now: number;
  readonly random: () => number;
  readonly options: SimulationOptions;
  readonly network: Network;
  /** How many schedulers there have been: a connection is with the last of them. */
  readonly schedulers: number;
  at(time: number, action: () => void): void;
  note(what: string, message?: ToScheduler | FromScheduler): void;
  count(fault: Fault): void;
  /** A message has reached the scheduler. */
  arrived(connection: Connection, message: ToScheduler): void;
  /** The scheduler finds that a peer is gone. */
  hungUp(connection: Connection, reason: string): void;
}

export class Network {
  /** As the scheduler sees them. */
  readonly connections = new Map<number, Connection>();
  messages = 0;
  private peers = 0;

  constructor(private readonly world: World) {}

  open(who: string, receive: Connection['receive'], lost: Connection['lost']): Connection {
    const state = { open: true, cut: false, clearUp: 0, clearDown: 0 };
    const { schedulers: scheduler } = this.world;
    const connection: Connection = { peer: this.peers++, who, scheduler, ...state, receive, lost };
    this.connections.set(connection.peer, connection);
    return connection;
  }

  send(connection: Connection, way: 'up' | 'down', message: ToScheduler | FromScheduler): void {
    const { now, random, options } = this.world;
    const { fault } = connection;
    connection.fault = undefined;
    const clear = way === 'up' ? 'clearUp' : 'clearDown';
    let arrival =
      now + (options.latencyMs ?? 0.1) * (0.5 + random()) + (fault === 'late' ? random() * 3000 : 0);
    if (fault === 'reordered')
      arrival += random() * 50; // and those behind it do not wait
    else connection[clear] = arrival = Math.max(arrival, connection[clear]);
    this.messages++;
    this.arrive(connection, way, message, arrival, fault);
    if (fault === 'doubled') this.arrive(connection, way, message, arrival + random() * 50, fault);
    if (fault) this.world.count(fault);
  }

  private arrive(
    connection: Connection,
    way: 'up' | 'down',
    message: ToScheduler | FromScheduler,
    time: number,
    fault?: string,
  ): void {
    const { world } = this;
    const { who } = connection;
    const [from, to] = way === 'up' ? [who, 'scheduler'] : ['scheduler', who];
    world.at(time, () => {
      if (connection.cut) return world.note(`${who} -> nobody (lost with its sender)`, message);
      world.note(`${from} -> ${to}${fault ? ` (${fault})` : ''}`, message);
      if (way === 'up') world.arrived(connection, message as ToScheduler);
      else if (connection.open) connection.receive(message as FromScheduler);
    });
  }

  /** The scheduler closes: its side is gone at once, the other one finds out. */
  closeFromScheduler(connection: Connection): void {
    this.connections.delete(connection.peer);
    this.world.at(Math.max(this.world.now, connection.clearDown) + 1, () => this.drop(connection));
  }

  /** A peer's side closes or dies: the scheduler finds out. */
  closeFromPeer(connection: Connection, reason: string): void {
    connection.open = false;
    this.world.at(Math.max(this.world.now, connection.clearUp) + 1, () => {
      this.connections.delete(connection.peer);
      this.world.hungUp(connection, reason);
    });
  }

  /** A peer says nothing until a time. The scheduler takes it for lost by its deadline, as real connections do. */
  silence(connection: Connection, until: number): void {
    const deadline = this.world.now + (DEADLINE_BEATS + this.world.random()) * HEARTBEAT_MS;
    this.world.at(Math.min(until, deadline), () => {
      if (until <= deadline || !this.connections.delete(connection.peer)) return;
      this.world.hungUp(connection, 'no sign of life for 5.0 s');
      this.drop(connection);
    });
  }

  /** A peer finds that the other side is gone. */
  drop(connection: Connection): void {
    if (!connection.open) return;
    connection.open = false;
    connection.lost();
  }
}

/** The index of a task, by its key. */
export function indexOf({ key }: { readonly key: string }): number {
  return Number(key.slice(key.indexOf('-') + 1));
}
