// Checks for the exercises of notebook 09; own-sum.ts judges a learner's own sum.
import { show } from '../../lib/errors.js';
import { LEDGER_ROWS } from '../../tools/measure/index.js';
import { chooseGrains } from '../capstone/sum.js';
import { called, checksOf, check, checkLater, described, functionCheck, grouped } from './check.js';
import { each, type Wrong } from './check.js';
import { wrongArray, wrongSum } from './own-sum.js';

const NOT_FREE: { readonly [letter: string]: string } = {
  A: 'A: another cut puts other terms into each piece, so other subtotals are rounded.',
  B: 'B: each subtotal is nearer to the truth, and still depends on where its piece begins and ends.',
  C: 'C: two totals just below and just above 0.12345678905 are printed as two numbers, however near they are.',
};

/** 'Which of these ways give one number, however the sum is cut and whichever worker is first?' */
function wrongLetters(answer: readonly string[]): Wrong {
  if (!Array.isArray(answer)) return `give a list of letters, as ['A', 'B'], not ${described(answer)}.`;
  const letters = answer.map((letter) => String(letter).toUpperCase());
  if (letters.length === 0) return 'the list is empty. Which of the five would you trust?';
  const odd = letters.find((letter) => !/^[A-E]$/.test(letter));
  if (odd !== undefined) return `${show(odd)} is not one of A, B, C, D and E.`;
  const bound = letters.find((letter) => NOT_FREE[letter]);
  if (bound) return NOT_FREE[bound];
  if (!letters.includes('D')) return 'E does. One more does: which kind of number can you add in any order?';
  return letters.includes('E')
    ? undefined
    : 'D does. One more does: which method leaves no choice of the order?';
}

function wrongGrains(found: number, terms: number, largest: number): Wrong {
  const expected = chooseGrains(terms, largest);
  if (found === expected) return undefined;
  if (found === chooseGrains(terms, 1))
    return `this is right for terms up to 1. Here they go up to ${largest}.`;
  if (found === 53 - Math.log2(terms * largest) || found === Math.log2(expected))
    return 'this is the power. How much is 2 to that power?';
  if (found === 1 << Math.log2(expected)) return '<< works on 32 bits only. Write a power as 2 ** n.';
  if (!Number.isInteger(Math.log2(found)))
    return 'this is not a power of two, so multiplying by it rounds. Take the largest power of two below it.';
  const most = found * terms * largest;
  if (most > 2 ** 53) return `a total may be ${grouped(most)}, beyond 2^53 = ${grouped(2 ** 53)}.`;
  return 'this is safe, but twice as many still fit and give more digits.';
}

/** 'Name the row of the ledger that costs most.' @param right see limitingRows */
function wrongLimit(answer: string, right: readonly string[]): Wrong {
  if (typeof answer !== 'string') return `give a row's name as a text, not ${described(answer)}.`;
  const rows = Object.keys(LEDGER_ROWS);
  if (answer === '') return `name one of these rows: ${rows.join(', ')}.`;
  if (!rows.includes(answer)) return `the ledger has no row ${show(answer)}. Its rows: ${rows.join(', ')}.`;
  if (answer === 'compute') return 'compute is what you pay for. Which row is the largest of all the others?';
  if (answer === 'unexplained') return 'unexplained time has no known cause. Which cause is the largest?';
  return right.includes(answer) ? undefined : `a row has more thread-seconds than '${answer}'. Look again.`;
}

/** The sum of a leaf as it arrives: which leaf, and its terms added up. */
export interface Leaf {
  readonly place: number;
  readonly sum: number;
}

/** 'Write totalOf(leaves): one number, in any order of arrival, and if some leaves arrive twice.' */
function wrongTotal(answer: (leaves: Leaf[]) => number): Wrong {
  if (typeof answer !== 'function') return 'totalOf must be a function of the list of leaves.';
  const leaves = Array.from({ length: 40 }, (_, place) => ({ place, sum: Math.sqrt((place >> 1) + 1) / 7 }));
  const expected = leaves.reduce((total, { sum }) => total + sum, 0);
  const found: unknown = called(answer, structuredClone(leaves));
  if (typeof found !== 'number' || Number.isNaN(found))
    return `totalOf must return a number, and returns ${described(found)}.`;
  if (Math.abs(found - expected) > 1e-9)
    return `the leaves of the first list sum to ${expected}, not ${found}. Some of them have equal sums.`;
  const tiny = Math.PI * 1e-9;
  if (answer([{ place: 0, sum: tiny }]) !== tiny)
    return `a single leaf of ${tiny} must give ${tiny}: rounding hides the order most of the time, not always.`;
  const totals = Array.from({ length: 8 }, (_, i) => answer(shuffled(leaves, i + 1)));
  const other = totals.find((total) => total !== found);
  if (other !== undefined)
    return `the same leaves in another order of arrival give ${other} instead of ${found}. Which order can you always restore?`;
  const near = [1, 2 ** -53, ...Array<number>(4).fill(2 ** -107)].map((sum, place) => ({ place, sum }));
  if (answer([...near]) !== answer([...near].reverse()))
    return 'six leaves, 1 and five that are tiny, give another number in another order: a better sum still has an order.';
  const again = answer([...shuffled(leaves, 9), leaves[3], leaves[17]]);
  return again === found
    ? undefined
    : `two leaves that arrived twice change ${grouped(found)} to ${grouped(again)}. Count each leaf once.`;
}

/** The same leaves, in an order that a seed decides. */
function shuffled(leaves: readonly Leaf[], seed: number): Leaf[] {
  const chance = ({ place }: Leaf): number => (Math.sin(seed * 12.9898 + place * 78.233) * 43758.5453) % 1;
  return structuredClone([...leaves].sort((a, b) => chance(a) - chance(b)));
}

/** What notebook 09 calls; the checks of an own sum resolve to whether it passed. */
export const checkCapstone = checksOf('09', {
  oneNumber: check(
    wrongLetters,
    'whole numbers need no order (D); otherwise keep one order, with any number of workers (E).',
  ),
  grains: functionCheck<[terms: number, largest: number]>({
    of: 'grainsFor(terms, largest)',
    inputs: each([2e7, 1], [1e7, 3], [1000, 0.4], [2 ** 20, 1]),
    wrong: wrongGrains,
    why: 'every total is an exact integer, and no term gives up more digits than it must.',
  }),
  sum: checkLater(wrongSum, 'one integer in every cut, and near what you expected. It may travel.'),
  array: checkLater(wrongArray, 'the same integer from an array: you may compare the stages.'),
  limit: check(
    wrongLimit,
    (answer) => `it is '${answer}', in this run. Say in your verdict what would make it smaller.`,
  ),
  leaves: check(
    wrongTotal,
    'the leaves are fixed, and so is the order of the additions. Workers may come and go.',
  ),
});
