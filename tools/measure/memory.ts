// Memory and CPU time of this process and of the processes it started, as far as the system tells them.
import { writeFileSync } from 'node:fs';
import { readText } from '../../lib/machine.js';

/** The most memory this process has held since its start or forgetPeakMemory, in bytes. Elsewhere than on Linux it may include its parent's. */
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
