// Stage 1: Lola's serial program. One thread counts all the samples.
import { checkInteger } from '../errors.js';
import { startSerial } from '../execute/serial.js';
import { countTasks, piecesOf, runStage, sum, type Estimate, type EstimateOptions } from './run.js';

/**
 * Estimates pi in the caller's own thread.
 * @param samples how many random points, an integer from 1 to 2^53 - 1
 */
export async function estimateSerial(samples: number, options: EstimateOptions = {}): Promise<Estimate> {
  checkInteger('serial: workers', options.workers ?? 1, 1, 'For more threads, use the pool.', 1);
  return runStage('serial', samples, options, startSerial, async (context) => {
    const { executor, kernel, watch } = context;
    const pieces = piecesOf(samples, 1, kernel); // for Ctrl-C and progress in between
    const counts = await executor.run(countTasks(context, pieces), watch);
    return sum(counts);
  });
}
