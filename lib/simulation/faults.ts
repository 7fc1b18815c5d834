// The faults of a simulation: when each comes, and whom it strikes.
import type { SimulatedClient } from './client.js';
import type { World } from './network.js';
import { FAULTS, type Fault } from './options.js';
import type { SimulatedWorker } from './worker.js';

/** Whom faults can strike. */
export interface Victims {
  readonly workers: ReadonlySet<SimulatedWorker>;
  readonly clients: readonly SimulatedClient[];
  restart(): void;
}

/** Draws when each fault comes: anywhere in the time that the work should take, and a little after. */
export function planFaults(world: World, victims: Victims): void {
  const { tasks, taskMs, workers, threads = 1, faults } = world.options;
  const mean = typeof taskMs === 'number' ? taskMs : taskMs(0);
  const span = 10 + (1.5 * tasks * mean) / (workers * threads);
  for (const fault of FAULTS)
    for (let i = 0; i < (faults?.[fault] ?? 0); i++)
      world.at(world.random() * span, () => strike(fault, world, victims));
}

function strike(fault: Fault, world: World, victims: Victims): void {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(world.random() * items.length)];
  const worker = pick([...victims.workers]);
  const client = pick(victims.clients)!;
  const struck = fault === 'restart' ? 'scheduler' : /client|cancel/.test(fault) ? client.name : worker?.name;
  world.note(`${fault}: ${struck ?? 'nobody'}`);
  const until = world.now + world.random() * 12_000; // about half of these pass the deadline
  if (fault === 'late' || fault === 'doubled' || fault === 'reordered') {
    const connection = pick([...world.network.connections.values()]);
    if (connection) connection.fault = fault; // for its next message; counted then
    return;
  }
  if (fault === 'restart') victims.restart();
  else if (fault === 'clientLost') client.lose();
  else if (fault === 'cancelled') client.cancel();
  else if (!worker) return;
  else worker[fault](until);
  world.count(fault);
}
