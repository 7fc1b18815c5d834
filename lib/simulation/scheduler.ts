// The scheduler of a simulation: the real scheduler's machine, from its start until it dies.
import { Shell, type Net } from '../cluster/machine.js';
import type { ToScheduler } from '../cluster/messages.js';
import { SchedulerMachine, type SchedulerAction } from '../cluster/scheduler.js';
import { HEARTBEAT_MS, type Connection, type SchedulerEnd } from './connection.js';
import type { World } from './world.js';

export class SimulatedScheduler implements SchedulerEnd {
  readonly connections = new Map<number, Connection>();
  readonly machine: SchedulerMachine;
  private readonly shell: Shell<Net<ToScheduler>, SchedulerAction>;
  private busyUntil = 0;
  private dead = false;

  constructor(
    private readonly world: World,
    firstBatch: number,
  ) {
    const options = { heartbeatMs: HEARTBEAT_MS, firstBatch, watched: false };
    this.machine = world.options.machines?.scheduler?.(options) ?? new SchedulerMachine(options);
    this.shell = new Shell(
      this.machine,
      (action) => this.perform(action),
      () => world.now,
    );
  }

  /** It takes one event at a time, and each costs it time. */
  post(event: Net<ToScheduler>): void {
    const { world } = this;
    const { messageMs = 0, perTaskMs = 0 } = world.options;
    const cost = messageMs + perTaskMs * tasksIn(event);
    this.busyUntil = Math.max(this.busyUntil, world.now) + cost;
    if (cost > 0) world.at(this.busyUntil, () => this.handle(event));
    else this.handle(event);
  }

  /** It dies, and all its connections with it. */
  die(): void {
    const { world, connections } = this;
    this.dead = true;
    for (const connection of connections.values())
      world.at(world.now + 10 * world.random(), () => connection.drop());
    connections.clear();
  }

  private handle(event: Net<ToScheduler>): void {
    if (this.dead) return;
    this.shell.post(event);
    this.world.options.check?.(this.machine);
  }

  private perform(action: SchedulerAction): void {
    if (action.type === 'close') this.connections.get(action.peer)?.closeFromScheduler();
    else if (action.type === 'send')
      for (const peer of action.peers) this.connections.get(peer)?.send('down', action.message);
  }
}

function tasksIn(event: Net<ToScheduler>): number {
  if (event.type !== 'message') return 0;
  const { message } = event;
  return message.op === 'submit' ? message.tasks.length : message.op === 'done' ? message.count : 0;
}
