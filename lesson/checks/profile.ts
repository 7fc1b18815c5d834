// Checks for the exercises of notebook 02.
import { judgeFunction, judgeNumber, telling, type Verdict } from './verdict.js';

/** 'Write speedUp(parallel, faster), Amdahl's law.' */
export function judgeAmdahl(answer: (parallel: number, faster: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'speedUp(parallel, faster)',
    inputs: [
      [0.73, 2],
      [0.9, 16],
      [0.8, 3],
    ],
    wrong: (found, asked, p, s) => {
      const near = (expected: number) => Math.abs(found / expected - 1) < 0.002;
      const is = `${asked} is ${found.toFixed(3)}`;
      if (near(1 / (1 - p + p / s))) return undefined;
      if (near(1 - p + p / s))
        return `${is}: that is the new time as a share of the old. How many times as fast is it?`;
      if (near(1 / (p + (1 - p) / s)))
        return `${is}: here the serial share became faster, and the parallel one stayed.`;
      if (near(p * s))
        return `${is}: shares of *time* add up, not of speed. Begin with the time that is left.`;
      return `${is}, and should be ${(1 / (1 - p + p / s)).toFixed(3)}.`;
    },
    why: 'the part that stays decides: at 73 %, two generators at once make the program 1.575 times as fast.',
  });
}

/** 'With 73 % parallel and as many workers as you like: how many times as fast at most?' */
export function judgeLimit(answer: number): Verdict {
  return judgeNumber(answer, {
    right: 1 / 0.27,
    within: 0.05,
    slips: [
      [Infinity, 'the 27 % that stay take their time, however many workers there are.'],
      [1 / 0.73, 'that would be the limit if 73 % stayed serial.'],
    ],
    other: (n) => `${n} is not it. What is left of the time when the parallel part takes none?`,
    why: '1 / 0.27 = 3.7. A thousand workers are no better than a few.',
  });
}

/** 'Write serialPart(speedUp, workers), the Karp-Flatt metric.' */
export function judgeKarpFlatt(answer: (speedUp: number, workers: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'serialPart(speedUp, workers)',
    inputs: [
      [6.57, 12],
      [3, 4],
      [2, 2],
    ],
    wrong: (found, asked, s, p) => {
      const right = (1 / s - 1 / p) / (1 - 1 / p);
      const near = (expected: number) => Math.abs(found - expected) <= 1e-6;
      if (near(right)) return undefined;
      if (near(1 - s / p))
        return `${asked} is ${found.toFixed(3)}: that is the efficiency that was lost, not the serial part.`;
      if (near(1 - right)) return `${asked} is ${found.toFixed(3)}: that is the parallel part.`;
      return `${asked} is ${found.toFixed(4)}, and should be ${right.toFixed(4)}. Solve 1/S = f + (1 - f)/p for f.`;
    },
    why: "7.5 % for the lesson's run, not the 1 % that it assumed (C12).",
  });
}

/** What notebook 02 calls; each prints its verdict. */
export const checkProfile = {
  amdahl: telling(judgeAmdahl),
  limit: telling(judgeLimit),
  karpFlatt: telling(judgeKarpFlatt),
};
