// Judges a learner's own sum in notebook 09, as a task and as an array: runs it as executors do, in several cuts.
import { CancelledError, InvalidArgumentError, toErrorRecord } from '../../lib/errors.js';
import { startPool, taskModule, type Executor } from '../../lib/index.js';
import { chooseGrains, integralOf, sumTerms, widestTolerance, type SumInput } from '../capstone/sum.js';
import { wrongLazy } from './arrays.js';
import { called, described, grouped, stoppedWith, type Wrong } from './check.js';
import { TooLong, limit } from './limit.js';

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

/** This many times fewer grains than possible: near 2^53 a double has no fraction left, which would hide a missing rounding. */
const ROOM = 2 ** 16;
const TERMS = 1009;

/** 'Bring your own sum.' */
export async function wrongSum(answer: OwnIntegral): Promise<Wrong> {
  const mine = Object(answer) as OwnIntegral;
  return wrongFields(mine) ?? withOperation(mine.sum, (executor) => wrongRuns(mine, executor));
}

function wrongFields({ name, width, largest, expected, tolerance, sum }: OwnIntegral): Wrong {
  const isPositive = (value: unknown) => typeof value === 'number' && value > 0 && value < Infinity;
  if (typeof sum !== 'function')
    return 'mine.sum must be a function: sum: ({ start, length, terms, grains }) => ...';
  if (typeof name !== 'string' || name.trim() === '') return 'give your sum a name for the report.';
  if (!isPositive(width) || !isPositive(largest))
    return 'width and largest must be numbers above 0: the length of the interval, and what f does not exceed on it.';
  if (!Number.isFinite(expected))
    return 'expected must be a number: what do you know of the value by other means, at least roughly?';
  if (!isPositive(tolerance)) return 'tolerance must be a number above 0: how close do you expect to get?';
  const widest = widestTolerance(width, largest);
  if (tolerance <= widest) return undefined;
  return `with a tolerance of ${tolerance} many wrong values would pass. At most ${widest}: a thousandth of width * largest.`;
}

/** Loads the function as executors do, and says in words what keeps it from running there. */
async function withOperation(
  sum: OwnIntegral['sum'],
  judge: (executor: Executor) => Promise<Wrong>,
): Promise<Wrong> {
  let executor: Executor | undefined;
  try {
    executor = await startPool({ workers: 1, tasks: [taskModule({ sum })] });
    return await judge(within(executor, AbortSignal.timeout(limit.ms)));
  } catch (error) {
    if (error instanceof TooLong) throw error; // in a learner's array
    if (error instanceof CancelledError) return stoppedWith(new TooLong(), sum);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const outer = /^([\w$]+) is not defined|names (.+) from the notebook/.exec(toErrorRecord(cause).message);
    if (outer)
      return `mine.sum names ${outer[1] ?? outer[2]}, and only the function's own text travels. Define it inside the function.`;
    if (/got nothing\.$/.test(toErrorRecord(cause).message))
      return 'mine.sum returns nothing. Does it end in a return?';
    return cause instanceof InvalidArgumentError ? cause.message : stoppedWith(cause);
  } finally {
    await executor?.close();
  }
}

/** The same executor, with a signal that stops its runs: they have a thread of their own. */
function within(executor: Executor, signal: AbortSignal): Executor {
  const { workers } = executor;
  const run: Executor['run'] = (tasks, options) => executor.run(tasks, { ...options, signal });
  return { workers, run, close: () => executor.close() };
}

/** Runs a piece of the sum: terms start to start + length - 1, of this many. */
type Run = (start: number, length: number, terms?: number) => Promise<number>;

async function wrongRuns(mine: OwnIntegral, executor: Executor): Promise<Wrong> {
  const grains = chooseGrains(TERMS, mine.largest) / ROOM;
  const taskOf = (...[start, length, terms = TERMS]: Parameters<Run>) => {
    return { key: `from-${start}`, operation: 'sum', input: { start, length, terms, grains } };
  };
  const run: Run = async (...piece) => (await executor.run([taskOf(...piece)]))[0] as number;
  const alone = () =>
    executor.run(Array.from({ length: TERMS }, (_, i) => taskOf(i, 1))) as Promise<number[]>;
  const whole = await run(0, TERMS);
  const text = wrongTotal(whole);
  if (text) return text;
  if ((await run(0, TERMS)) !== whole)
    return 'the second run gives another number. A task must give the same number in every run: no Math.random, no clock.';
  return (
    (await wrongTerms(run, alone, mine.largest, grains)) ??
    (await wrongCuts(run, whole)) ??
    (await wrongValue(mine, executor, whole / grains / TERMS))
  );
}

