// Checks for the exercises of notebook 01.
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed, type Key } from '../../lib/sampling/seed.js';
import { grouped, judgeFunction, judgeNumber, telling, type Verdict } from './verdict.js';

/** pi's standard error is FACTOR / sqrt(samples). */
const FACTOR = Math.sqrt(Math.PI * (4 - Math.PI));

/** Seconds. */
const YEAR = 365.25 * 24 * 3600;

/** 'How many times as many samples does one more digit cost?' */
function judgeDigit(answer: number): Verdict {
  return judgeNumber(answer, {
    right: 100,
    slips: [
      [10, 'with 10 times the samples the error is sqrt(10) = 3.2 times as small. A digit needs 10.'],
      [
        Math.sqrt(10),
        'the other way round: the error is the root of something, so the samples are its square.',
      ],
      [20, '10 times and 10 times again is not 20 times.'],
    ],
    other: (n) =>
      `with ${n} times the samples the error is ${Math.sqrt(n).toPrecision(3)} times as small, not 10.`,
    why: 'a digit costs 100 times the samples, so doubling the workers never feels like much: it gives 0.15 of a digit.',
  });
}

/** 'How many samples give this standard error?' */
function judgeSamplesFor(answer: (error: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'samplesFor(error)',
    inputs: [[0.001], [0.00004]],
    wrong: (samples, _, error) => {
      const is = (expected: number) => Math.abs(samples / expected - 1) < 0.01;
      const drawn = `for an error of ${error} you draw ${grouped(Math.round(samples))}`;
      if (is(FACTOR / error))
        return `${drawn}. Solve error = 1.64 / sqrt(n) for n: both sides are to be squared.`;
      if (is(1 / error ** 2))
        return `${drawn}, whose error is ${(FACTOR * error).toPrecision(3)}. What stands above the root?`;
      if (is(FACTOR / error ** 2)) return 'nearly: squaring the equation squares 1.64 too.';
      if (!is((FACTOR / error) ** 2))
        return `${drawn}, whose error is ${(FACTOR / Math.sqrt(samples)).toPrecision(3)}.`;
      return Number.isInteger(samples) ? undefined : `${samples} samples cannot be drawn. Round up.`;
    },
    why: 'an error ten times as small costs a hundred times the samples.',
  });
}

/** 'Count the first `total` samples in pieces of `size`, and lose none.' */
function judgePieces(answer: (key: Key, total: number, size: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'countInPieces(key, total, size)',
    inputs: [
      [keyOfSeed(2017), 1_000, 300],
      [keyOfSeed('hidden'), 200_000, 65_536],
      [keyOfSeed('hidden'), 10, 100],
    ],
    call: (_, total, size) => `countInPieces(key, ${total}, ${size})`,
    wrong: (count, _, key, total, size) => {
      if (count === countInside(key, 0, total)) return undefined;
      const asked = `${grouped(total)} samples in pieces of ${grouped(size)}`;
      const whole = Math.floor(total / size);
      const rest = total % size;
      if (count === countInside(key, 0, whole * size))
        return `${asked}: the last ${grouped(rest)} samples are in no piece.`;
      if (count === countInside(key, 0, (whole + 1) * size))
        return `${asked}: the last piece goes on to sample ${grouped((whole + 1) * size)}. It is shorter than the others.`;
      if (count === whole * countInside(key, 0, size) + countInside(key, 0, rest))
        return `${asked}: every piece starts at sample 0, so you count the same points again and again.`;
      return `${asked}: you count ${grouped(count)} inside, and in one go it is ${grouped(countInside(key, 0, total))}. Where does each piece start, and how long is it?`;
    },
    why: 'in pieces or in one go: one integer. That is what makes it safe to hand pieces to others.',
  });
}

/** 'How many years do so many decimals take, at so many nanoseconds a sample?' */
function judgeYears(answer: (digits: number, nanoseconds: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'yearsFor(digits, nanoseconds)',
    inputs: [
      [10, 3],
      [4, 150],
    ],
    wrong: (years, _, digits, nanoseconds) => {
      const seconds = (FACTOR / (0.5 * 10 ** -digits)) ** 2 * nanoseconds * 1e-9;
      const is = (expected: number) => Math.abs(years / expected - 1) < 0.01;
      if (is(seconds / YEAR)) return undefined;
      if (is(seconds)) return 'those are seconds. How many seconds has a year?';
      if (is((seconds * 1e9) / YEAR)) return 'a nanosecond is 1e-9 of a second.';
      if (is(seconds / nanoseconds / YEAR))
        return 'that holds for one nanosecond a sample: what of the others?';
      return `${digits} digits at ${nanoseconds} ns take ${(seconds / YEAR).toPrecision(3)} years, not ${years.toPrecision(3)}.`;
    },
    why: 'and each further digit takes a hundred times as long.',
  });
}

/** What notebook 01 calls; each prints its verdict. */
export const checkSerial = {
  digit: telling(judgeDigit),
  samplesFor: telling(judgeSamplesFor),
  years: telling(judgeYears),
  pieces: telling(judgePieces),
};
