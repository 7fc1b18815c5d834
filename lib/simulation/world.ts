// The world of a simulation: a clock that jumps from one event to the next, chance by seed, and what is counted.
import seedrandom from 'seedrandom';
import type { FromScheduler, ToScheduler } from '../cluster/messages.js';
import { FAULTS, type Fault, type SimulationOptions } from './options.js';

export type Message = ToScheduler | FromScheduler;
/** Called at each fault, and at each message that arrives or is lost. */
export type OnNote = (time: number, what: string, message?: Message) => void;

export class World {
  now = 0;
  readonly random: () => number;
  /** Connections that were opened, and messages that were sent. */
  connections = 0;
  messages = 0;
  readonly faults = new Map<Fault, number>(FAULTS.map((fault) => [fault, 0]));
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

  /** Does something after a time; of two things at the same time, what was asked for first. */
  after(ms: number, action: () => void): void {
    const time = this.now + ms;
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

  pick<T>(items: Iterable<T>): T | undefined {
    const list = [...items];
    return list[Math.floor(this.random() * list.length)];
  }

  taskMs(index: number): number {
    const { taskMs } = this.options;
    return typeof taskMs === 'number' ? taskMs : taskMs(index);
  }

  note(what: string, message?: Message): void {
    this.onNote(this.now, what, message);
  }
}

/** The index of a task, by its key. */
export function indexOf({ key }: { readonly key: string }): number {
  return Number(key.slice(key.indexOf('-') + 1));
}
