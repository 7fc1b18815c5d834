/** Why no Slurm can be started here, with what to do; nothing where one can. */
export function whyNoSlurm(): string | undefined;
/** A Slurm that runs on this machine. */
export interface SlurmHere {
  /** What Slurm's commands need. */
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  stop(): Promise<void>;
}
/** Starts munged, slurmctld and `nodes` slurmd with `cores` cores each, on free ports. */
export function startSlurmHere(options?: { nodes?: number; cores?: number }): Promise<SlurmHere>;
