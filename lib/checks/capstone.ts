// Checks for the exercises of notebook 09.
import { ChunkedArray, LazyNumber } from '../array/array.js';
import { compute } from '../array/compute.js';
import { InvalidArgumentError, show } from '../errors.js';
import { chooseGrains, integralOf, sumTerms, widestTolerance, type SumInput } from '../estimators/sum.js';
import { startSerial } from '../execute/serial.js';
import { LEDGER_ROWS } from '../measure/ledger.js';
import { taskModule } from '../task/module.js';
import type { Executor } from '../task/executor.js';
import { notYet, passed, tell, type Verdict } from './verdict.js';

/** What a learner brings: f on an interval, a value that is known, and the task. */
export interface OwnIntegral {
  readonly name: string;
  /** The length of the interval, and what f does not exceed on it. */
  readonly width: number;
  readonly largest: number;
  readonly expected: number;
  readonly tolerance: number;
  readonly sum: (input: SumInput) => number;
}

/** So many times fewer grains than there could be: near 2^53 a double has no fraction left, and hides that nothing was rounded. */
const ROOM = 2 ** 16;
const FREE_OF_ORDER = ['D', 'E'];
const NOT_FREE: { readonly [letter: string]: string } = {
  A: 'A: another cut puts other terms into each piece, so other subtotals are rounded.',
  B: 'B: each subtotal is nearer to the truth, and still depends on where its piece begins and ends.',
  C: 'C: two totals that lie on the two sides of 0.12345678905 are printed as two numbers, however near they are. Seldom is not never.',
};

