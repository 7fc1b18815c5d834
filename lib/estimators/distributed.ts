// Stage 4: the same arrays on the workers of a cluster: a client takes the pool's place. Needs Node.
import { compute, random } from '../array/index.js';
import { connect, type ConnectOptions } from '../cluster/connect.js';
import { startClusterExecutor } from '../cluster/local.js';
import { allottedCores } from '../machine.js';
import type { ChunkedOptions } from './chunked.js';
import { runStage, type Estimate } from './run.js';

/** Options of this stage: where its scheduler is (default: a cluster of its own on this machine). */
export type DistributedOptions = Omit<ChunkedOptions, 'form'> & { readonly scheduler?: ConnectOptions };

/** Estimates pi on a cluster. `samples`: how many random points, an integer from 1 to 2^53 - 1. */
export function estimateDistributed(samples: number, options: DistributedOptions = {}): Promise<Estimate> {
  const { chunks, seed, optimize, limitBytes, scheduler, signal } = options;
  const own = { workers: options.workers ?? allottedCores() };
  const start = () => (scheduler ? connect({ signal, ...scheduler }) : startClusterExecutor(own));
  return runStage('distributed', samples, options, start, async ({ executor, kernel, watch }) => {
    const x = random.uniform(samples, { chunks, seed, stream: 'x' });
    const y = random.uniform(samples, { chunks, seed, stream: 'y' });
    const inside = x.square().add(y.square()).lessEqual(1);
    const run = { executor, kernel, optimize, limitBytes, ...watch };
    return (await compute(inside.sum(), run))[0];
  });
}
