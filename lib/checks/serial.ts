// Checks for the exercises of notebook 01.
import { show } from '../errors.js';
import { countInside } from '../sampling/kernel.js';
import { keyOfSeed, type Key } from '../sampling/seed.js';
import { grouped, notYet, passed, tell, type Verdict } from './verdict.js';

/** pi's standard error is FACTOR / sqrt(samples). */
const FACTOR = Math.sqrt(Math.PI * (4 - Math.PI));

/** Seconds. */
const YEAR = 365.25 * 24 * 3600;

/** 'How many times as many samples does one more digit cost?' */
export function judgeDigit(answer: number): Verdict {
  if (typeof answer !== 'number') return notYet(`give a number, not ${show(answer)}.`);
  if (Number.isNaN(answer)) return notYet('replace NaN by a number.');
  if (answer === 10)
    return notYet('with 10 times the samples the error is sqrt(10) = 3.2 times as small. A digit needs 10.');
  if (Math.abs(answer - Math.sqrt(10)) < 0.2)
    return notYet('the other way round: the error is the root of something, so the samples are its square.');
  if (answer === 20) return notYet('10 times and 10 times again is not 20 times.');
  if (answer !== 100)
    return notYet(
      `with ${answer} times the samples the error is ${Math.sqrt(answer).toPrecision(3)} times as small, not 10.`,
    );
  return passed(
    'a digit costs 100 times the samples, so doubling the workers never feels like much: it gives 0.15 of a digit.',
  );
}

/** 'How many samples give this standard error?' */
export function judgeSamplesFor(answer: (error: number) => number): Verdict {
  if (typeof answer !== 'function') return notYet('samplesFor must be a function of the error.');
  for (const error of [0.001, 0.00004]) {
    const samples: unknown = answer(error);
    if (samples === undefined) return notYet('samplesFor gives nothing. Does it end in a return?');
    if (typeof samples !== 'number' || Number.isNaN(samples))
      return notYet(`samplesFor(${error}) must be a number, and is ${show(samples)}.`);
    const is = (expected: number) => Math.abs(samples / expected - 1) < 0.01;
    const asked = `for an error of ${error}`;
    if (is(FACTOR / error))
      return notYet(
        `${asked} you draw ${grouped(Math.round(samples))}. Solve error = 1.64 / sqrt(n) for n: both sides are to be squared.`,
      );
    if (is(1 / error ** 2))
      return notYet(
        `${asked} you draw ${grouped(Math.round(samples))}, whose error is ${(FACTOR * error).toPrecision(3)}. What stands above the root?`,
      );
    if (is(FACTOR / error ** 2)) return notYet('nearly: squaring the equation squares 1.64 too.');
    if (!is((FACTOR / error) ** 2))
      return notYet(
        `${asked} you draw ${grouped(Math.round(samples))}, whose error is ${(FACTOR / Math.sqrt(samples)).toPrecision(3)}.`,
      );
    if (!Number.isInteger(samples)) return notYet(`${samples} samples cannot be drawn. Round up.`);
  }
  return passed('an error ten times as small costs a hundred times the samples.');
}

/** 'Count the first `total` samples in pieces of `size`, and lose none.' */
export function judgePieces(answer: (key: Key, total: number, size: number) => number): Verdict {
  if (typeof answer !== 'function') return notYet('countInPieces must be a function of key, total and size.');
  for (const [seed, total, size] of [
    [2017, 1_000, 300],
    ['hidden', 200_000, 65_536],
    ['hidden', 10, 100],
  ] as const) {
    const key = keyOfSeed(seed);
    const count: unknown = answer(key, total, size);
    if (count === undefined) return notYet('countInPieces gives nothing. Does it end in a return?');
    if (typeof count !== 'number' || Number.isNaN(count))
      return notYet(`countInPieces must give a number, and gives ${show(count)}.`);
    if (count !== countInside(key, 0, total)) return notYet(whatWentWrong(key, total, size, count));
  }
  return passed('in pieces or in one go: one integer. That is what makes it safe to hand pieces to others.');
}

function whatWentWrong(key: Key, total: number, size: number, count: number): string {
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
}

/** 'How many years do so many decimals take, at so many nanoseconds a sample?' */
export function judgeYears(answer: (digits: number, nanoseconds: number) => number): Verdict {
  if (typeof answer !== 'function') return notYet('yearsFor must be a function of digits and nanoseconds.');
  for (const [digits, nanoseconds] of [
    [10, 3],
    [4, 150],
  ] as const) {
    const years: unknown = answer(digits, nanoseconds);
    if (years === undefined) return notYet('yearsFor gives nothing. Does it end in a return?');
    if (typeof years !== 'number' || Number.isNaN(years))
      return notYet(`yearsFor must give a number, and gives ${show(years)}.`);
    const samples = (FACTOR / (0.5 * 10 ** -digits)) ** 2;
    const seconds = samples * nanoseconds * 1e-9;
    const is = (expected: number) => Math.abs(years / expected - 1) < 0.01;
    if (is(seconds)) return notYet('those are seconds. How many seconds has a year?');
    if (is((seconds * 1e9) / YEAR)) return notYet('a nanosecond is 1e-9 of a second.');
    if (is(seconds / nanoseconds / YEAR))
      return notYet('that holds for one nanosecond a sample: what of the others?');
    if (!is(seconds / YEAR))
      return notYet(
        `${digits} digits at ${nanoseconds} ns take ${(seconds / YEAR).toPrecision(3)} years, not ${years.toPrecision(3)}.`,
      );
  }
  return passed('and each further digit takes a hundred times as long.');
}

/** What notebook 01 calls; each prints its verdict. */
export const checkSerial = {
  digit: (answer: number): void => tell(() => judgeDigit(answer)),
  samplesFor: (answer: (error: number) => number): void => tell(() => judgeSamplesFor(answer)),
  years: (answer: (digits: number, nanoseconds: number) => number): void => tell(() => judgeYears(answer)),
  pieces: (answer: (key: Key, total: number, size: number) => number): void =>
    tell(() => judgePieces(answer)),
};