/** 'Which of these ways give one number, however the sum is cut and whoever is first?' */
export function judgeOneNumber(answer: readonly string[]): Verdict {
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
export function judgeGrains(answer: (terms: number, largest: number) => number): Verdict {
  if (typeof answer !== 'function') return notYet('grainsFor must be a function of terms and largest.');
  for (const [terms, largest] of [
    [2e7, 1],
    [1e6, 3],
    [1000, 0.4],
    [2 ** 20, 1],
  ] as const) {
    const found: unknown = answer(terms, largest);
    const asked = `grainsFor(${terms}, ${largest})`;
    if (found === undefined) return notYet('grainsFor gives nothing. Does it end in a return?');
    if (typeof found !== 'number' || Number.isNaN(found))
      return notYet(`${asked} must be a number, and is ${show(found)}.`);
    const text = wrongGrains(found, terms, largest);
    if (text) return notYet(`${asked}: ${text}`);
  }
  return passed('every total is an exact integer, and no term gives up more digits than it must.');
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

/** 'Bring your own sum.' It is run as executors run it: loaded from its text, in several cuts. */
export async function judgeSum(answer: OwnIntegral): Promise<Verdict> {
  const { name, width, largest, expected, tolerance, sum } = (Object(answer) as Partial<OwnIntegral>) ?? {};
  if (typeof sum !== 'function')
    return notYet('mine.sum must be a function: sum: ({ start, length, terms, grains }) => ...');
  if (typeof name !== 'string' || name.trim() === '')
    return notYet('give your sum a name: reports call it so.');
  if (!isPositive(width) || !isPositive(largest))
    return notYet(
      'width and largest must be numbers above 0: how long is the interval, and what does f not exceed on it?',
    );
  if (typeof expected !== 'number' || !Number.isFinite(expected))
    return notYet(
      'expected must be a number: what do you know of the value by other means, at least roughly?',
    );
  if (!isPositive(tolerance))
    return notYet('tolerance must be a number above 0: how near do you expect to come?');
  const widest = widestTolerance(width, largest);
  if (tolerance > widest)
    return notYet(
      `with a tolerance of ${tolerance} many wrong values would pass. At most ${widest}: a thousandth of width * largest.`,
    );
  return withOperation(sum, (executor) =>
    judgeRuns({ name, width, largest, expected, tolerance, sum }, executor),
  );
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Infinity;
}

/** Loads the function as executors do, and says in words what keeps it from running there. */
async function withOperation(
  sum: OwnIntegral['sum'],
  judge: (executor: Executor) => Promise<Verdict>,
): Promise<Verdict> {
  let executor: Executor | undefined;
  try {
    executor = await startSerial({ tasks: [taskModule({ mine: sum })] });
    return await judge(executor);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof ReferenceError)
      return notYet(
        `${cause.message} where tasks run: only the function's own text travels. Bring it into the function.`,
      );
    return notYet(
      cause instanceof InvalidArgumentError ? cause.message : `your code stopped with ${String(cause)}`,
    );
  } finally {
    await executor?.close();
  }
}

async function judgeRuns(mine: OwnIntegral, executor: Executor): Promise<Verdict> {
  const terms = 1009;
  const grains = chooseGrains(terms, mine.largest) / ROOM;
  const run = async (start: number, length: number, of = terms): Promise<number> => {
    const input = { start, length, terms: of, grains };
    return (await executor.run([{ key: `from-${start}`, operation: 'mine', input }]))[0] as number;
  };
  const whole = await run(0, terms);
  const text =
    wrongNumber(whole) ??
    ((await run(0, terms)) === whole
      ? undefined
      : 'the second run gives another number. A task must give the same whenever it runs: no Math.random, no clock.') ??
    (await wrongTerms(run, terms, mine, grains)) ??
    (await wrongCuts(run, terms, whole)) ??
    (await wrongValue(mine, executor));
  return text ? notYet(text) : passed('one integer in every cut, and near what you expected. It may travel.');
}

function wrongNumber(whole: unknown): string | undefined {
  if (typeof whole !== 'number' || Number.isNaN(whole))
    return `mine.sum must give a number, and gives ${show(whole)}.`;
  if (!Number.isInteger(whole))
    return `mine.sum gives ${whole}, a fraction. Make each term a whole number of grains before you add it: Math.floor(y * grains + 0.5).`;
  if (!Number.isSafeInteger(whole))
    return `mine.sum gives ${whole}, beyond 2^53. Is no term larger than \`largest\`?`;
  return undefined;
}

type Run = (start: number, length: number, of?: number) => Promise<number>;

async function wrongTerms(
  run: Run,
  terms: number,
  { largest }: OwnIntegral,
  grains: number,
): Promise<string | undefined> {
  const empty = await run(5, 0);
  if (empty !== 0)
    return `a piece of length 0 has no terms, and gives ${empty}. The last term of a piece is start + length - 1.`;
  for (const i of [0, 1, Math.floor(terms / 3), terms - 1]) {
    const term = await run(i, 1);
    if (Math.abs(term) > largest * grains + 1)
      return `term ${i} is ${term / grains} and \`largest\` says ${largest}. Which is wrong?`;
  }
  return undefined;
}

async function wrongCuts(run: Run, terms: number, whole: number): Promise<string | undefined> {
  const half = Math.floor(terms / 2);
  const [first, second] = [await run(0, half), await run(half, terms - half)];
  if (first + second === whole) return undefined;
  const asked = `in two pieces it is ${first + second} grains, in one ${whole}`;
  if (first === (await run(0, half, 7 * terms)))
    return `${asked}: where a point lies must follow from \`terms\`, all of the sum, and not from the piece.`;
  if (second === (await run(0, terms - half)))
    return `${asked}: every piece begins at term 0. Where does \`start\` say it begins?`;
  return `${asked}. Which terms are in both pieces, or in none?`;
}

async function wrongValue(mine: OwnIntegral, executor: Executor): Promise<string | undefined> {
  const { width, largest, expected, tolerance } = mine;
  const sum = { operation: 'mine', terms: 1e6, grains: chooseGrains(1e6, largest), width };
  const value = integralOf(sum, await sumTerms(executor, sum, 1));
  if (Math.abs(value - expected) <= tolerance) return undefined;
  if (Math.abs(value / width - expected) <= tolerance)
    return `${value} is expected / width: \`width\` counts twice, or expected is a mean.`;
  return `with 1e6 terms the value is ${value}, and you expected ${expected} to within ${tolerance}. Which of the two is wrong? Look at width, too.`;
}

/** 'Write the same sum as an array.' */
export async function judgeArray(
  answer: (terms: number, chunks: number, grains: number) => unknown,
  mine: OwnIntegral,
): Promise<Verdict> {
  if (typeof answer !== 'function') return notYet('asArray must be a function of terms, chunks and grains.');
  return withOperation(mine.sum, async (executor) => {
    for (const [terms, chunks] of [
      [1000, 300],
      [70_001, 9999],
    ] as const) {
      const grains = chooseGrains(terms, mine.largest) / ROOM;
      const lazy = answer(terms, chunks, grains);
      if (lazy === undefined) return notYet('asArray gives nothing. Does it end in a return?');
      if (typeof lazy === 'number' || lazy instanceof Promise)
        return notYet('give the number before it is computed: leave compute to the caller.');
      if (lazy instanceof ChunkedArray)
        return notYet('that is the array of all terms. Which method adds them up?');
      if (!(lazy instanceof LazyNumber)) return notYet(`give what sum() gives, not ${show(lazy)}.`);
      if (lazy.node.chunks.length !== terms)
        return notYet(`the array has ${lazy.node.chunks.length} elements for ${terms} terms.`);
      if (lazy.node.chunks.sizes[0] !== chunks)
        return notYet('the array is not cut as asked: pass chunks on.');
      const [value] = await compute(lazy, { executor, kernel: 'reference' });
      const total = await sumTerms(executor, { operation: 'mine', terms, grains }, 1);
      const text = wrongArray(value, total, terms, grains);
      if (text) return notYet(text);
    }
    return passed('the same integer from an array: the stages may be compared.');
  });
}

function wrongArray(value: number, total: number, terms: number, grains: number): string | undefined {
  if (value === total) return undefined;
  const near = (expected: number, by: number): boolean => Math.abs(value - expected) <= by;
  if (near(total / grains, 1e-6 * Math.abs(total / grains) + 1e-9))
    return `the array's sum is ${value}: that counts no grains. Multiply each term.`;
  if (!Number.isInteger(value))
    return `the array's sum is ${value}, a fraction: make each term an integer before you add them.`;
  if (near(total - terms / 2, 0.1 * terms))
    return `the array gives ${value} and the task ${total}, about half a grain a term more: astype cuts off. Add 0.5 before it.`;
  if (near(total, 1e-5 * Math.abs(total)))
    return `the array gives ${value}, the task ${total}: nearly. Is the dtype float64 from the beginning, and are the steps in the same order?`;
  return `the array gives ${value}, the task ${total}. Is it the same function, at the same points?`;
}

/** 'Name the row of the ledger that costs most.' @param right as limitingRows tells */
export function judgeLimit(answer: string, right: readonly string[]): Verdict {
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
export function judgeLeaves(answer: (leaves: readonly Leaf[]) => number): Verdict {
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

/** What notebook 09 calls; each prints its verdict. */
export const checkCapstone = {
  oneNumber: (answer: readonly string[]): void => tell(() => judgeOneNumber(answer)),
  grains: (answer: (terms: number, largest: number) => number): void => tell(() => judgeGrains(answer)),
  /** Resolves to whether it passed, so that later cells can take it in place of the example. */
  sum: async (answer: OwnIntegral): Promise<boolean> => {
    const verdict = await judgeSum(answer);
    tell(() => verdict);
    return verdict.passed;
  },
  array: async (
    answer: (terms: number, chunks: number, grains: number) => unknown,
    mine: OwnIntegral,
  ): Promise<boolean> => {
    const verdict = await judgeArray(answer, mine);
    tell(() => verdict);
    return verdict.passed;
  },
  limit: (answer: string, right: readonly string[]): void => tell(() => judgeLimit(answer, right)),
  leaves: (answer: (leaves: readonly Leaf[]) => number): void => tell(() => judgeLeaves(answer)),
};
