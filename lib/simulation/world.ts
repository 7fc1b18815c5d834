// What is around the actors of a simulation: a clock, dice, wires, and who hears at the scheduler's end.
import type { FromScheduler, ToScheduler } from '../cluster/protocol.js';
import type { Fault, SimulationOptions } from './options.js';

/** The real cluster's own default is the same. */
export const HEARTBEAT_MS = 1000;

/** One connection of a worker or a client with the scheduler. */
export interface Connection {
  readonly peer: number;
  readonly who: string;
  /** The number of the scheduler that it was opened with. */
  readonly scheduler: number;
  open: boolean;
  /** Nothing arrives before: messages keep their order, and a partition holds them up. */
  clearUp: number;
  clearDown: number;
  /** Befalls its next message. */
  fault?: 'late' | 'doubled' | 'reordered';
  /** The peer is dead, and what it had sent is lost with it. */
  cut: boolean;
  readonly receive: (message: FromScheduler) => void;
  readonly lost: () => void;
}

/** The wires, as actors use them (see network.ts). */
export interface Wires {
  readonly connections: ReadonlyMap<number, Connection>;
  open(who: string, receive: Connection['receive'], lost: Connection['lost']): Connection;
  send(connection: Connection, way: 'up' | 'down', message: ToScheduler | FromScheduler): void;
  closeFromPeer(connection: Connection, reason: string): void;
}

/** What actors and wires ask of the simulation they are in. */
export interface World {
  readonly now: number;
  readonly random: () => number;
  readonly options: SimulationOptions;
  readonly network: Wires;
  /** How many schedulers there have been: a connection is with the last of them. */
  readonly schedulers: number;
  at(time: number, action: () => void): void;
  later(ms: number, action: () => void): void;
  note(what: string, message?: ToScheduler | FromScheduler): void;
  count(fault: Fault): void;
  arrived(connection: Connection, message: ToScheduler): void;
  hungUp(connection: Connection, reason: string): void;
}

/** What a message between peers says it took, there and back, without faults (ms). */
export function rttMs({ options }: World): number {
  return 2 * (options.latencyMs ?? LATENCY_MS);
}

/** How long a message is under way, where nobody says (ms). */
export const LATENCY_MS = 0.1;

/** The index of a task, by its key. */
export function indexOf({ key }: { readonly key: string }): number {
  return Number(key.slice(key.indexOf('-') + 1));
}
