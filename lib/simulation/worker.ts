// A worker of a simulation: the real worker's machine, faults that strike it, and tasks that only take their time.
import type { FromScheduler } from '../cluster/messages.js';
import type { Net } from '../cluster/state-machine.js';
import { WorkerMachine, type BatchResult, type WorkerAction, type WorkerEvent } from '../cluster/worker.js';
import { packValue, type PackedTask } from '../task/pack.js';
import { Peer, type End } from './actor.js';
import { indexOf, type World } from './world.js';

/** When a batch that was begun is reported as started, unless it has ended (ms). Stories have it sooner than watchers. */
const STARTED_MS = 5;
const SLOW_FACTOR = 50;
/** How long a thread takes to stop, while its worker may join again (ms). */
const STOP_MS = 20;
/** The result of a batch without any. Threads are counted, but not told apart. */
const NOTHING: BatchResult = { thread: 0, count: 0, times: [], values: packValue([]) };
const THROWN = { name: 'RangeError', message: 'thrown by design' };

/** A worker, from its start until it is dead. */
export class SimulatedWorker extends Peer<WorkerEvent, WorkerAction> {
  private readonly running = new Map<number, object>(); // a mark for each batch
  private readonly owed = new Map<number, number>(); // answers, by the batch
  private frozenUntil = 0;
  private slowUntil = 0;

  /** @param onDeath called once */
  constructor(
    name: string,
    world: World,
    scheduler: () => End,
    private readonly onDeath: (worker: SimulatedWorker) => void,
  ) {
    const { threads = 1, machines } = world.options;
    const hello = { op: 'hello', role: 'worker', name, threads, instance: name } as const;
    super(name, world, scheduler, new (machines?.worker ?? WorkerMachine)(hello));
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

  /** It does nothing for a while, and then goes on as if nothing had been. */
  stall(ms: number): void {
    this.frozenUntil = this.world.now + ms;
    this.connection.silence(ms);
  }

  /** Nothing passes on its connection for a while. */
  partition(ms: number): void {
    for (const end of [this, this.connection.scheduler]) this.connection.hold(end, ms);
    this.connection.silence(ms);
  }

  /** It leaves by its own will once what it has begun is done. */
  drain(): void {
    if (this.connections.size > 0) this.shell.post({ type: 'leave' });
  }

  /** What it begins in this time takes longer. */
  slow(ms: number): void {
    this.slowUntil = this.world.now + ms;
  }

  // ---- what it does

  override hear(event: Net<FromScheduler>): void {
    this.thawed(() => {
      if (event.type === 'message' && event.message.op === 'assign') this.owe(event.message.batch, 1);
      super.hear(event);
    });
  }

  protected override connect(): void {
    if (this.dead) return;
    this.owed.clear();
    super.connect();
  }

  protected override perform(action: WorkerAction): void {
    if (this.dead) return;
    if (action.type === 'run') return this.run(action);
    if (action.type === 'stop') return this.stop(action.batch);
    if (action.type === 'close') this.die();
    else if (action.type === 'send' && action.message.op === 'done' && this.connections.size > 0)
      this.owe(action.message.batch, -1);
    this.act(action);
  }

  /** Each batch that has arrived is answered once, or less often where it arrived twice. */
  private owe(batch: number, change: 1 | -1): void {
    const owed = (this.owed.get(batch) ?? 0) + change;
    if (owed < 0) throw new Error(`${this.name} answers batch ${batch} twice`);
    this.owed.set(batch, owed);
  }

  /** Runs a batch's tasks in their order, until the end, an error, or a task that kills. */
  private run({ batch, tasks }: WorkerAction & { type: 'run' }): void {
    const { world } = this;
    const time = world.now;
    const { result, ms } = this.compute(tasks);
    const then = this.marked(batch);
    if (ms > STARTED_MS) then(STARTED_MS, () => this.shell.post({ type: 'begun', batch, thread: 0, time }));
    then(ms, () => (result ? this.end(batch, result) : this.crash()));
  }

  private stop(batch: number): void {
    if (this.running.has(batch)) this.marked(batch)(STOP_MS, () => this.end(batch, NOTHING));
  }

  /** Says what comes of a batch, and after how long, in place of what was to come of it. */
  private marked(batch: number): (ms: number, action: () => void) => void {
    const mark = {};
    this.running.set(batch, mark);
    return (ms, action) =>
      this.world.after(ms, () => this.thawed(() => this.running.get(batch) === mark && action()));
  }

  private end(batch: number, result: BatchResult): void {
    if (this.running.delete(batch)) this.shell.post({ type: 'ended', batch, result });
  }

  /** How a batch that begins now will end, and after how long. Without a result, its worker dies. */
  private compute(tasks: readonly PackedTask[]): { readonly result?: BatchResult; readonly ms: number } {
    const { world } = this;
    const { killers, throws } = world.options;
    const factor = world.now < this.slowUntil ? SLOW_FACTOR : 1;
    const [times, values]: number[][] = [[], []];
    const done = () => ({ thread: 0, count: values.length, times, values: packValue(values) });
    let ms = 0;
    for (const [at, task] of tasks.entries()) {
      const index = indexOf(task);
      const start = world.now + ms;
      ms += factor * world.taskMs(index);
      const killer = killers?.get(index);
      if (killer === 'worker') return { ms };
      // A thread that is lost takes the results of its batch with it.
      if (killer === 'thread') return { ms, result: { ...NOTHING, lost: { at, ended: 'exit code 3' } } };
      if (throws?.(index)) return { ms, result: { ...done(), error: THROWN } };
      times.push(start, world.now + ms);
      values.push(3 * index + 1);
    }
    return { ms, result: done() };
  }

  /** A worker that stands still does everything later. */
  private thawed(action: () => void): void {
    if (this.dead) return;
    const { world, frozenUntil } = this;
    if (frozenUntil > world.now) world.after(frozenUntil - world.now, () => this.thawed(action));
    else action();
  }

  private die(): void {
    if (this.dead) return;
    this.dead = true;
    this.onDeath(this);
  }
}
