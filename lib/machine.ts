// The machine this runs on, as far as results and timings depend on it; no host, user or path. Needs Node.
import { machine, type Machine } from './cores.mjs';

export { readText, type Machine } from './cores.mjs';
export { hasEnded, thisProcess, type Owner } from './owner.mjs';

/** This machine: processor, cores seen and allotted, memory. */
export function describeMachine(): Machine {
  return machine();
}

/** Cores this process may use: the fewest that the machine, cgroups, the affinity mask and Slurm allow. */
export function allottedCores(): number {
  return machine().coresAllotted;
}
