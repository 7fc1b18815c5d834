// A run's result in words, alike from the client, from `lola slurm resume` and from the job that adds up.
import { piOf, standardErrorOf } from '../sampling/estimate.js';
import type { Value } from '../task/task.js';

/** What an estimate leaves with its run, for whoever comes back to it. */
export interface PiLabel {
  readonly samples: number;
  readonly seed: number | string;
}

/** pi where the label is an estimate's; the values themselves where nobody said what they are for. */
export function describeResult(label: Value, values: readonly Value[]): string {
  const { samples, seed } = (label ?? {}) as Partial<PiLabel>;
  if (samples === undefined) return `${JSON.stringify(values)}\n`;
  const inside = values.reduce<number>((total, value) => total + Number(value), 0);
  return `pi is ${piOf(inside, samples).toFixed(6)} from ${samples} samples, seed ${seed}: ${inside} of them inside
standard error ${standardErrorOf(inside, samples).toPrecision(2)}
`;
}
