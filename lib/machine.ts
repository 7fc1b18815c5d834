// The machine this runs on, as far as results and timings depend on it; no host, user or path. Needs Node.
import { writeFileSync } from 'node:fs';
import { readText, machine, type Machine } from './cores.mjs';

export type { Machine };

/** This machine: processor, cores seen and allotted, memory. */
export function describeMachine(): Machine {
  return machine();
}

/** Cores this process may use: the fewest that the machine, cgroups, the affinity mask and Slurm allow. */
export function allottedCores(): number {
  return machine().coresAllotted;
}

/** The most memory this process held since its start or forgetPeakMemory, in bytes; elsewhere than on Linux it may include its parent's. */
export function peakMemoryBytes(): number {
  return peakOf('self') ?? process.resourceUsage().maxRSS * 1024;
}

/** The same for the processes that this one has started and that live now, together; 0 where the system cannot say. */
export function childrenPeakMemoryBytes(): number {
  return (childrenOf() ?? []).reduce((total, child) => total + (peakOf(child) ?? 0), 0);
}

/** CPU time of the processes that this one has started and that live now, to 10 ms each; undefined where the system cannot say. */
export function childrenCpuSeconds(): number | undefined {
  // Fields 14 and 15 of stat, in ticks of 10 ms; the second field is a name in brackets that may hold anything.
  return childrenOf()?.reduce((total, child) => {
    const fields = readText(`/proc/${child}/stat`)?.split(') ').at(-1)?.split(' ') ?? [];
    return total + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
  }, 0);
}

function childrenOf(): string[] | undefined {
  return readText(`/proc/self/task/${process.pid}/children`)
    ?.split(' ')
    .filter((child) => child !== '');
}

function peakOf(process: string): number | undefined {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readText(`/proc/${process}/status`) ?? '');
  return found ? Number(found[1]) * 1024 : undefined;
}

/** Begins a new peak here and now, where the system can (Linux), so that each stage of one process has its own. */
export function forgetPeakMemory(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak stays that of the whole process, as peakMemoryBytes says.
  }
}
