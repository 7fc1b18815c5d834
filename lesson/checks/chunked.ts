// Checks for the exercises of notebook 05.
import { compute, random, startSerial } from '../../lib/index.js';
import { wrongLazy } from './arrays.js';
import { checksOf, check, checkLater, grouped, wrongNumber, type Wrong } from './check.js';

type Counts = { readonly [form in 'unfused' | 'fused']: number };

/** 'How many tasks has the count over 1 000 000 points in chunks of 220 000, unfused, and how many fused?' */
function wrongTasks(answer: Counts): Wrong {
  const { unfused, fused } = Object(answer) as Counts;
  if (typeof unfused !== 'number' || typeof fused !== 'number')
    return 'give two numbers, as { unfused: 1, fused: 1 }.';
  if (Number.isNaN(unfused) || Number.isNaN(fused)) return 'replace both NaN by a number.';
  if (unfused === 36 || fused === 6)
    return "the box 'sum of all' is no task: the caller adds up the counts of the chunks.";
  if (unfused === 28 || fused === 4) return 'four chunks hold 880 000 points. Where are the other 120 000?';
  if (unfused === 5 && fused === 35) return 'the other way round: fusion makes fewer tasks.';
  if (unfused === 7 && fused === 1) return 'that is one chunk. How many chunks are there?';
  if (unfused === fused)
    return 'fusion makes a difference. Count the operations of one chunk: unfused, each of them is a task.';
  if (unfused === 30) return 'almost: the sum over a chunk is a task too.';
  if (fused !== 5)
    return `after fusion each chunk is one task. How many chunks are there? Not ${grouped(fused)}.`;
  if (unfused === 35) return undefined;
  return `not ${grouped(unfused)} tasks. For each chunk: x, y, two squares, one addition, one comparison, one sum.`;
}

/** 'Cut 1 000 001 elements into chunks for two threads, so that neither waits long for the other.' */
function wrongCut(chunks: readonly number[]): Wrong {
  if (!Array.isArray(chunks) || !chunks.every((size) => typeof size === 'number'))
    return 'give a list of sizes, all numbers, as [3, 4].';
  const sizes = chunks as readonly number[];
  if (sizes.length === 0) return 'the list is empty.';
  if (sizes.some((size) => !Number.isInteger(size) || size < 1))
    return 'a size is a whole number of 1 or more.';
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sum === 1_000_000) return "the sizes sum to 1 000 000: the last point is lost, as in Lola's pool.";
  if (sum !== 1_000_001) return `the sizes sum to ${grouped(sum)}, not to 1 000 001.`;
  if (sizes.length === 1) return 'one chunk is one task, and the second thread has none.';
  const done = [0, 0]; // each chunk goes to the thread that is free first
  for (const size of sizes) done[done[0] <= done[1] ? 0 : 1] += size;
  if (Math.abs(done[0] - done[1]) <= 1) return undefined;
  return `in turn, the threads get ${grouped(done[0])} and ${grouped(done[1])} points. One of them waits for the other.`;
}

type Points = readonly ArrayLike<number>[];

/** A check of a function that gives a lazy number of the lesson's points, which are made of some streams. */
function pointsCheck(
  name: string,
  streams: readonly (number | 'x' | 'y')[],
  wrong: (value: number, points: Points) => Wrong,
  why: string,
) {
  return checkLater(async (answer: (samples: number, chunks: number) => unknown) => {
    if (typeof answer !== 'function') return `${name} must be a function of samples and chunks.`;
    const executor = await startSerial();
    const judge = async (value: number, samples: number) => {
      const arrays = streams.map((stream) => random.uniform(samples, { stream }));
      return wrong(
        value,
        await Promise.all(arrays.map(async (array) => (await compute(array, { executor }))[0])),
      );
    };
    return wrongLazy(name, answer, executor, judge).finally(() => executor.close());
  }, why);
}

function wrongDistance(value: number, [x, y]: Points): Wrong {
  const mean = (of: (x: number, y: number) => number): number =>
    Array.from(x).reduce((sum, x, i) => sum + of(x, y[i]), 0) / x.length;
  const squares = mean((x, y) => x * x + y * y);
  return wrongNumber({
    right: mean(Math.hypot),
    within: 1e-5,
    slips: [
      [squares, 'that is the mean of the squares. Take the root of each before the mean.'],
      [Math.sqrt(squares), 'the root of the mean is not the mean of the roots.'],
      [mean((x) => Math.hypot(x, x)), 'x and y hold the same numbers. What makes two arrays differ?'],
      [x.length * mean(Math.hypot), 'that is the sum, not the mean.'],
    ],
    other: () =>
      `the mean distance of these ${x.length} points is ${mean(Math.hypot).toFixed(4)}, not ${value.toFixed(4)}. Is it the root of x*x + y*y, with the lesson's seed and streams?`,
  })(value);
}

function wrongBall(count: number, streams: Points): Wrong {
  const samples = streams[0].length;
  const inside = (...of: readonly number[]): number => {
    const radius = (i: number) =>
      of.reduce((sum, s) => Math.fround(sum + Math.fround(streams[s][i] ** 2)), 0);
    return Array.from({ length: samples }, (_, i) => radius(i)).filter((square) => square <= 1).length;
  };
  const copied = 'the third coordinate is a copy of another one. Give it a stream of its own.';
  return wrongNumber({
    right: inside(0, 1, 2),
    within: 0,
    slips: [
      [inside(0, 1), 'that counts points in the circle. Where is the third coordinate?'],
      [inside(0, 1, 1), copied],
      [inside(0, 1, 0), copied],
      [samples - inside(0, 1, 2), 'that counts the points outside.'],
      [inside(0, 1, 2) / samples, 'that is their share. Return their count.'],
    ],
    other: () =>
      `of ${samples} points in streams x, y and 2, ${inside(0, 1, 2)} are inside, not ${grouped(count)}. Is it x*x + y*y + z*z <= 1, added from left to right?`,
  })(count);
}

/** What notebook 05 calls. */
export const checkChunked = checksOf('05', {
  tasks: check(wrongTasks, '5 chunks of 7 operations, or 5 chunks of one.'),
  cut: check(wrongCut, 'each thread gets the same work, to one point.'),
  meanDistance: pointsCheck(
    'meanDistance',
    ['x', 'y'],
    wrongDistance,
    'two lengths, two cuts, and the distances are right. In the limit it is 0.7652.',
  ),
  ball: pointsCheck(
    'ballInside',
    ['x', 'y', 2],
    wrongBall,
    '8 * count / samples comes near 4/3 * pi = 4.18879.',
  ),
});
