// The wires of a simulation: messages take their time and keep their order, unless a fault says otherwise.
import type { FromScheduler, ToScheduler } from '../cluster/protocol.js';
import type { Connection, Wires, World } from './world.js';

/** All connections. */
export class Network implements Wires {
  readonly connections = new Map<number, Connection>();
  /** Sent so far, heartbeats left out. */
  messages = 0;
  private peers = 0;

  constructor(
    private readonly world: World,
    private readonly latencyMs: number,
  ) {}

  open(who: string, receive: Connection['receive'], lost: Connection['lost']): Connection {
    const state = { open: true, cut: false, clearUp: 0, clearDown: 0 };
    const { schedulers: scheduler } = this.world;
    const connection = { peer: this.peers++, who, scheduler, ...state, receive, lost };
    this.connections.set(connection.peer, connection);
    return connection;
  }

  send(connection: Connection, way: 'up' | 'down', message: ToScheduler | FromScheduler): void {
    const { now, random } = this.world;
    const beat = message.op === 'ping' || message.op === 'pong';
    const fault = beat ? undefined : connection.fault;
    if (fault) connection.fault = undefined;
    const clear = way === 'up' ? 'clearUp' : 'clearDown';
    let arrival = now + this.latencyMs * (0.5 + random()) + (fault === 'late' ? random() * 3000 : 0);
    if (fault === 'reordered')
      arrival += random() * 50; // and those behind it do not wait
    else connection[clear] = arrival = Math.max(arrival, connection[clear]);
    if (!beat) this.messages++;
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

  /** The scheduler closes: its side is gone at once, the other hears of it. */
  closeFromScheduler(connection: Connection): void {
    this.connections.delete(connection.peer);
    this.world.at(Math.max(this.world.now, connection.clearDown) + 1, () => this.drop(connection));
  }

  /** A peer's side closes or dies: the scheduler hears of it. */
  closeFromPeer(connection: Connection, reason: string): void {
    connection.open = false;
    this.world.at(Math.max(this.world.now, connection.clearUp) + 1, () => {
      this.connections.delete(connection.peer);
      this.world.hungUp(connection, reason);
    });
  }

  /** A peer finds that the other side is gone. */
  drop(connection: Connection): void {
    if (!connection.open) return;
    connection.open = false;
    connection.lost();
  }
}
