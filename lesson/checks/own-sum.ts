// Checks for a sum of a learner's own in notebook 09: as a task, and as an array.
import type { LazyNumber } from '../../lib/array/array.js';
import { compute } from '../../lib/array/compute.js';
import { InvalidArgumentError, show } from '../../lib/errors.js';
import { chooseGrains, integralOf, sumTerms, widestTolerance, type SumInput } from '../capstone/sum.js';
import { startSerial } from '../../lib/execute/serial.js';
import { taskModule } from '../../lib/task/module.js';
import type { Executor } from '../../lib/task/executor.js';
import { wrongLazy } from './lazy.js';
import { notYet, passed, stoppedWith, type Verdict } from './verdict.js';

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
    return cause instanceof InvalidArgumentError ? notYet(cause.message) : stoppedWith(cause);
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
      const form = wrongLazy(lazy, { name: 'asArray', method: 'sum()', length: terms, chunks });
      if (form) return notYet(form);
      const [value] = await compute(lazy as LazyNumber, { executor, kernel: 'reference' });
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
