// Checks for the exercises of notebook 02.
import { checksOf, functionCheck, grouped, numberCheck, wrongNumber, each } from './check.js';

const serialPart = (speedUp: number, workers: number): number =>
  (1 / speedUp - 1 / workers) / (1 - 1 / workers);

const NOT_OF_SPEED = 'shares of *time* add up, not of speed. Begin with the time that is left.';
const TIME_LEFT = 'that is the time that is left. By what factor is it smaller than the old time?';

/** What notebook 02 calls. */
export const checkProfile = checksOf('02', {
  amdahl: functionCheck<[parallel: number, faster: number]>({
    of: 'speedUp(parallel, faster)',
    inputs: each([0.73, 2], [0.9, 16], [0.8, 3]),
    wrong: wrongNumber({
      right: (p, s) => 1 / (1 - p + p / s),
      slips: [
        [
          (p, s) => 1 - p + p / s,
          'that is the new time as a share of the old. Divide 1 by all of it, in parentheses.',
        ],
        [(p, s) => 1 / (p + (1 - p) / s), 'here the serial share is faster, and the parallel one stays.'],
        [(p, s) => p * s, NOT_OF_SPEED],
        [(p, s) => 1 - p + p * s, NOT_OF_SPEED],
        [(p, s) => s / p, 'that leaves out the part that takes as long as before.'],
      ],
      other: (_, p, s) => `it should be ${(1 / (1 - p + p / s)).toPrecision(4)}. Begin with the new time.`,
    }),
    why: 'the part that stays decides: at 73 %, two generators at once make the program 1.575 times as fast.',
  }),
  limit: numberCheck({
    right: 1 / 0.27,
    slips: [
      [Infinity, 'the 27 % that stay take their time, however many workers there are.'],
      [0.27, TIME_LEFT],
      [27, TIME_LEFT],
      [1 / 0.73, 'that would be the limit if 73 % stayed serial.'],
    ],
    other: (n) => `${grouped(n)} is not it. If the parallel part takes no time, how much time is left?`,
    why: '1 / 0.27 = 3.7. A thousand workers are hardly better than a few.',
  }),
  karpFlatt: functionCheck<[speedUp: number, workers: number]>({
    of: 'serialPart(speedUp, workers)',
    inputs: each([6.57, 12], [3, 4], [2, 2]),
    wrong: wrongNumber({
      right: serialPart,
      slips: [
        [(s, p) => 1 - s / p, 'that is the efficiency that was lost, not the serial part.'],
        [(s, p) => 1 - serialPart(s, p), 'that is the parallel part.'],
      ],
      other: (_, s, p) => `it should be ${serialPart(s, p).toFixed(4)}. Solve 1/S = s + (1 - s)/p for s.`,
    }),
    why: "7.5 % for the original's run, not the 1 % that it assumed (C12).",
  }),
});
