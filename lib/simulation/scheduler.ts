// The scheduler of a simulation: the real scheduler's machine, from its start until it dies.
import type { ToScheduler } from '../cluster/messages.js';
import type { SchedulerEvent } from '../cluster/records.js';
import { SchedulerMachine, TICK_MS, type SchedulerAction } from '../cluster/scheduler.js';
import type { Net } from '../cluster/state-machine.js';
import { Actor, HEARTBEAT_MS } from './actor.js';
import type { World } from './world.js';

export class SimulatedScheduler extends Actor<SchedulerEvent, SchedulerAction> {
  readonly machine: SchedulerMachine;
  private busyUntil = 0;

  constructor(world: World, firstBatch: number) {
    const { scheduler: Machine = SchedulerMachine } = world.options.machines ?? {};
    const machine = new Machine({ heartbeatMs: HEARTBEAT_MS, firstBatch });
    super('scheduler', world, machine);
    this.machine = machine;
    this.tick();
  }

  /** It takes one event at a time, and each task in it costs it time. */
  hear(event: Net<ToScheduler>): void {
    const { world } = this;
    const { perTaskMs = 0 } = world.options;
    this.busyUntil = Math.max(this.busyUntil, world.now) + perTaskMs * tasksIn(event);
    if (this.busyUntil > world.now) world.after(this.busyUntil - world.now, () => this.handle(event));
    else this.handle(event);
  }

  private handle(event: SchedulerEvent): void {
    if (this.dead) return;
    this.shell.post(event);
    this.world.options.check?.(this.machine);
  }

  protected override perform(action: SchedulerAction): void {
    if ('task' in action) return;
    // No worker of a simulation has a bug, unless a test plants one. But a word may come after what it explains.
    const inOrder = this.world.faults.get('reordered') === 0;
    if (action.type === 'close' && action.reason.includes('malformed') && inOrder)
      throw new Error(action.reason);
    this.act(action);
  }

  private tick(): void {
    if (this.dead) return;
    this.handle({ type: 'tick' });
    this.world.after(TICK_MS, () => this.tick());
  }

  /** It dies, and its peers find out. */
  die(): void {
    const { world, connections } = this;
    this.dead = true;
    for (const connection of connections.values())
      world.after(10 * world.random(), () => connection.lose(connection.peer, 'lost'));
    connections.clear();
  }
}

function tasksIn(event: Net<ToScheduler>): number {
  if (event.type !== 'message') return 0;
  const { message } = event;
  return message.op === 'submit' ? message.tasks.length : message.op === 'done' ? message.count : 0;
}
