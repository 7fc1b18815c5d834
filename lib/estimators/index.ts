// The door of the estimators: the stages by name, each loaded on demand. Needs Node.
import type { ChunkedOptions } from './chunked.js';
import type { DistributedOptions } from './distributed.js';
import type { Estimate } from './run.js';

export { countTasks, sum, type Estimate, type EstimateOptions } from './run.js';

/** The options of all stages together. Each takes what it knows. */
export type StageOptions = ChunkedOptions & Pick<DistributedOptions, 'scheduler'>;

/** A stage. */
export type Stage = (samples: number, options: StageOptions) => Promise<Estimate>;

/** The stages in the lesson's order. */
export const STAGES: { readonly [name: string]: () => Promise<Stage> } = {
  serial: async () => (await import('./serial.js')).estimateSerial,
  pool: async () => (await import('./pool.js')).estimatePool,
  chunked: async () => (await import('./chunked.js')).estimateChunked,
  distributed: async () => (await import('./distributed.js')).estimateDistributed,
  slurm: async () => (await import('./slurm.js')).estimateSlurm,
};
