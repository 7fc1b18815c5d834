// Checks for the exercises of notebook 05.
import type { LazyNumber } from '../../lib/array/array.js';
import { compute } from '../../lib/array/compute.js';
import { startSerial } from '../../lib/execute/serial.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { fillUniform } from '../../lib/sampling/stream.js';
import { wrongLazy } from './lazy.js';
import { notYet, passed, stoppedWith, telling, tellingLater, type Verdict } from './verdict.js';

/** 'How many tasks has the count over 1 000 000 points in chunks of 300 000, unfused, and how many fused?' */
export function judgeTasks(answer: { readonly unfused: number; readonly fused: number }): Verdict {
  const { unfused, fused } = Object(answer) as Record<string, unknown>;
  if (typeof unfused !== 'number' || typeof fused !== 'number')
    return notYet('give two numbers, as { unfused: 1, fused: 1 }.');
  if (Number.isNaN(unfused) || Number.isNaN(fused)) return notYet('replace both NaN by a number.');
  if (unfused === 21 || fused === 3)
    return notYet('three chunks hold 900 000 points. Where are the other 100 000?');
  if (unfused === 7 && fused === 1) return notYet('that is one chunk. How many chunks are there?');
  if (unfused === fused)
    return notYet(
      'fusion makes a difference: count the operations of one chunk, each of them a task while unfused.',
    );
  if (unfused === 24) return notYet('almost: the sum over a chunk is a task too.');
  if (fused !== 4) return notYet(`after fusion a chunk is one task: not ${fused}.`);
  if (unfused !== 28)
    return notYet(
      `x, y, two squares, one addition, one comparison, one sum, for each chunk: not ${unfused} tasks.`,
    );
  return passed('4 chunks of 7 operations, or 4 chunks of one.');
}

/** 'Cut 1 000 001 elements into chunks for two threads, so that neither waits long for the other.' */
export function judgeCut(chunks: readonly number[]): Verdict {
  if (!Array.isArray(chunks) || !chunks.every((size) => typeof size === 'number'))
    return notYet('give a list of sizes, as [3, 4].');
  const sizes = chunks as readonly number[];
  if (sizes.length === 0) return notYet('the list is empty.');
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sizes.some((size) => !Number.isInteger(size) || size < 1))
    return notYet('a size is a whole number of 1 or more.');
  if (sum === 1_000_000)
    return notYet('the sizes sum to 1 000 000: the last point is lost, as in the pool of the lesson.');
  if (sum !== 1_000_001) return notYet(`the sizes sum to ${sum}, not to 1 000 001.`);
  if (sizes.length % 2 === 1)
    return notYet(`${sizes.length} chunks on two threads: in the last round one of them waits.`);
  if (Math.max(...sizes) - Math.min(...sizes) > 1)
    return notYet('one chunk is larger than another by more than one point: its thread ends last.');
  return passed('each thread gets the same work, to one point.');
}

/** What a learner writes here: a number that is not computed yet, of so many samples in chunks of such a size. */
type Lazy = (samples: number, chunks: number) => unknown;

/** Judges the number that such a function gives, for two lengths and two cuts. */
async function judgeLazy(
  answer: Lazy,
  name: string,
  method: string,
  wrong: (value: number, samples: number) => string | undefined,
  why: string,
): Promise<Verdict> {
  if (typeof answer !== 'function') return notYet(`${name} must be a function of samples and chunks.`);
  const executor = await startSerial();
  try {
    for (const [samples, chunks] of [
      [1_000, 100],
      [70_000, 9_999],
    ]) {
      const lazy = answer(samples, chunks);
      const form = wrongLazy(lazy, { name, method, length: samples, chunks });
      if (form) return notYet(form);
      const [value] = await compute(lazy as LazyNumber, { executor, kernel: 'reference' });
      const text = wrong(value, samples);
      if (text) return notYet(text);
    }
    return passed(why);
  } catch (error) {
    return stoppedWith(error);
  } finally {
    await executor.close();
  }
}

/** The lesson's points: as many samples of each of these streams. */
function uniforms(samples: number, streams: readonly number[]): Float32Array[] {
  return streams.map((stream) => {
    const out = new Float32Array(samples);
    fillUniform(out, keyOfSeed(), stream, 0);
    return out;
  });
}

/** 'Write the mean distance of the points from the origin, as a number that is not computed yet.' */
export function judgeMeanDistance(answer: Lazy): Promise<Verdict> {
  const why = 'two lengths, two cuts, and the distances are right. In the limit it is 0.7652.';
  return judgeLazy(answer, 'meanDistance', 'a method such as mean()', wrongDistance, why);
}

/** What is wrong with a mean distance; nothing where it is right. */
function wrongDistance(value: number, samples: number): string | undefined {
  const [x, y] = uniforms(samples, [0, 1]);
  const mean = (of: (x: number, y: number) => number): number =>
    x.reduce((sum, x, i) => sum + of(x, y[i]), 0) / samples;
  const is = (expected: number): boolean => Math.abs(value - expected) < 1e-5 * expected;
  if (is(mean(Math.hypot))) return undefined;
  if (is(mean((x, y) => x * x + y * y)))
    return 'that is the mean of the squares. Take the root of each before the mean.';
  if (is(Math.sqrt(mean((x, y) => x * x + y * y))))
    return 'the root of the mean is not the mean of the roots.';
  if (is(mean((x) => Math.hypot(x, x))))
    return 'x and y hold the same numbers. Which argument makes two random arrays differ?';
  if (is(samples * mean(Math.hypot))) return 'that is the sum, not the mean.';
  return `the mean distance of these ${samples} points is ${mean(Math.hypot).toFixed(4)}, not ${value.toFixed(4)}. Seed and streams as in the lesson?`;
}

/** 'Estimate the volume of the ball of radius 1 from the points of three streams, x, y and 2.' */
export function judgeBall(answer: Lazy): Promise<Verdict> {
  const why = '8 * count / samples comes near 4/3 * pi = 4.18879.';
  return judgeLazy(answer, 'ballInside', 'a method such as sum()', wrongBall, why);
}

function wrongBall(count: number, samples: number): string | undefined {
  const streams = uniforms(samples, [0, 1, 2]);
  const counted = (...of: readonly number[]): number => {
    let inside = 0;
    for (let i = 0; i < samples; i++)
      inside += +(of.reduce((sum, s) => Math.fround(sum + Math.fround(streams[s][i] ** 2)), 0) <= 1);
    return inside;
  };
  if (count === counted(0, 1, 2)) return undefined;
  if (count === counted(0, 1)) return 'that counts points in the circle. Where is the third coordinate?';
  if (count === counted(0, 1, 1) || count === counted(0, 1, 0))
    return 'the third coordinate is a copy of another: it needs a stream of its own.';
  if (count === samples - counted(0, 1, 2)) return 'that counts the points outside.';
  return `${count} of ${samples} is not the count for streams x, y and 2; it is ${counted(0, 1, 2)}. Is it x*x + y*y + z*z <= 1, added from left to right?`;
}

/** What notebook 05 calls; each prints its verdict. */
export const checkChunked = {
  tasks: telling(judgeTasks),
  cut: telling(judgeCut),
  meanDistance: tellingLater(judgeMeanDistance),
  ball: tellingLater(judgeBall),
};
