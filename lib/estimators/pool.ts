// Stage 2: the same program on a pool of threads. Partition, map, reduce.
import { startPool } from '../execute/pool.js';
import { allottedCores } from '../machine.js';
import { countTasks, piecesOf, runStage, sum, type Estimate, type EstimateOptions } from './run.js';

/**
 * Estimates pi on all threads of a pool.
 * @param samples how many random points, an integer from 1 to 2^53 - 1
 */
export function estimatePool(samples: number, options: EstimateOptions = {}): Promise<Estimate> {
  const start = () => startPool({ workers: options.workers ?? allottedCores() });
  return runStage('pool', samples, options, start, async (context) => {
    const { executor, kernel, watch } = context;
    const parts = piecesOf(samples, executor.workers, kernel); // partition
    const counts = await executor.run(countTasks(context, parts), watch); // map
    return sum(counts); // reduce
  });
}
