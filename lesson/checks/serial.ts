// Checks for the exercises of notebook 01.
import { countInside, keyOfSeed, type Key } from '../../lib/index.js';
import { checksOf, functionCheck, grouped, numberCheck, wrongNumber, each } from './check.js';

/** The standard error of pi is FACTOR / sqrt(samples). */
const FACTOR = Math.sqrt(Math.PI * (4 - Math.PI));
const YEAR_SECONDS = 365.25 * 24 * 3600;

const errorOf = (samples: number): string => (FACTOR / Math.sqrt(samples)).toPrecision(3);
const wrongSamples = wrongNumber<[error: number]>({
  right: (error) => (FACTOR / error) ** 2,
  within: 0.01, // 1.64 is good enough
  slips: [
    [(error) => FACTOR / error, 'solve error = 1.64 / sqrt(n) for n: square both sides.'],
    [(error) => 1 / error ** 2, 'which number is divided by sqrt(n)?'],
    [(error) => FACTOR / error ** 2, 'nearly. If you square the equation, you square 1.64 too.'],
  ],
  other: (samples) =>
    samples > 0 && samples < Infinity
      ? `with that many samples the error is ${errorOf(samples)}.`
      : 'nobody can draw that many. Solve error = 1.64 / sqrt(n) for n.',
});
const secondsFor = (digits: number, nanoseconds: number): number =>
  (FACTOR / (0.5 * 10 ** -digits)) ** 2 * nanoseconds * 1e-9;

/** What notebook 01 calls. */
export const checkSerial = checksOf('01', {
  digit: numberCheck({
    right: 100,
    slips: [
      [10, 'with 10 times the samples the error is only sqrt(10) = 3.2 times smaller. A digit needs 10.'],
      [Math.sqrt(10), 'the other way round: the error falls with a root, so the samples grow with a square.'],
      [8, '10 ^ 2 is no power in TypeScript. Write 10 ** 2.'],
      [20, '10 times, and then 10 times again, is not 20 times.'],
    ],
    other: (n) =>
      n > 1 && n < Infinity
        ? `with ${grouped(n)} times the samples the error is ${Math.sqrt(n).toPrecision(3)} times smaller.`
        : 'the answer is a factor: 2 would mean twice as many samples.',
    why: 'a digit costs 100 times the samples. Twice the samples give only 0.15 of a digit.',
  }),
  samplesFor: functionCheck<[error: number]>({
    of: 'samplesFor(error)',
    inputs: [[0.001], [0.00003]],
    wrong: (samples, error) =>
      wrongSamples(samples, error) ??
      ([FACTOR, 1.64].some((f) => samples === Math.ceil((f / error) ** 2 - 1e-6) - 1)
        ? 'this is one sample too few. Round up.'
        : undefined) ??
      (Number.isInteger(samples) ? undefined : 'its decimals are not shown. Round up.'),
    why: 'an error ten times smaller costs a hundred times the samples.',
  }),
  years: functionCheck<[digits: number, nanoseconds: number]>({
    of: 'yearsFor(digits, nanoseconds)',
    inputs: each([10, 3], [4, 150]),
    wrong: wrongNumber({
      right: (digits, nanoseconds) => secondsFor(digits, nanoseconds) / YEAR_SECONDS,
      within: 0.01,
      slips: [
        [secondsFor, 'those are seconds. How many seconds are in a year?'],
        [(digits, ns) => (1e9 * secondsFor(digits, ns)) / YEAR_SECONDS, 'a nanosecond is 1e-9 of a second.'],
        [(digits) => secondsFor(digits, 1) / YEAR_SECONDS, 'this is right for 1 nanosecond a sample only.'],
      ],
      other: (_, digits, nanoseconds) =>
        `it should be ${grouped(secondsFor(digits, nanoseconds) / YEAR_SECONDS)}. First samples, then seconds, then years: which step is off?`,
    }),
    why: 'and each further digit takes a hundred times as long.',
  }),
  pieces: functionCheck<[key: Key, total: number, size: number]>({
    of: 'countInPieces(key, total, size)',
    inputs: each(
      [keyOfSeed(2017), 1000, 300],
      [keyOfSeed('hidden'), 196_608, 65_536],
      [keyOfSeed('hidden'), 10, 100],
    ),
    wrong: (count, key, total, size) => {
      const [whole, rest] = [Math.floor(total / size), total % size];
      const end = (whole + 1) * size;
      const inside = (samples: number) => countInside(key, 0, samples);
      return wrongNumber({
        right: inside(total),
        within: 0,
        slips: [
          [inside(whole * size), `the last ${grouped(rest)} samples are in no piece.`],
          [inside(end), `the last piece continues to sample ${grouped(end)}. It should be shorter.`],
          [whole * inside(size) + inside(rest), 'every piece starts at sample 0: always the same points.'],
        ],
        other: () => `in one go it is ${grouped(inside(total))}. Where does each piece start and end?`,
      })(count);
    },
    reads: 'size',
    why: 'in pieces or in one go, it is one integer. So it is safe to hand pieces to others.',
  }),
});
