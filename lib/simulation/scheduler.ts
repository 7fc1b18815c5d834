// The scheduler of a simulation: the real scheduler's machine, from its start until it dies.
import type { Net } from '../cluster/machine.js';
import type { ToScheduler } from '../cluster/messages.js';
import { SchedulerMachine, type SchedulerAction } from '../cluster/scheduler.js';
import { Actor } from './actor.js';
import { HEARTBEAT_MS, type World } from './world.js';

export class SimulatedScheduler extends Actor<Net<ToScheduler>, SchedulerAction> {
  readonly machine: SchedulerMachine;
  private busyUntil = 0;

  constructor(world: World, firstBatch: number) {
    const options = { heartbeatMs: HEARTBEAT_MS, firstBatch, watched: false };
    const machine = world.options.machines?.scheduler?.(options) ?? new SchedulerMachine(options);
    super('scheduler', world, machine);
    this.machine = machine;
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

  private handle(event: Net<ToScheduler>): void {
    if (this.dead) return;
    this.shell.post(event);
    this.world.options.check?.(this.machine);
  }

  protected perform(action: SchedulerAction): void {
    if (action.type !== 'drop') this.act(action);
  }

  /** It dies, and its peers find out. */
  die(): void {
    const { world, connections } = this;
    this.dead = true;
    for (const connection of connections.values())
      world.at(world.now + 10 * world.random(), () => connection.lose(connection.peer, 'lost'));
    connections.clear();
  }
}

function tasksIn(event: Net<ToScheduler>): number {
  if (event.type !== 'message') return 0;
  const { message } = event;
  return message.op === 'submit' ? message.tasks.length : message.op === 'done' ? message.count : 0;
}
