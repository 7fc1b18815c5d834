// Types of cores.mjs, for the TypeScript that imports it.

/** One source that allows fewer cores than the machine has; a quota may be a fraction, as 1.5. */
export interface CoreLimit {
  readonly source: 'cgroup cpu quota' | 'affinity mask' | 'SLURM_CPUS_PER_TASK' | 'SLURM_CPUS_ON_NODE';
  readonly cores: number;
}

/** One source that allows less memory than the machine has. */
export interface MemoryLimit {
  readonly source: 'cgroup memory limit' | 'SLURM_MEM_PER_NODE' | 'SLURM_MEM_PER_CPU';
  readonly bytes: number;
}

/** A machine as plain facts, without host, user or path. */
export interface Machine {
  /** Node's version, as '20.20.2'. */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  /** The processor's model, or 'unknown'. */
  readonly cpu: string;
  /** Logical cores of the machine, >= 1. */
  readonly coresSeen: number;
  /** Cores this process may use: the smallest of all sources, whole, from 1 to coresSeen. */
  readonly coresAllotted: number;
  /** The sources that allow less than coresSeen; empty where nothing limits. */
  readonly coreLimits: readonly CoreLimit[];
  readonly memoryBytes: number;
  readonly memoryAllottedBytes: number;
  readonly memoryLimits: readonly MemoryLimit[];
}

/** What `machine` reads instead of this machine, for tests. */
export interface MachineSources {
  /** The text of a file, or undefined where there is none. Default: reads the file. */
  readonly read?: (path: string) => string | undefined;
  /** Default: process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: node:os. */
  readonly system?: {
    readonly cpus: () => readonly { readonly model: string }[];
    readonly totalmem: () => number;
    readonly availableParallelism?: () => number;
  };
}

/** This machine: cores and memory, seen and allotted. */
export function machine(given?: MachineSources): Machine;

/** The text of a file, or undefined where there is none or it may not be read. */
export function readText(path: string): string | undefined;
