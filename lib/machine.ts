// The machine this runs on, as far as results and timings depend on it; no host, user or path.
import { availableParallelism, cpus, totalmem } from 'node:os';

/** What a recorded run says of its machine. */
export interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string;
  readonly coresSeen: number;
  readonly coresAllotted: number;
  readonly memoryBytes: number;
}

/** Cores this process may use. */
export function allottedCores(): number {
  return availableParallelism();
}

/** This machine. */
export function describeMachine(): Machine {
  return {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    cpu: cpus()[0]?.model ?? 'unknown',
    coresSeen: cpus().length,
    coresAllotted: allottedCores(),
    memoryBytes: totalmem(),
  };
}
