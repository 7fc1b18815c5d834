// A run's result in words: the same from the client, from `lola slurm resume` and from the job that adds up. Needs Node.
import { piOf, standardErrorOf } from '../sampling/estimate.js';
import type { Value } from '../task/task.js';
import { SlurmError } from './commands.js';

/**
 * pi if the label is an estimate's, with samples and seed. Otherwise the values themselves.
 * @throws SlurmError if the label is an estimate's and the values are not counts
 */
export function describeResult(label: Value, values: readonly Value[]): string {
  const { samples, seed } = (label ?? {}) as { readonly samples?: number; readonly seed?: number | string };
  if (samples === undefined) return `${JSON.stringify(values)}\n`;
  const wrong = values.findIndex((value) => typeof value !== 'number');
  if (wrong >= 0) throw new SlurmError(`the result of task ${wrong} is not a count. Start the run anew.`);
  const inside = (values as readonly number[]).reduce((total, value) => total + value, 0);
  return `pi is ${piOf(inside, samples).toFixed(6)} from ${samples} samples, seed ${typeof seed === 'object' ? JSON.stringify(seed) : seed}: ${inside} of them inside
standard error ${standardErrorOf(inside, samples).toPrecision(2)}
`;
}
