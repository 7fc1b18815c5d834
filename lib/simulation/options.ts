// What a simulation may be given, and what comes of it.
import type { ClientMachine } from '../cluster/client.js';
import type { SchedulerMachine } from '../cluster/scheduler.js';
import type { WorkerMachine } from '../cluster/worker.js';

/** The kinds of fault, as an actor of the simulation meets each. */
export const FAULTS = [
  'crash', // a worker dies, its connection closes; another one joins later
  'vanish', // a worker dies and no connection closes: its machine is gone
  'stall', // a worker stands still for a while, and then goes on as if nothing had been
  'partition', // nothing passes on one worker's connection for a while
  'abort', // one worker's connection closes, the worker joins again
  'drain', // a worker leaves by its own will; another one joins later
  'late', // one message takes long, and those behind it wait
  'doubled', // one message arrives twice
  'reordered', // one message arrives after later ones
  'clientLost', // a client's connection closes, it connects again
  'cancelled', // a client cancels a run and submits what was left as a new one
  'restart', // the scheduler dies and another one takes its place, knowing nothing
  'slow', // what a worker begins takes fifty times as long for a while
] as const;
export type Fault = (typeof FAULTS)[number];

/** What to simulate. Times in ms. */
export interface SimulationOptions {
  readonly seed: number | string;
  readonly workers: number;
  /** Of each worker (default 1). */
  readonly threads?: number;
  /** In all; the clients share them. */
  readonly tasks: number;
  readonly clients?: number;
  /** Calls of run that are under way at once, for each client. */
  readonly runs?: number;
  /** How long a task computes: a number, or by its index. */
  readonly taskMs: number | ((index: number) => number);
  /** How long a message is under way, without faults (default 0.1). */
  readonly latencyMs?: number;
  /** What each task in a message costs the scheduler (default 0). */
  readonly perTaskMs?: number;
  /** How many of each fault. */
  readonly faults?: { readonly [fault in Fault]?: number };
  /** Tasks that always take their thread, or their whole worker, with them. */
  readonly killers?: ReadonlyMap<number, 'thread' | 'worker'>;
  /** Whether a task throws, by its index. */
  readonly throws?: (index: number) => boolean;
  /** Called with the scheduler's machine after each of its events. */
  readonly check?: (scheduler: SchedulerMachine) => void;
  /** Machines in place of the real ones: tests plant bugs in them. */
  readonly machines?: Machines;
}

export interface Machines {
  readonly scheduler?: typeof SchedulerMachine;
  readonly worker?: typeof WorkerMachine;
  readonly client?: typeof ClientMachine;
}

/** What became of it. */
export interface SimulationResult {
  /** From the start to the last result. */
  readonly makespanMs: number;
  /** Results that were counted, and the sum of their values; every task's value is 3 * index + 1. */
  readonly counted: number;
  readonly sum: number;
  /** Tasks that were given up because their workers were lost, and how each ended. */
  readonly lost: ReadonlyMap<number, readonly string[]>;
  readonly threw: readonly number[];
  readonly faults: ReadonlyMap<Fault, number>;
  readonly messages: number;
  /** The time of all threads in which tasks ran whose result counted, as a share of makespan * threads. */
  readonly efficiency: number;
}
