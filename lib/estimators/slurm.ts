// Stage 5: the same arrays, and Slurm itself computes them: tasks and results are files. Needs Node.
import { compute, random } from '../array/index.js';
import { DEFAULT_SEED } from '../sampling/seed.js';
import { startSlurm, type SlurmOptions } from '../slurm/executor.js';
import { readSettings } from '../slurm/settings.js';
import type { DistributedOptions } from './distributed.js';
import { runStage, type Estimate } from './run.js';

/** Options of this stage: what the site asks of jobs, and where runs are written (default: ~/.lola/slurm.json). */
export type SlurmStageOptions = Omit<DistributedOptions, 'scheduler'> & { readonly slurm?: SlurmOptions };

/** Estimates pi with array jobs. `samples`: how many random points, an integer from 1 to 2^53 - 1. */
export function estimateSlurm(samples: number, options: SlurmStageOptions = {}): Promise<Estimate> {
  const { chunks, seed, optimize, limitBytes, workers, slurm } = options;
  // Unfused, a run is one of several, and its values are no counts. So it gets no label to resume it by.
  const label = optimize === false ? null : { samples, seed: seed ?? DEFAULT_SEED };
  const start = () =>
    startSlurm({
      settings: slurm?.settings ?? readSettings(),
      tasksPerElement: 100, // of 0.1 s each
      workers,
      onReport: console.warn,
      label,
      ...slurm,
    });
  return runStage('slurm', samples, options, start, async ({ executor, kernel, watch }) => {
    const x = random.uniform(samples, { chunks, seed, stream: 'x' });
    const y = random.uniform(samples, { chunks, seed, stream: 'y' });
    const inside = x.square().add(y.square()).lessEqual(1);
    const run = { executor, kernel, optimize, limitBytes, ...watch };
    return (await compute(inside.sum(), run))[0];
  });
}
