// A sum of a reader's own, taken through the stages as pi was: partition, map, reduce.
import { checkInteger, InvalidArgumentError, show } from '../../lib/errors.js';
import { partition, type Executor, type RunOptions } from '../../lib/index.js';

/**
 * The midpoints of `terms` equal steps, or any other `terms` numbers, added up. Addition of fractions depends on the
 * order, addition of whole numbers does not: so each term becomes a whole number of grains, and `grains` of them are 1.
 */
export interface OwnSum {
  /** The name of an operation that gives the grains of terms `start` to `start + length - 1` of SumInput. */
  readonly operation: string;
  /** An integer from 1 to 2^53 - 1. */
  readonly terms: number;
  /** A power of two (see chooseGrains); 1 where the terms are counts already. */
  readonly grains: number;
  /** The length of the interval: the integral is this times the mean of the terms. */
  readonly width: number;
}

/** What such an operation is handed. */
export interface SumInput {
  readonly start: number;
  readonly length: number;
  readonly terms: number;
  readonly grains: number;
}

/**
 * Adds up the sum in `pieces` tasks.
 * @param pieces an integer >= 1; more than there are terms leaves some empty
 * @returns grains: one integer in any number of pieces, on any executor, if each task gives one
 * @throws InvalidArgumentError; what the executor throws
 */
export async function sumTerms(
  executor: Executor,
  sum: Pick<OwnSum, 'operation' | 'terms' | 'grains'>,
  pieces: number,
  options: RunOptions = {},
): Promise<number> {
  const { operation, terms, grains } = sum;
  checkInteger('sumTerms: terms', terms, 1, 'Give how many terms the sum has.');
  checkInteger('sumTerms: pieces', pieces, 1, 'Take a few for each worker.');
  const tasks = Array.from(partition(terms, pieces), ({ start, samples }, i) => {
    const input = { start, length: samples, terms, grains };
    return { key: `${operation}-${i}`, operation, input };
  });
  const totals = (await executor.run(tasks, options)) as number[];
  return totals.reduce((a, b) => a + b, 0);
}

/** The value of the integral for so many grains. */
export function integralOf({ terms, grains, width }: Omit<OwnSum, 'operation'>, total: number): number {
  return (total / grains / terms) * width;
}

/** The widest tolerance for an integral that still shows something: a thousandth of what the integral can be at most. */
export function widestTolerance(width: number, largest: number): number {
  return (width * largest) / 1000;
}

/**
 * How many grains make 1: the largest power of two for which no total passes 2^53, the end of the exact integers. A power
 * of two, because multiplying by it moves the point and changes no digit.
 * @param largest what no term exceeds before it is rounded to a whole number of grains, a number above 0
 * @throws InvalidArgumentError
 */
export function chooseGrains(terms: number, largest: number): number {
  checkInteger('chooseGrains: terms', terms, 1, 'Give how many terms the sum has.');
  if (!(typeof largest === 'number' && largest > 0 && largest < Infinity))
    throw new InvalidArgumentError(
      `chooseGrains: largest must be a number above 0, got ${show(largest)}. Give what no term exceeds.`,
    );
  // Logarithms and products are rounded too, so they only tell where to begin: the bound itself is held in integers.
  let power = Math.min(1023, Math.ceil(54 - Math.log2(terms) - Math.log2(largest)));
  const total = () => BigInt(terms) * BigInt(Math.ceil(largest * 2 ** power));
  while (total() > 2n ** 53n) power--;
  return 2 ** power;
}