function wrongTotal(whole: unknown): Wrong {
  if (typeof whole !== 'number' || Number.isNaN(whole))
    return `mine.sum must return a number, and returns ${described(whole)}.`;
  if (!Number.isInteger(whole))
    return `mine.sum returns ${whole}, a fraction. Make each term a whole number of grains before you add it: Math.floor(y * grains + 0.5).`;
  if (Number.isSafeInteger(whole)) return undefined;
  return `mine.sum returns ${whole}, beyond 2^53. Is no term larger than \`largest\`?`;
}

async function wrongTerms(
  run: Run,
  alone: () => Promise<number[]>,
  largest: number,
  grains: number,
): Promise<Wrong> {
  const empty = await run(5, 0);
  if (empty !== 0)
    return `a piece of length 0 has no terms, and returns ${empty}. The last term of a piece is start + length - 1.`;
  const terms = await alone();
  const high = terms.findIndex((term) => Math.abs(term) > largest * grains + 1);
  if (high >= 0)
    return `term ${high} is ${terms[high] / grains} and \`largest\` says ${largest}. Which is wrong?`;
  const low = terms.findIndex((term) => term < 0);
  if (low >= 0)
    return `term ${low} is ${grouped(terms[low] / grains)}: f must be 0 or more on the whole interval.`;
  for (const [start, length] of [
    [0, TERMS],
    [0, 500],
    [500, TERMS - 500],
  ]) {
    // two of them may agree by chance
    const apart = terms.slice(start, start + length).reduce((sum, term) => sum + term, 0);
    const piece = await run(start, length);
    if (Math.abs(piece - apart) <= length / 2 && piece !== apart)
      return `term by term it is ${apart} grains, in one piece ${piece}: round each term, not their sum.`;
  }
  return undefined;
}

async function wrongCuts(run: Run, whole: number): Promise<Wrong> {
  const half = Math.floor(TERMS / 2);
  const [first, second] = [await run(0, half), await run(half, TERMS - half)];
  if (first + second === whole) return undefined;
  const found = `in two pieces it is ${first + second} grains, in one ${whole}`;
  if (first === (await run(0, half, 7 * TERMS)))
    return `${found}: where a point lies must follow from \`terms\`, all of the sum, and not from the piece.`;
  if (second === (await run(0, TERMS - half)))
    return `${found}: every piece begins at term 0. Where does \`start\` say it begins?`;
  return `${found}. Which terms are in both pieces, or in none?`;
}

async function wrongValue(
  { width, largest, expected, tolerance }: OwnIntegral,
  executor: Executor,
  rough: number,
): Promise<Wrong> {
  const sum = { operation: 'sum', terms: 1e6, grains: chooseGrains(1e6, largest), width };
  const value = integralOf(sum, await sumTerms(executor, sum, 1));
  if (Math.abs(value - expected) <= tolerance)
    return Math.abs(rough - value / width) <= largest / 10
      ? undefined
      : `right with 1e6 terms, but with ${TERMS} the mean of f is ${rough}. Take the number of terms from \`terms\`.`;
  if (Math.abs(value / width - expected) <= tolerance)
    return `${value} is expected * width: \`width\` counts twice, or expected is a mean.`;
  return `with 1e6 terms the value is ${value}, and you expected ${expected} to within ${tolerance}. Which of the two is wrong? Look at x, width and grains, too.`;
}

/** 'Write the same sum as an array.' */
export async function wrongArray(
  answer: (terms: number, chunks: number, grains: number) => unknown,
  { largest, sum }: OwnIntegral,
): Promise<Wrong> {
  if (typeof answer !== 'function') return 'asArray must be a function of terms, chunks and grains.';
  const grainsOf = (terms: number) => chooseGrains(terms, largest) / ROOM;
  return withOperation(sum, (executor) => {
    const lazyOf = (terms: number, chunks: number) => called(answer, terms, chunks, grainsOf(terms));
    const judge = async (value: number, terms: number) => {
      const grains = grainsOf(terms);
      const total = await sumTerms(executor, { operation: 'sum', terms, grains }, 1);
      return wrongArraySum(value, total, terms, grains);
    };
    return wrongLazy('asArray', lazyOf, executor, judge, answer);
  });
}

function wrongArraySum(value: number, total: number, terms: number, grains: number): Wrong {
  if (value === total) return undefined;
  const isNear = (expected: number, by: number): boolean => Math.abs(value - expected) <= by;
  if (isNear(total / grains, 1e-6 * Math.abs(total / grains) + 1e-9))
    return `the array's sum is ${value}: that counts no grains. Multiply each term.`;
  if (!Number.isInteger(value))
    return `the array's sum is ${value}, a fraction: make each term an integer before you add them.`;
  const found = `the array gives ${value} and the task ${total}`;
  if (isNear(total - terms / 2, 0.1 * terms))
    return `${found}, about half a grain a term more: astype cuts off. Add 0.5 before it.`;
  if (isNear(total, 1e-5 * Math.abs(total)))
    return `${found}: nearly. Is the dtype float64 from the beginning, and are the steps in the same order?`;
  return `${found}. Is it the same function, at the same points?`;
}
