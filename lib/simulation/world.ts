// The world of a simulation: a clock that jumps from one event to the next, chance by seed, connections, and what is counted.
import seedrandom from 'seedrandom';
import { DEADLINE_BEATS } from '../cluster/connection.js';
import type { Net } from '../cluster/machine.js';
import type { FromScheduler, ToScheduler } from '../cluster/messages.js';
import { FAULTS, type Fault, type SimulationOptions } from './options.js';

export type Message = ToScheduler | FromScheduler;
/** The real cluster's own default is the same. */
export const HEARTBEAT_MS = 1000;
/** Called at each fault, and at each message that arrives or is lost. */
export type OnNote = (time: number, what: string, message?: Message) => void;

export class World {
  now = 0;
  readonly random: () => number;
  /** Connections that were opened, and messages that were sent. */
  connections = 0;
  messages = 0;
  readonly faults = new Map<Fault, number>(FAULTS.map((fault) => [fault, 0]));
  /** How often each task has thrown, on any worker. */
  readonly thrown = new Map<number, number>();
  /** What the clients have of their tasks, by index: a value, or how each of its workers was lost, or an error. */
  readonly values = new Map<number, number>();
  readonly lost = new Map<number, readonly string[]>();
  readonly threw: number[] = [];
  /** When the last value came, and how long the tasks ran whose values counted (ms). */
  lastValue = 0;
  usefulMs = 0;
  /** What is to happen, the latest first. */
  private readonly agenda: { readonly time: number; readonly action: () => void }[] = [];

  constructor(
    readonly options: SimulationOptions,
    private readonly onNote: OnNote = () => {},
  ) {
    this.random = seedrandom(String(options.seed));
  }

  /** Does something at a time; of two things at the same time, what was asked for first. */
  at(time: number, action: () => void): void {
    let [low, high] = [0, this.agenda.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.agenda[middle].time > time) low = middle + 1;
      else high = middle;
    }
    this.agenda.splice(low, 0, { time, action });
  }

  /** Jumps to what comes next and does it; false where nothing comes before `limit`. */
  step(limit: number): boolean {
    const next = this.agenda.pop();
    if (!next || next.time > limit) return false;
    this.now = next.time;
    next.action();
    return true;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  taskMs(index: number): number {
    const { taskMs } = this.options;
    return typeof taskMs === 'number' ? taskMs : taskMs(index);
  }

  note(what: string, message?: Message): void {
    this.onNote(this.now, what, message);
  }

  count(fault: Fault): void {
    this.faults.set(fault, this.faults.get(fault)! + 1);
  }
}

/** A machine at one end of its connections. */
export interface End {
  readonly name: string;
  /** Those that it takes for open. */
  readonly connections: Map<number, Connection>;
  post(event: Net<Message>): void;
}

/** Messages take their time and keep their order, unless a fault says otherwise. */
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
    let arrival = world.now + latencyMs * (0.5 + world.random());
    if (fault === 'late') arrival += 3000 * world.random();
    if (fault === 'reordered')
      arrival += 50 * world.random(); // and those behind it do not wait
    else arrival = this.hold(from, arrival);
    const arrive = () => this.arrive(from, message, fault ? ` (${fault})` : '');
    world.at(arrival, arrive);
    if (fault === 'doubled') world.at(arrival + 50 * world.random(), arrive);
    if (fault) world.count(fault);
    world.messages++;
  }

  private arrive(from: End, message: Message, fault: string): void {
    const { world, peer, scheduler, number } = this;
    if (this.cut) return world.note(`${peer.name} -> nobody (lost with its sender)`, message);
    const to = from === peer ? scheduler : peer;
    world.note(`${from.name} -> ${to.name}${fault}`, message);
    // The scheduler takes it even from a closed connection: more than a socket would do, and it must not mind.
    if (to === scheduler || to.connections.has(number)) to.post({ type: 'message', peer: number, message });
  }

  /** Nothing from this end arrives before a time, or before what is on its way. */
  hold(from: End, until: number): number {
    const clear = Math.max(until, this.clear.get(from) ?? 0);
    this.clear.set(from, clear);
    return clear;
  }

  /** An end closes it or dies; the other one finds out behind everything that was sent. */
  close(end: End, reason: string): void {
    const { world, peer, scheduler, number } = this;
    if (!end.connections.delete(number)) return;
    const sent = this.cut ? world.now : this.hold(end, world.now);
    world.at(sent + 1, () => this.lose(end === peer ? scheduler : peer, reason));
  }

  /** An end finds that the other one is gone. */
  lose(end: End, reason: string): void {
    const blame = end === this.scheduler;
    if (end.connections.delete(this.number)) end.post({ type: 'closed', peer: this.number, reason, blame });
  }

  /** Nothing passes until a time. The scheduler takes the peer for lost by its deadline, as real connections do. */
  silence(until: number): void {
    const { world, peer, scheduler } = this;
    const deadline = world.now + (DEADLINE_BEATS + world.random()) * HEARTBEAT_MS;
    world.at(Math.min(until, deadline), () => {
      if (until <= deadline || !scheduler.connections.has(this.number)) return;
      this.lose(scheduler, 'no sign of life for 5.0 s');
      this.lose(peer, 'lost');
    });
  }
}

/** The index of a task, by its key. */
export function indexOf({ key }: { readonly key: string }): number {
  return Number(key.slice(key.indexOf('-') + 1));
}
