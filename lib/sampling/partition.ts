// Cuts a total into parts and loses no sample.
import { checkInteger } from '../errors.js';

/** A share of the samples: `samples` of them, from index `start`. */
export interface Part {
  readonly start: number;
  readonly samples: number;
}

/**
 * Cuts `total` samples into `parts` shares, one after the other, that differ by one sample at most: 10 on 3 is 4, 3, 3;
 * 3 on 4 is 1, 1, 1, 0. The shares are made one at a time, so a billion of them need no memory.
 * @param total integer >= 0
 * @param parts integer >= 1
 * @throws InvalidArgumentError
 */
export function partition(total: number, parts: number): Iterable<Part> {
  checkInteger('partition: total', total, 0, 'Give the number of samples.');
  checkInteger('partition: parts', parts, 1, 'Pass executor.workers.');
  return shares(total, parts);
}

function* shares(total: number, parts: number): Generator<Part> {
  const least = Math.floor(total / parts);
  const larger = total % parts; // shares that take one sample of the remainder each
  for (let i = 0, start = 0; i < parts; i++) {
    const samples = least + (i < larger ? 1 : 0);
    yield { start, samples };
    start += samples;
  }
}
