// From a count to pi, and how far off it may be.
import { checkInteger } from '../errors.js';

/** pi from the share of samples inside: 4 * inside / samples. */
export function piOf(inside: number, samples: number): number {
  checkCounts(inside, samples);
  return (4 * inside) / samples;
}

/**
 * The standard error of that estimate: 4 * sqrt(p (1 - p) / samples), with p the share inside (the binomial distribution's).
 * About 1.64 / sqrt(samples). Two runs in three lie within it.
 */
export function standardErrorOf(inside: number, samples: number): number {
  checkCounts(inside, samples);
  const share = inside / samples;
  return 4 * Math.sqrt((share * (1 - share)) / samples);
}

function checkCounts(inside: number, samples: number): void {
  const remedy = samples === 0 ? '0 of 0 samples say nothing about pi.' : 'Give how many were drawn.';
  checkInteger('samples', samples, 1, remedy);
  checkInteger('inside', inside, 0, 'Give how many of the samples were inside.', samples);
}
