// A worker of a simulation: the real worker's queue on simulated wires, and tasks that only take their time.
import type { FromScheduler, PackedTask } from '../cluster/protocol.js';
import { WorkerQueue, type WorkerAction } from '../cluster/worker-queue.js';
import { HEARTBEAT_MS, indexOf, rttMs, type Connection, type World } from './world.js';

/** How a batch ends that does not come to its last task. */
interface Stop {
  readonly error?: { readonly name: string; readonly message: string };
  readonly lost?: { readonly at: number; readonly ended: string };
}

/** A worker, from its start until it is dead. */
export class SimulatedWorker {
  private connection: Connection | undefined;
  private queue: WorkerQueue;
  private readonly running = new Map<number, { readonly thread: number }>();
  private frozenUntil = 0;
  private dead = false;
  private draining = false;

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
    this.queue = new WorkerQueue(this.threads);
    this.join();
    world.later(world.random() * HEARTBEAT_MS, () => this.beat());
  }

  // ---- what may befall it

  /** It dies, and its connection closes. */
  crash(reason: string): void {
    this.die();
    if (this.connection) Object.assign(this.connection, { cut: true, clearUp: this.world.now });
    if (this.connection?.open) this.world.network.closeFromPeer(this.connection, reason);
  }

  /** It dies, and no connection closes: what it had sent is lost with it. */
  vanish(): void {
    this.die();
    if (this.connection) this.connection.cut = true;
  }

  /** It does nothing until a time, and then goes on as if nothing had been. */
  freeze(until: number): void {
    this.frozenUntil = until;
  }

  /** Nothing passes on its connection until a time. */
  partition(until: number): void {
    if (!this.connection) return;
    this.connection.clearUp = Math.max(this.connection.clearUp, until);
    this.connection.clearDown = Math.max(this.connection.clearDown, until);
  }

  /** Its connection closes, and it joins again. */
  abort(): void {
    if (!this.connection?.open) return;
    this.world.network.closeFromPeer(this.connection, 'connection closed');
    this.connection.lost();
  }

  /** It leaves by its own will once what it has begun is done. */
  drain(): void {
    if (!this.connection?.open) return;
    this.draining = true;
    this.act(this.connection, this.queue.drain());
  }

  // ---- what it does

  private get threads(): number {
    return this.world.options.threads ?? 1;
  }

  private join(): void {
    if (this.dead) return;
    const { world, name, threads } = this;
    const queue = new WorkerQueue(threads); // of this connection: what an old one still brings must not reach it
    this.queue = queue;
    this.running.clear();
    const receive = (message: FromScheduler) =>
      this.thawed(() => this.act(connection, queue.handle(message)));
    const lost = () => this.thawed(() => world.later(world.random() * 500, () => this.join()));
    const connection = world.network.open(name, receive, lost);
    this.connection = connection;
    world.network.send(connection, 'up', { op: 'join', name, threads, instance: name });
  }

  private act(connection: Connection, actions: readonly WorkerAction[]): void {
    if (this.dead || this.connection !== connection || !connection.open) return;
    for (const action of actions) {
      if (action.type === 'send') this.world.network.send(connection, 'up', action.message);
      else if (action.type === 'run') this.runBatch(connection, action.batch, action.tasks);
      else if (this.running.delete(action.batch))
        this.act(connection, this.queue.ended({ op: 'returned', batch: action.batch }));
    }
    if (!this.draining || this.queue.active > 0) return;
    this.die();
    if (connection.open) this.world.network.closeFromPeer(connection, 'closed');
  }

  /** Runs a batch's tasks in their order, until the end, an error, or a task that kills. */
  private runBatch(connection: Connection, batch: number, tasks: readonly PackedTask[]): void {
    const { world } = this;
    const used = new Set(Array.from(this.running.values(), ({ thread }) => thread));
    let thread = 0;
    while (used.has(thread)) thread++;
    const mark = { thread };
    this.running.set(batch, mark);
    world.network.send(connection, 'up', { op: 'started', batch, thread, time: world.now });
    const { times, values, stop, kills } = this.compute(tasks);
    world.at(times[times.length - 1], () =>
      this.thawed(() => {
        if (this.dead || this.running.get(batch) !== mark) return;
        if (kills) return this.crash('connection closed');
        this.running.delete(batch);
        // A thread that is lost takes the results of its batch with it.
        const given = stop.lost ? packed([], []) : packed(times, values);
        this.act(connection, this.queue.ended({ op: 'done', batch, thread, ...given, ...stop }));
      }),
    );
  }

  /** What becomes of a batch that begins now: `times` has the ends of its tasks, after the beginning of the first. */
  private compute(tasks: readonly PackedTask[]): {
    readonly times: readonly number[];
    readonly values: readonly number[];
    readonly stop: Stop;
    readonly kills: boolean;
  } {
    const { killers, throws, taskMs } = this.world.options;
    const times = [this.world.now];
    const values: number[] = [];
    for (const [at, task] of tasks.entries()) {
      const index = indexOf(task);
      times.push(times[at] + (typeof taskMs === 'number' ? taskMs : taskMs(index)));
      const killer = killers?.get(index);
      const thrown = this.thrown.get(index) ?? 0;
      const fails = thrown < (throws?.(index) ?? 0);
      if (fails) this.thrown.set(index, thrown + 1);
      if (fails || killer) {
        const lost = killer === 'thread' ? { lost: { at, ended: 'exit code 3' } } : {};
        const stop = fails ? { error: { name: 'RangeError', message: 'thrown by design' } } : lost;
        return { times, values, stop, kills: killer === 'worker' };
      }
      values.push(3 * index + 1);
    }
    return { times, values, stop: {}, kills: false };
  }

  private beat(): void {
    if (this.dead) return;
    const { world } = this;
    this.thawed(() => {
      if (this.connection?.open)
        world.network.send(this.connection, 'up', { op: 'ping', sent: world.now, rttMs: rttMs(world) });
      world.later(HEARTBEAT_MS, () => this.beat());
    });
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

/** The results of a batch as they travel: each task begins where the one before it ended. */
function packed(
  times: readonly number[],
  values: readonly number[],
): { count: number; times: Float64Array; values: Uint8Array } {
  return {
    count: values.length,
    times: Float64Array.from(values.flatMap((_, i) => [times[i], times[i + 1]])),
    values: new Uint8Array(Float64Array.from(values).buffer),
  };
}
