// The machine this runs on, as far as results and timings depend on it; no host, user or path.
import { readText, machine, type Machine } from '../scripts/machine.mjs';

export type { Machine };

/** This machine: processor, cores seen and allotted, memory. */
export function describeMachine(): Machine {
  return machine();
}

/** Cores this process may use: the fewest that the machine, cgroups, the affinity mask and Slurm allow. */
export function allottedCores(): number {
  return machine().coresAllotted;
}

/** The most memory this process ever held, in bytes. On Linux its own; elsewhere it may include its parent's before the start. */
export function peakMemoryBytes(): number {
  const own = /^VmHWM:\s+(\d+) kB$/m.exec(readText('/proc/self/status') ?? '');
  return own ? Number(own[1]) * 1024 : process.resourceUsage().maxRSS * 1024;
}
