// Who is here: workers with their threads, and their clocks, which may be hours off ours.
import type { Box, Row, WorkerLine } from './picture.js';

/** Clocks that differ by less are taken as one: a quick result may take as long (ms). */
const CLOCK_TOLERANCE_MS = 50;
/** What executors call the threads of this process, which share its clock. */
const OWN_PROCESS = 'local';
/** What a name may have in a picture; the events file has it whole. */
const LONGEST_NAME = 120;

/** A thread of a worker. */
export interface Thread {
  readonly worker: Worker;
  readonly number: number;
  boxes: Box[];
  /** With the task's whole key. */
  running: Row['running'];
  /** The time until which it has been drawn; absent before the run. */
  settled: number | undefined;
  /** Since when tasks had been waiting as it began its task. */
  filled: number;
  /** When the last task's value was with the caller. */
  arrived: number;
}

/** A worker, here or gone. */
export class Worker {
  readonly threads = new Map<number, Thread>();
  running = 0;
  finished = 0;
  failed = 0;
  lastHeard = 0;
  memoryBytes: number | undefined;
  left: Row['left'];
  /** What to add to its clock to get ours. */
  private offset = 0;
  /** The shortest time from a task's end on its clock to the arrival of the value on ours. */
  private quickest: number;

  constructor(readonly name: string) {
    this.quickest = name === OWN_PROCESS ? -Infinity : Infinity;
  }

  /** Whether it is known how its clock goes. */
  get clockKnown(): boolean {
    return this.quickest < Infinity;
  }

  /** The least delay ever seen is taken for none: an end after its own arrival, or long before it, is the clock's error. */
  correctClock(delay: number): void {
    if (delay >= this.quickest) return;
    this.quickest = delay;
    this.offset = delay < 0 || delay > CLOCK_TOLERANCE_MS ? delay : 0;
  }

  /** A time of its clock on ours. */
  ours(time: number): number {
    return time + this.offset;
  }

  /** When the tasks began that run now. */
  get starts(): readonly number[] {
    return [...this.threads.values()].flatMap(({ running }) => running?.start ?? []);
  }

  get line(): WorkerLine {
    const { threads, running, finished, failed, memoryBytes, left } = this;
    const heard = { lastHeard: round(this.lastHeard), memoryBytes, left: left?.reason };
    return { name: short(this.name), threads: threads.size, running, finished, failed, ...heard };
  }
}

/** To the microsecond: what a clock can tell, in fewer bytes. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** A name as a picture has it. */
export function short(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 3)}...` : name;
}
