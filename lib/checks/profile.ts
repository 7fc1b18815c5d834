// Checks for the exercises of notebook 02.
import { show } from '../errors.js';
import { notYet, passed, tell, type Verdict } from './verdict.js';

const near = (value: number, expected: number) => Math.abs(value / expected - 1) < 0.002;

/** 'Write speedUp(parallel, faster), Amdahl's law.' The first pair stands in the notebook, the others do not. */
export function judgeAmdahl(answer: (parallel: number, faster: number) => number): Verdict {
  if (typeof answer !== 'function') return notYet('speedUp must be a function of parallel and faster.');
  for (const [p, s] of [
    [0.73, 2],
    [0.9, 16],
    [0.8, 3],
  ]) {
    const found: unknown = answer(p, s);
    const asked = `speedUp(${p}, ${s})`;
    if (found === undefined) return notYet('speedUp gives nothing. Does it end in a return?');
    if (typeof found !== 'number' || Number.isNaN(found))
      return notYet(`${asked} must be a number, and is ${show(found)}.`);
    if (near(found, 1 - p + p / s))
      return notYet(
        `${asked} is ${found.toFixed(3)}: that is the new time as a share of the old. How many times as fast is it?`,
      );
    if (near(found, 1 / (p + (1 - p) / s)))
      return notYet(
        `${asked} is ${found.toFixed(3)}: here the serial share became faster, and the parallel one stayed.`,
      );
    if (near(found, p * s))
      return notYet(
        `${asked} is ${found.toFixed(3)}: shares of *time* add up, not of speed. Begin with the time that is left.`,
      );
    if (!near(found, 1 / (1 - p + p / s)))
      return notYet(`${asked} is ${found.toFixed(3)}, and should be ${(1 / (1 - p + p / s)).toFixed(3)}.`);
  }
  return passed(
    'the part that stays decides: at 73 %, two generators at once make the program 1.575 times as fast.',
  );
}

/** 'With 73 % parallel and as many workers as you like: how many times as fast at most?' */
export function judgeLimit(answer: number): Verdict {
  if (typeof answer !== 'number') return notYet(`give a number, not ${show(answer)}.`);
  if (Number.isNaN(answer)) return notYet('replace NaN by a number.');
  if (answer === Infinity)
    return notYet('the 27 % that stay take their time, however many workers there are.');
  if (Math.abs(answer - 1 / 0.73) < 0.01) return notYet('that would be the limit if 73 % stayed serial.');
  if (Math.abs(answer - 1 / 0.27) > 0.05)
    return notYet(`${answer} is not it. What is left of the time when the parallel part takes none?`);
  return passed('1 / 0.27 = 3.7. A thousand workers are no better than a few.');
}

/** 'Write serialPart(speedUp, workers), the Karp-Flatt metric.' */
export function judgeKarpFlatt(answer: (speedUp: number, workers: number) => number): Verdict {
  if (typeof answer !== 'function') return notYet('serialPart must be a function of speedUp and workers.');
  for (const [s, p] of [
    [6.57, 12],
    [3, 4],
    [2, 2],
  ]) {
    const found: unknown = answer(s, p);
    const expected = (1 / s - 1 / p) / (1 - 1 / p);
    const asked = `serialPart(${s}, ${p})`;
    if (found === undefined) return notYet('serialPart gives nothing. Does it end in a return?');
    if (typeof found !== 'number' || Number.isNaN(found))
      return notYet(`${asked} must be a number, and is ${show(found)}.`);
    if (Math.abs(found - (1 - s / p)) < 1e-6 && Math.abs(found - expected) > 1e-6)
      return notYet(
        `${asked} is ${found.toFixed(3)}: that is the efficiency that was lost, not the serial part.`,
      );
    if (Math.abs(found - (1 - expected)) < 1e-6)
      return notYet(`${asked} is ${found.toFixed(3)}: that is the parallel part.`);
    if (Math.abs(found - expected) > 1e-6)
      return notYet(
        `${asked} is ${found.toFixed(4)}, and should be ${expected.toFixed(4)}. Solve 1/S = f + (1 - f)/p for f.`,
      );
  }
  return passed("7.5 % for the lesson's run, not the 1 % that it assumed (C12).");
}

/** What notebook 02 calls; each prints its verdict. */
export const checkProfile = {
  amdahl: (answer: (parallel: number, faster: number) => number): void => tell(() => judgeAmdahl(answer)),
  limit: (answer: number): void => tell(() => judgeLimit(answer)),
  karpFlatt: (answer: (speedUp: number, workers: number) => number): void =>
    tell(() => judgeKarpFlatt(answer)),
};
