// The stages by name, each loaded when it is asked for: `lola pi --stage serial` need not load a pool.
import type { Estimate, EstimateOptions } from './run.js';

/** A stage: samples and options in, an estimate out. */
export type Stage = (samples: number, options: EstimateOptions) => Promise<Estimate>;

/** The stages in the lesson's order. */
export const STAGES: { readonly [name: string]: () => Promise<Stage> } = {
  serial: async () => (await import('./serial.js')).estimateSerial,
  pool: async () => (await import('./pool.js')).estimatePool,
};
