// The stages by name, each loaded when it is asked for: `lola pi --stage serial` need not load a pool. Needs Node.
import type { ChunkedOptions } from './chunked.js';
import type { DistributedOptions } from './distributed.js';
import type { Estimate } from './run.js';

/** What the stages together may be given; each takes what it knows. */
export type StageOptions = ChunkedOptions & Pick<DistributedOptions, 'scheduler'>;

/** A stage: samples and options in, an estimate out. */
export type Stage = (samples: number, options: StageOptions) => Promise<Estimate>;

/** The stages in the lesson's order. */
export const STAGES: { readonly [name: string]: () => Promise<Stage> } = {
  serial: async () => (await import('./serial.js')).estimateSerial,
  pool: async () => (await import('./pool.js')).estimatePool,
  chunked: async () => (await import('./chunked.js')).estimateChunked,
  distributed: async () => (await import('./distributed.js')).estimateDistributed,
  slurm: async () => (await import('./slurm.js')).estimateSlurm,
};
