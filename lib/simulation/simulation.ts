// A cluster in one thread with a clock of its own: the real machines of scheduler, workers and clients, and faults by seed.
import { SimulatedClient } from './client.js';
import { FAULTS, type Fault, type SimulationOptions, type SimulationResult } from './options.js';
import { SimulatedScheduler } from './scheduler.js';
import { SimulatedWorker } from './worker.js';
import { World, indexOf, type Message, type OnNote } from './world.js';

/** A simulation that has not ended by then is stuck (ms). */
const LIMIT_MS = 1e7;

/** Simulates until every task has a result and nothing is left running. @throws Error where that never comes */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

/** The messages about a task and all faults, a line each, by repeating the simulation; also where it throws. */
export function storyOf(options: SimulationOptions, index: number): readonly string[] {
  const lines: string[] = [];
  const batches = new Set<number>(); // those with the task in them: later messages give their numbers alone
  const concerns = (message: Message): boolean => {
    if (!('tasks' in message)) return 'batch' in message && batches.has(message.batch);
    const hasIt = message.tasks.some((task) => indexOf(task) === index);
    if (hasIt && message.op === 'assign') batches.add(message.batch);
    return hasIt;
  };
  const onNote: OnNote = (time, what, message) => {
    if (!message) lines.push(`${time.toFixed(1)} ms  ${what}`);
    else if (concerns(message)) {
      const batch = 'batch' in message ? ` batch ${message.batch}` : '';
      lines.push(`${time.toFixed(1)} ms  ${what}: ${message.op}${batch}`);
    }
  };
  try {
    new Simulation(options, onNote).run();
  } catch {
    // A story is wanted most of all when the simulation fails; it ends there.
  }
  return lines;
}

class Simulation {
  private readonly world: World;
  private scheduler: SimulatedScheduler;
  private readonly workers = new Set<SimulatedWorker>();
  private readonly clients: readonly SimulatedClient[];
  private schedulersMade = 0;
  private workersMade = 0;

  constructor(
    private readonly options: SimulationOptions,
    onNote?: OnNote,
  ) {
    const { workers, clients = 1 } = options;
    const tasks = Array.from({ length: options.tasks }, (_, i) => i);
    this.world = new World(options, onNote);
    this.scheduler = this.newScheduler();
    for (let i = 0; i < workers; i++) this.startWorker();
    this.clients = Array.from({ length: clients }, (_, i) => {
      const mine = tasks.filter((task) => task % clients === i);
      return new SimulatedClient(`client-${i}`, this.world, () => this.scheduler, mine);
    });
    this.planFaults();
  }

  run(): SimulationResult {
    const { threads = 1, workers, tasks, seed } = this.options;
    const { world } = this;
    while (!this.finished())
      if (!world.step(LIMIT_MS))
        throw new Error(`simulation ${seed}: ${tasks - world.values.size} tasks never ended`);
    const { values, lost, threw, faults, messages, lastValue, usefulMs } = world;
    return {
      makespanMs: lastValue,
      counted: values.size,
      sum: [...values.values()].reduce((a, b) => a + b, 0),
      efficiency: usefulMs / (lastValue * threads * workers),
      ...{ lost, threw, faults, messages },
    };
  }

  /** Every task has its end, every batch its answer. */
  private finished(): boolean {
    const { workers, waiting } = this.scheduler.machine;
    if (waiting.size > 0 || !this.clients.every(({ runs }) => runs.size === 0)) return false;
    return [...workers.values()].every(({ assignments }) => assignments.size === 0);
  }

  private newScheduler(): SimulatedScheduler {
    return new SimulatedScheduler(this.world, 1e9 * this.schedulersMade++);
  }

  private startWorker(): void {
    const { world } = this;
    const onDeath = (worker: SimulatedWorker) => {
      this.workers.delete(worker);
      world.after(3000 * world.random(), () => this.startWorker());
    };
    const name = `worker-${this.workersMade++}`;
    this.workers.add(new SimulatedWorker(name, world, () => this.scheduler, onDeath));
  }

  /** Draws when each fault comes: anywhere in the time that the work should take, and a little after. */
  private planFaults(): void {
    const { world } = this;
    const { tasks, workers, threads = 1, faults } = this.options;
    const span = 10 + (1.5 * tasks * world.taskMs(0)) / (workers * threads);
    for (const fault of FAULTS)
      for (let i = 0; i < (faults?.[fault] ?? 0); i++)
        world.after(world.random() * span, () => this.strike(fault));
  }

  private strike(fault: Fault): void {
    const { world } = this;
    const worker = world.pick(this.workers);
    const client = world.pick(this.clients)!;
    const struck =
      fault === 'restart' ? 'scheduler' : /client|cancel/.test(fault) ? client.name : worker?.name;
    world.note(`${fault}: ${struck ?? 'nobody'}`);
    const ms = world.random() * 12_000; // about half of these pass the deadline
    if (fault === 'late' || fault === 'doubled' || fault === 'reordered') {
      const connection = world.pick(this.scheduler.connections.values());
      if (connection) connection.fault = fault; // for its next message; counted then
      return;
    }
    if (fault === 'restart') {
      this.scheduler.die();
      this.scheduler = this.newScheduler(); // which knows nothing
    } else if (fault === 'clientLost') client.abort();
    else if (fault === 'cancelled') client.cancel();
    else if (!worker) return;
    else worker[fault](ms);
    world.faults.set(fault, world.faults.get(fault)! + 1);
  }
}
