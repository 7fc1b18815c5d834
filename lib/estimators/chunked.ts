// Stage 3: the containers have become smart. Arrays know their chunks, and nothing is computed before compute.
import { compute, random, where, type ComputeOptions, type UniformOptions } from '../array/index.js';
import { startPool } from '../execute/pool.js';
import { allottedCores } from '../machine.js';
import { runStage, type Estimate, type EstimateOptions } from './run.js';

/** Options of this stage: how to cut, whether to fuse, and whether to gather indices as the original lesson does. */
export type ChunkedOptions = EstimateOptions &
  Pick<UniformOptions, 'chunks'> &
  Pick<ComputeOptions, 'optimize' | 'limitBytes'> & { readonly form?: 'sum' | 'index' };

/** Estimates pi with chunked arrays. `samples`: how many random points, an integer from 1 to 2^53 - 1. */
export function estimateChunked(samples: number, options: ChunkedOptions = {}): Promise<Estimate> {
  const { chunks, seed, optimize, limitBytes, form = 'sum' } = options;
  const start = () => startPool({ workers: options.workers ?? allottedCores() });
  return runStage('chunked', samples, options, start, async ({ executor, kernel, watch }) => {
    const x = random.uniform(samples, { chunks, seed, stream: 'x' });
    const y = random.uniform(samples, { chunks, seed, stream: 'y' });
    const inside = x.square().add(y.square()).lessEqual(1);
    const run = { executor, kernel, optimize, limitBytes, ...watch };
    if (form === 'index') return (await compute(where(inside), run))[0].length;
    return (await compute(inside.sum(), run))[0];
  });
}
