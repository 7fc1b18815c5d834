// A worker of a simulation: the real worker's machine on simulated wires, and tasks that only take their time.
import { Shell } from '../cluster/machine.js';
import type { FromScheduler } from '../cluster/messages.js';
import { WorkerMachine, type BatchResult, type WorkerAction, type WorkerEvent } from '../cluster/worker.js';
import { packValue, type PackedTask } from '../task/pack.js';
import { indexOf, type Connection, type World } from './network.js';

/** When a batch that was begun is reported as started, unless it has ended (ms), as by the real worker. */
const STARTED_MS = 5;

/** A worker, from its start until it is dead. */
export class SimulatedWorker {
  private connection!: Connection;
  private readonly shell: Shell<WorkerEvent, WorkerAction>;
  private readonly running = new Map<number, { readonly thread: number }>();
  private readonly owed = new Map<number, number>(); // answers, by the batch
  private frozenUntil = 0;
  private dead = false;

  /**
   * @param thrown how often each task has thrown, on any worker
   * @param onDeath called once
   */
  constructor(
    readonly name: string,
    private readonly world: World,
    private readonly thrown: Map<number, number>,
    private readonly onDeath: (worker: SimulatedWorker) => void,
  ) {
    const { threads = 1, machines } = world.options;
    const hello = { op: 'hello', role: 'worker', name, threads, instance: name } as const;
    const machine = machines?.worker?.(hello) ?? new WorkerMachine(hello);
    this.shell = new Shell(
      machine,
      (action) => this.perform(action),
      () => world.now,
    );
    this.join();
  }

  // ---- what may befall it

  /** It dies, and its connection closes. */
  crash(): void {
    const { connection } = this;
    this.die();
    Object.assign(connection, { cut: true, clearUp: this.world.now });
    if (connection.open) this.world.network.closeFromPeer(connection, 'connection closed');
  }

  /** It dies, and no connection closes: what it had sent is lost with it. */
  vanish(): void {
    this.die();
    this.connection.cut = true;
    this.world.network.silence(this.connection, Infinity);
  }

  /** It does nothing until a time, and then goes on as if nothing had been. */
  stall(until: number): void {
    this.frozenUntil = until;
    this.world.network.silence(this.connection, until);
  }

  /** Nothing passes on its connection until a time. */
  partition(until: number): void {
    const { connection } = this;
    connection.clearUp = Math.max(connection.clearUp, until);
    connection.clearDown = Math.max(connection.clearDown, until);
    this.world.network.silence(connection, until);
  }

  /** Its connection closes, and it joins again. */
  abort(): void {
    if (!this.connection.open) return;
    this.world.network.closeFromPeer(this.connection, 'connection closed');
    this.connection.lost();
  }

  /** It leaves by its own will once what it has begun is done. */
  drain(): void {
    if (this.connection.open) this.shell.post({ type: 'leave' });
  }

  // ---- what it does

  private join(): void {
    if (this.dead) return;
    const { world } = this;
    this.owed.clear();
    const receive = (message: FromScheduler) =>
      this.thawed(() => {
        if (message.op === 'assign') this.owe(message.batch, 1);
        this.shell.post({ type: 'message', peer: connection.peer, message });
      });
    const lost = () =>
      this.thawed(() => {
        this.shell.post({ type: 'closed', peer: connection.peer, reason: 'lost', blame: false });
        world.at(world.now + world.random() * 500, () => this.join());
      });
    const connection = world.network.open(this.name, receive, lost);
    this.connection = connection;
    this.shell.post({ type: 'opened', peer: connection.peer });
  }

  private perform(action: WorkerAction): void {
    if (this.dead) return;
    if (action.type === 'run') this.runBatch(action);
    else if (action.type === 'stop') {
      if (this.running.delete(action.batch)) this.end(action.batch, NOTHING);
    } else if (action.type === 'close') {
      this.die();
      if (this.connection.open) this.world.network.closeFromPeer(this.connection, 'closed');
    } else if (this.connection.open) {
      const { message } = action;
      if (message.op === 'done') this.owe(message.batch, -1);
      this.world.network.send(this.connection, 'up', message);
    }
  }

  /** Each batch that has arrived is answered once, or less often where it arrived twice. */
  private owe(batch: number, change: 1 | -1): void {
    const owed = (this.owed.get(batch) ?? 0) + change;
    if (owed < 0) throw new Error(`${this.name} answers batch ${batch} twice`);
    this.owed.set(batch, owed);
  }

  /** Runs a batch's tasks in their order, until the end, an error, or a task that kills. */
  private runBatch({ batch, tasks, watched }: WorkerAction & { type: 'run' }): void {
    const { world } = this;
    const used = new Set(Array.from(this.running.values(), ({ thread }) => thread));
    let thread = 0;
    while (used.has(thread)) thread++;
    const mark = { thread };
    this.running.set(batch, mark);
    const { result, kills, endsAt } = this.compute(tasks, thread);
    const begun = { type: 'begun', batch, thread, time: world.now } as const;
    const stillRuns = () => !this.dead && this.running.get(batch) === mark;
    if (watched && endsAt > world.now + STARTED_MS)
      world.at(world.now + STARTED_MS, () => this.thawed(() => stillRuns() && this.shell.post(begun)));
    world.at(endsAt, () =>
      this.thawed(() => {
        if (!stillRuns()) return;
        if (kills) return this.crash();
        this.running.delete(batch);
        this.end(batch, result);
      }),
    );
  }

  private end(batch: number, result: BatchResult): void {
    this.shell.post({ type: 'ended', batch, result });
  }

  /** What becomes of a batch that begins now. */
  private compute(
    tasks: readonly PackedTask[],
    thread: number,
  ): { readonly result: BatchResult; readonly kills: boolean; readonly endsAt: number } {
    const { killers, throws, taskMs } = this.world.options;
    const times: number[] = [];
    const values: number[] = [];
    let now = this.world.now;
    const result = (stop = {}) => ({
      thread,
      count: values.length,
      times,
      values: packValue(values),
      ...stop,
    });
    for (const [at, task] of tasks.entries()) {
      const index = indexOf(task);
      const start = now;
      now += typeof taskMs === 'number' ? taskMs : taskMs(index);
      const killer = killers?.get(index);
      // A thread that is lost takes the results of its batch with it.
      if (killer === 'thread')
        return {
          result: { ...NOTHING, thread, lost: { at, ended: 'exit code 3' } },
          kills: false,
          endsAt: now,
        };
      if (killer === 'worker') return { result: NOTHING, kills: true, endsAt: now };
      const thrown = this.thrown.get(index) ?? 0;
      if (thrown < (throws?.(index) ?? 0)) {
        this.thrown.set(index, thrown + 1);
        const error = { name: 'RangeError', message: 'thrown by design' };
        return { result: result({ error }), kills: false, endsAt: now };
      }
      times.push(start, now);
      values.push(3 * index + 1);
    }
    return { result: result(), kills: false, endsAt: now };
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

const NOTHING: BatchResult = { thread: 0, count: 0, times: [], values: packValue([]) };
