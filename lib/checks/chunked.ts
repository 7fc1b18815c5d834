// Checks for the exercises of notebook 05: they say 'passed: ...' or 'not yet: ...' and why, and never throw.
import { ChunkedArray, LazyNumber } from '../array/array.js';
import { compute } from '../array/compute.js';
import { startSerial } from '../execute/serial.js';
import { keyOfSeed } from '../sampling/seed.js';
import { fillUniform } from '../sampling/stream.js';
import { notYet, passed, type Verdict } from './verdict.js';

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

/** 'Write the mean distance of the points from the origin, as a number that is not computed yet.' */
export async function judgeMeanDistance(
  meanDistance: (samples: number, chunks: number) => unknown,
): Promise<Verdict> {
  if (typeof meanDistance !== 'function')
    return notYet('meanDistance must be a function of samples and chunks.');
  const executor = await startSerial();
  try {
    for (const [samples, chunks] of [
      [1_000, 100],
      [70_000, 9_999],
    ] as const) {
      const lazy = meanDistance(samples, chunks);
      if (lazy === undefined) return notYet('meanDistance gives nothing. Does it end in a return?');
      if (typeof lazy === 'number' || lazy instanceof Promise)
        return notYet('give the number before it is computed: leave compute to the caller.');
      if (lazy instanceof ChunkedArray)
        return notYet('that is an array of distances. Which method makes a number of it?');
      if (!(lazy instanceof LazyNumber)) return notYet('give what a method such as mean() gives.');
      if (lazy.node.chunks.length !== samples)
        return notYet(`the array has ${lazy.node.chunks.length} elements for ${samples} samples.`);
      if (lazy.node.chunks.sizes[0] !== chunks)
        return notYet('the array is not cut as asked: pass chunks on.');
      const [value] = await compute(lazy, { executor, kernel: 'reference' });
      const text = wrongDistance(value, samples);
      if (text) return notYet(text);
    }
  } catch (error) {
    return notYet(`it stopped with ${String(error)}`);
  } finally {
    await executor.close();
  }
  return passed('two lengths, two cuts, and the distances are right. In the limit it is 0.7652.');
}

/** What is wrong with a mean distance; nothing where it is right. */
function wrongDistance(value: number, samples: number): string | undefined {
  const [x, y] = [0, 1].map((stream) => {
    const out = new Float32Array(samples);
    fillUniform(out, keyOfSeed(), stream, 0);
    return out;
  });
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
export async function judgeBall(inside: (samples: number, chunks: number) => unknown): Promise<Verdict> {
  if (typeof inside !== 'function') return notYet('ballInside must be a function of samples and chunks.');
  const executor = await startSerial();
  try {
    for (const [samples, chunks] of [
      [1_000, 300],
      [50_000, 20_000],
    ] as const) {
      const lazy = inside(samples, chunks);
      if (lazy instanceof ChunkedArray) return notYet('that is an array. Count its true elements.');
      if (!(lazy instanceof LazyNumber))
        return notYet('give a count that is not computed yet, as sum() gives.');
      const [count] = await compute(lazy, { executor, kernel: 'reference' });
      const text = wrongBall(count, samples);
      if (text) return notYet(text);
    }
  } catch (error) {
    return notYet(`it stopped with ${String(error)}`);
  } finally {
    await executor.close();
  }
  return passed('8 * count / samples comes near 4/3 * pi = 4.18879.');
}

function wrongBall(count: number, samples: number): string | undefined {
  const streams = [0, 1, 2].map((stream) => {
    const out = new Float32Array(samples);
    fillUniform(out, keyOfSeed(), stream, 0);
    return out;
  });
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

/** What a notebook calls: prints the verdict. */
export const checkChunked = {
  tasks: (answer: { readonly unfused: number; readonly fused: number }): void => print(judgeTasks(answer)),
  cut: (chunks: readonly number[]): void => print(judgeCut(chunks)),
  meanDistance: async (answer: (samples: number, chunks: number) => unknown): Promise<void> =>
    print(await judgeMeanDistance(answer)),
  ball: async (answer: (samples: number, chunks: number) => unknown): Promise<void> =>
    print(await judgeBall(answer)),
};

function print({ passed, text }: Verdict): void {
  console.log(`${passed ? 'passed' : 'not yet'}: ${text}`);
}
