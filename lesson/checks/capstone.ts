// Checks for the exercises of notebook 09; those of a sum of one's own are in own-sum.ts.
import { show } from '../../lib/errors.js';
import { chooseGrains } from '../capstone/sum.js';
import { LEDGER_ROWS } from '../../tools/measure/ledger.js';
import { judgeArray, judgeSum } from './own-sum.js';
import { judgeFunction, notYet, passed, telling, tellingLater, type Verdict } from './verdict.js';

const FREE_OF_ORDER = ['D', 'E'];
const NOT_FREE: { readonly [letter: string]: string } = {
  A: 'A: another cut puts other terms into each piece, so other subtotals are rounded.',
  B: 'B: each subtotal is nearer to the truth, and still depends on where its piece begins and ends.',
  C: 'C: two totals that lie on the two sides of 0.12345678905 are printed as two numbers, however near they are. Seldom is not never.',
};

/** 'Which of these ways give one number, however the sum is cut and whoever is first?' */
function judgeOneNumber(answer: readonly string[]): Verdict {
  if (!Array.isArray(answer)) return notYet(`give a list of letters, as ['A', 'B'], not ${show(answer)}.`);
  const letters = answer.map(String);
  if (letters.length === 0) return notYet('the list is empty. Which of the five would you trust?');
  const odd = letters.find((letter) => !/^[A-E]$/.test(letter));
  if (odd !== undefined) return notYet(`${show(odd)} is none of A, B, C, D and E.`);
  const wrong = letters.find((letter) => NOT_FREE[letter]);
  if (wrong) return notYet(NOT_FREE[wrong]);
  const missing = FREE_OF_ORDER.find((letter) => !letters.includes(letter));
  if (missing === 'D') return notYet('E does. One more does: what kind of number may be added in any order?');
  if (missing) return notYet('D does. One more does: which of them leaves nothing about the order open?');
  return passed(
    'whole numbers need no order (D); else one order must be kept, with any number of workers (E).',
  );
}

/** 'Write grainsFor(terms, largest): the largest power of two for which no total passes 2^53.' */
function judgeGrains(answer: (terms: number, largest: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'grainsFor(terms, largest)',
    inputs: [
      [2e7, 1],
      [1e6, 3],
      [1000, 0.4],
      [2 ** 20, 1],
    ],
    wrong: (found, asked, terms, largest) => {
      const text = wrongGrains(found, terms, largest);
      return text && `${asked}: ${text}`;
    },
    why: 'every total is an exact integer, and no term gives up more digits than it must.',
  });
}

function wrongGrains(found: number, terms: number, largest: number): string | undefined {
  const expected = chooseGrains(terms, largest);
  if (found === expected) return undefined;
  if (found === 2 ** 53) return 'so many grains fit into one term. The total of all terms must fit.';
  if (found === chooseGrains(terms, 1))
    return `${found} would do for terms up to 1. Here they go up to ${largest}.`;
  if (found === 53 - Math.log2(terms * largest) || found === Math.log2(expected))
    return `${found} is the power. How much is 2 to that power?`;
  if (!Number.isInteger(Math.log2(found)))
    return `${found} is no power of two, so multiplying by it rounds. Take the largest power of two below.`;
  const most = found * terms * largest;
  return most > 2 ** 53
    ? `with ${found} grains a total may be ${most}, beyond 2^53 = ${2 ** 53}.`
    : `${found} is safe; twice as many still fit, and give more digits.`;
}

/** 'Name the row of the ledger that costs most.' @param right as limitingRows tells */
function judgeLimit(answer: string, right: readonly string[]): Verdict {
  if (typeof answer !== 'string') return notYet(`give a row's name as a text, not ${show(answer)}.`);
  const rows = Object.keys(LEDGER_ROWS).join(', ');
  if (answer === '') return notYet(`name a row, one of: ${rows}.`);
  if (!Object.hasOwn(LEDGER_ROWS, answer))
    return notYet(`the ledger has no row ${show(answer)}. Its rows: ${rows}.`);
  if (answer === 'compute')
    return notYet(
      'compute is what you pay for. Which row is the largest of those that you would rather not pay?',
    );
  if (answer === 'unexplained')
    return notYet(
      'unexplained is what no cause accounts for, however much it is. Which cause is the largest?',
    );
  if (!right.includes(answer))
    return notYet(`there is a row with more thread-seconds than '${answer}'. Look again.`);
  return passed(`'${answer}' it is, in this run. Say in your verdict what would make it smaller.`);
}

/** A leaf's sum as it arrives: which leaf, and its terms added up. */
export interface Leaf {
  readonly place: number;
  readonly sum: number;
}

/** 'Write totalOf(leaves): one number, in whatever order leaves arrive, and if some arrive twice.' */
function judgeLeaves(answer: (leaves: readonly Leaf[]) => number): Verdict {
  if (typeof answer !== 'function') return notYet('totalOf must be a function of the list of leaves.');
  const leaves = Array.from({ length: 40 }, (_, place) => ({ place, sum: Math.sqrt(place + 1) / 7 }));
  const expected = leaves.reduce((total, { sum }) => total + sum, 0);
  const found: unknown = answer(leaves.map((leaf) => ({ ...leaf })));
  if (typeof found !== 'number' || Number.isNaN(found))
    return notYet(`totalOf must give a number, and gives ${show(found)}.`);
  if (Math.abs(found - expected) > 1e-9)
    return notYet(`the leaves of the first list sum to ${expected}, not ${found}.`);
  const tiny = Math.PI * 1e-9;
  if (answer([{ place: 0, sum: tiny }]) !== tiny)
    return notYet(
      `a single leaf of ${tiny} must give ${tiny}: rounding hides the order most of the time, and not always.`,
    );
  const totals = Array.from({ length: 8 }, (_, i) => answer(shuffled(leaves, i + 1)));
  const other = totals.find((total) => total !== found);
  if (other !== undefined)
    return notYet(
      `the same leaves in another order of arrival give ${other} in place of ${found}. Which order can you always restore?`,
    );
  const again = answer([...shuffled(leaves, 9), leaves[3], leaves[17]]);
  if (again !== found)
    return notYet(`two leaves that arrived twice make ${again} of ${found}. Each leaf counts once.`);
  return passed(
    'the leaves are fixed, and so is the order in which they are added. Workers may come and go.',
  );
}

/** The same leaves, in an order that a seed decides. */
function shuffled(leaves: readonly Leaf[], seed: number): Leaf[] {
  const placeOf = (leaf: Leaf): number => Math.sin(seed * 12.9898 + leaf.place * 78.233) * 43758.5453;
  return [...leaves].sort((a, b) => (placeOf(a) % 1) - (placeOf(b) % 1)).map((leaf) => ({ ...leaf }));
}

/** What notebook 09 calls; each prints its verdict, and those of an own sum resolve to whether it passed. */
export const checkCapstone = {
  oneNumber: telling(judgeOneNumber),
  grains: telling(judgeGrains),
  sum: tellingLater(judgeSum),
  array: tellingLater(judgeArray),
  limit: telling(judgeLimit),
  leaves: telling(judgeLeaves),
};
