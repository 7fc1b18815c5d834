// Checks for the exercises of notebook 04.
import { checksOf, described, functionCheck, grouped, numberCheck, wrongNumber } from './check.js';

/** The generator's numbers, as the notebook states them: samples in a block, and lanes that take turns. */
const [BLOCK, LANES] = [65_536, 4];

const pairsIn = (counts: readonly number[]): number =>
  counts.flatMap((one, i) => counts.slice(i + 1).filter((other) => other === one)).length;

type Place = { readonly [part in 'block' | 'lane' | 'step']: number };

function wrongPlace(found: Place, i: number): string | undefined {
  const place = { block: Math.floor(i / BLOCK), lane: i % LANES, step: Math.floor((i % BLOCK) / LANES) };
  const wrong = (['block', 'lane', 'step'] as const).find((name) => found[name] !== place[name]);
  if (wrong === 'block' && [i >> 16, i >>> 16, (i / BLOCK) | 0].includes(found.block))
    return '`>>` and `|` work on 32 bits only, so large samples come out wrong. Divide, and use Math.floor.';
  if (wrong === undefined) return undefined;
  const part: unknown = found[wrong];
  const isFraction = Number.isFinite(part) && !Number.isInteger(part);
  const shown = isFraction ? `${grouped(part as number)}: round down` : described(part);
  return `${wrong} must be ${place[wrong]}, but is ${shown}.`;
}

/** What notebook 04 calls. */
export const checkStreams = checksOf('04', {
  twins: functionCheck<[counts: number[]]>({
    of: 'twins(counts)',
    inputs: [[[785, 785, 785, 785]], [[785, 790, 785]], [[1, 2, 3]], [[]], [[5, 7, 5, 7]]],
    wrong: wrongNumber({
      right: pairsIn,
      slips: [
        [(counts) => 2 * pairsIn(counts) + counts.length, 'no worker is its own twin. A pair counts once.'],
        [(counts) => pairsIn(counts) + counts.length, 'no worker is its own twin.'],
        [(counts) => 2 * pairsIn(counts), 'each pair is counted twice, from both sides.'],
        [(counts) => new Set(counts).size, 'that is how many different ones there are. Count equal pairs.'],
        [(counts) => counts.length - new Set(counts).size, 'compare each worker with *all* others.'],
      ],
    }),
    why: 'one equal pair may be chance; six of six pairs are a fault.',
  }),
  spread: numberCheck({
    right: 4,
    slips: [
      [16, 'only 1/16 of the points differ, but the error falls with the square root of their number.'],
      [1, 'look at the table: with 4 workers it was well above 1 already.'],
    ],
    other: (n) => `${grouped(n)} is not it. What do 1, 4 and 9 workers give in the table?`,
    why: 'sqrt(16). The program prints a standard error that is 4 times too small, and nobody notices.',
  }),
  place: functionCheck<[i: number], Place>({
    of: 'place(i)',
    gives: '{ block, lane, step }',
    inputs: [[0], [5], [65_535], [65_536], [1_000_003], [2 ** 50 + 6]],
    wrong: wrongPlace,
    why: 'a division shows where any sample is drawn, so nobody has to draw the samples before its block.',
  }),
});
