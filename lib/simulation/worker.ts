// A worker of a simulation: the real worker's machine, faults that strike it, and tasks that only take their time.
import type { Net } from '../cluster/machine.js';
import type { FromScheduler } from '../cluster/messages.js';
import { WorkerMachine, type BatchResult, type WorkerAction, type WorkerEvent } from '../cluster/worker.js';
import { packValue, type PackedTask } from '../task/pack.js';
import { Peer } from './actor.js';
import { indexOf, type End, type World } from './world.js';

/** When a batch that was begun is reported as started, unless it has ended (ms), as by the real worker. */
const STARTED_MS = 5;
/** The result of a batch without any. Threads are counted, but not told apart. */
const NOTHING: BatchResult = { thread: 0, count: 0, times: [], values: packValue([]) };

/** A worker, from its start until it is dead. */
export class SimulatedWorker extends Peer<WorkerEvent, WorkerAction> {
  private readonly running = new Map<number, object>(); // a mark for each batch
  private readonly owed = new Map<number, number>(); // answers, by the batch
  private frozenUntil = 0;

  /** @param onDeath called once */
  constructor(
    name: string,
    world: World,
    scheduler: () => End,
    private readonly onDeath: (worker: SimulatedWorker) => void,
  ) {
    const { threads = 1, machines } = world.options;
    const hello = { op: 'hello', role: 'worker', name, threads, instance: name } as const;
    super(name, world, scheduler, machines?.worker?.(hello) ?? new WorkerMachine(hello));
    this.connect();
  }

  // ---- what may befall it, beside `abort`

  /** It dies, and its connection closes. */
  crash(): void {
    this.die();
    this.connection.cut = true;
    this.connection.close(this, 'connection closed');
  }

  /** It dies, and no connection closes. */
  vanish(): void {
    this.die();
    this.connection.cut = true;
    this.connection.silence(Infinity);
  }

  /** It does nothing until a time, and then goes on as if nothing had been. */
  stall(until: number): void {
    this.frozenUntil = until;
    this.connection.silence(until);
  }

  /** Nothing passes on its connection until a time. */
  partition(until: number): void {
    for (const end of [this, this.connection.scheduler]) this.connection.hold(end, until);
    this.connection.silence(until);
  }

  /** It leaves by its own will once what it has begun is done. */
  drain(): void {
    if (this.connections.size > 0) this.shell.post({ type: 'leave' });
  }

  // ---- what it does

  override post(event: Net<FromScheduler>): void {
    this.thawed(() => {
      if (event.type === 'message' && event.message.op === 'assign') this.owe(event.message.batch, 1);
      super.post(event);
    });
  }

  protected override connect(): void {
    if (this.dead) return;
    this.owed.clear();
    super.connect();
  }

  protected perform(action: WorkerAction): void {
    if (this.dead) return;
    if (action.type === 'run') return this.run(action);
    if (action.type === 'stop') return this.end(action.batch, NOTHING);
    if (action.type === 'close') this.die();
    else if (action.message.op === 'done' && this.connections.size > 0) this.owe(action.message.batch, -1);
    this.act(action);
  }

  /** Each batch that has arrived is answered once, or less often where it arrived twice. */
  private owe(batch: number, change: 1 | -1): void {
    const owed = (this.owed.get(batch) ?? 0) + change;
    if (owed < 0) throw new Error(`${this.name} answers batch ${batch} twice`);
    this.owed.set(batch, owed);
  }

  /** Runs a batch's tasks in their order, until the end, an error, or a task that kills. */
  private run({ batch, tasks, watched }: WorkerAction & { type: 'run' }): void {
    const { now: time } = this.world;
    const { result, endsAt } = this.compute(tasks);
    const mark = {};
    this.running.set(batch, mark);
    const then = (when: number, action: () => void) =>
      this.world.at(when, () => this.thawed(() => this.running.get(batch) === mark && action()));
    if (watched && endsAt > time + STARTED_MS)
      then(time + STARTED_MS, () => this.shell.post({ type: 'begun', batch, thread: 0, time }));
    then(endsAt, () => (result ? this.end(batch, result) : this.crash()));
  }

  private end(batch: number, result: BatchResult): void {
    if (this.running.delete(batch)) this.shell.post({ type: 'ended', batch, result });
  }

  /** How a batch that begins now will end, and when. Without a result, its worker dies. */
  private compute(tasks: readonly PackedTask[]): { readonly result?: BatchResult; readonly endsAt: number } {
    const { world } = this;
    const { killers, throws } = world.options;
    const times: number[] = [];
    const values: number[] = [];
    const done = () => ({ thread: 0, count: values.length, times, values: packValue(values) });
    let endsAt = world.now;
    for (const [at, task] of tasks.entries()) {
      const index = indexOf(task);
      const start = endsAt;
      endsAt += world.taskMs(index);
      const killer = killers?.get(index);
      if (killer === 'worker') return { endsAt };
      // A thread that is lost takes the results of its batch with it.
      if (killer === 'thread') return { endsAt, result: { ...NOTHING, lost: { at, ended: 'exit code 3' } } };
      const thrown = world.thrown.get(index) ?? 0;
      if (thrown < (throws?.(index) ?? 0)) {
        world.thrown.set(index, thrown + 1);
        const error = { name: 'RangeError', message: 'thrown by design' };
        return { endsAt, result: { ...done(), error } };
      }
      times.push(start, endsAt);
      values.push(3 * index + 1);
    }
    return { endsAt, result: done() };
  }

  /** A worker that stands still does everything later. */
  private thawed(action: () => void): void {
    if (this.dead) return;
    if (this.frozenUntil > this.world.now) this.world.at(this.frozenUntil, () => this.thawed(action));
    else action();
  }

  private die(): void {
    if (this.dead) return;
    this.dead = true;
    this.onDeath(this);
  }
}
