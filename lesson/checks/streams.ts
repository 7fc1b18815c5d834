// Checks for the exercises of notebook 04.
import { show } from '../../lib/errors.js';
import { BLOCK, LANES } from '../../lib/sampling/stream.js';
import { judgeFunction, judgeNumber, notYet, passed, telling, type Verdict } from './verdict.js';

/** 'Write twins(counts): the pairs of workers that counted the same.' */
export function judgeTwins(answer: (counts: readonly number[]) => number): Verdict {
  return judgeFunction(answer, {
    of: 'twins(counts)',
    inputs: [[[785, 790, 785]], [[785, 785, 785, 785]], [[1, 2, 3]], [[]], [[5, 7, 5, 7]]],
    call: (counts) => `twins([${counts.join(', ')}])`,
    wrong: (found, asked, counts) => {
      const pairs = counts.flatMap((one, i) => counts.slice(i + 1).filter((other) => other === one)).length;
      if (found === 2 * pairs + counts.length && counts.length > 0)
        return `${asked}: a worker is no twin of itself, and a pair counts once.`;
      if (found === 2 * pairs && pairs > 0) return `${asked}: each pair is counted twice, from both sides.`;
      if (found === new Set(counts).size && found !== pairs)
        return `${asked}: ${found} different counts there are; how many pairs are equal?`;
      return found === pairs ? undefined : `${asked} must be ${pairs}, and is ${found}.`;
    },
    why: 'one equal pair may be chance; six of six pairs are a fault.',
  });
}

/** '16 workers draw the same samples. How many times as large is the error as with samples of their own?' */
export function judgeSpread(answer: number): Verdict {
  return judgeNumber(answer, {
    right: 4,
    slips: [
      [16, '16 times as few different points; the error falls with the root of their number.'],
      [1, 'look at the table: with 4 workers it was about 2 already.'],
    ],
    other: (n) => `${n} is not it. What made 2 out of 4?`,
    why: 'sqrt(16). The program prints a standard error that is 4 times too small, and nobody sees it.',
  });
}

/** 'Write place(i): in which block and lane sample i is drawn, and how many steps the lane takes to it.' */
export function judgePlace(answer: (i: number) => { block: number; lane: number; step: number }): Verdict {
  if (typeof answer !== 'function') return notYet('place must be a function of i.');
  for (const i of [0, 5, 65_535, 65_536, 1_000_003, 2 ** 40 + 6]) {
    const expected = { block: Math.floor(i / BLOCK), lane: i % LANES, step: Math.floor((i % BLOCK) / LANES) };
    const found: unknown = answer(i);
    if (typeof found !== 'object' || found === null)
      return notYet(`place(${i}) must be { block, lane, step }, and is ${show(found)}.`);
    const given = found as { readonly [name: string]: unknown };
    if (given.block !== expected.block && given.block === i >> 16)
      return notYet(
        `place(${i}): >> works on 32 bits only, so large samples come out wrong. Divide, and take the floor.`,
      );
    for (const name of ['block', 'lane', 'step'] as const) {
      if (given[name] !== expected[name])
        return notYet(`place(${i}): ${name} must be ${expected[name]}, and is ${show(given[name])}.`);
    }
  }
  return passed('a division tells where any sample is drawn: nobody has to draw the ones before its block.');
}

/** What notebook 04 calls; each prints its verdict. */
export const checkStreams = {
  twins: telling(judgeTwins),
  spread: telling(judgeSpread),
  place: telling(judgePlace),
};
