// Checks for the exercises of notebook 03.
import { show } from '../../lib/errors.js';
import type { Part } from '../../lib/sampling/partition.js';
import { grouped, judgeFunction, judgeNumber, notYet, passed, telling, type Verdict } from './verdict.js';

/** The first ones stand in the notebook, the others do not. */
const TOTALS_AND_PARTS = [
  [10, 3],
  [3, 4],
  [1_000_003, 7],
  [0, 2],
] as const;

/** 'Four workers compute on two cores. How many times as fast can they be?' */
function judgeCores(answer: number): Verdict {
  return judgeNumber(answer, {
    right: 2,
    slips: [
      [4, 'four threads, but who carries them out? Two of the four wait while the other two compute.'],
      [1, 'that holds for promises, which share one thread. These are threads of their own.'],
      [8, 'cores and workers do not multiply: a thread needs a core to run on.'],
    ],
    other: (n) => `${n} is not it. How many threads can compute at the same moment?`,
    why: 'no more threads compute at once than there are cores. The other two only take turns.',
  });
}

/** 'Give an input for which trunc(samples / cores) for each core draws too few.' */
function judgeBreaks(answer: { samples: number; cores: number }): Verdict {
  const { samples, cores } = (answer ?? {}) as { readonly samples?: unknown; readonly cores?: unknown };
  if (typeof samples !== 'number' || typeof cores !== 'number')
    return notYet(`give { samples, cores }, two numbers, not ${show(answer)}.`);
  if (Number.isNaN(samples) || Number.isNaN(cores)) return notYet('replace NaN by numbers.');
  if (!Number.isInteger(samples) || !Number.isInteger(cores) || samples < 0 || cores < 1)
    return notYet('nobody asks for that: both are whole numbers, and there is at least one core.');
  if (samples === 0) return notYet('nothing is asked for, so nothing is lost. Ask for some samples.');
  if (cores === 1) return notYet('one core draws them all. The fault needs a cut.');
  const share = Math.trunc(samples / cores);
  const lost = samples - share * cores;
  const asked = `${grouped(samples)} on ${cores}: ${grouped(share)} for each`;
  if (lost === 0) return notYet(`${asked}, and none is lost. Which totals do not divide evenly?`);
  return passed(`${asked}; ${grouped(lost)} in no share, and nothing in the program tells of it.`);
}

/** 'Write shares(total, parts): how many samples each worker draws.' */
function judgeShares(answer: (total: number, parts: number) => readonly number[]): Verdict {
  return judgeFunction(answer, {
    of: 'shares(total, parts)',
    gives: 'a list',
    inputs: TOTALS_AND_PARTS,
    wrong: (found, _, total, parts) => wrongShares(found, total, parts),
    why: 'no sample is lost, and no worker has more than one sample more than another.',
  });
}

/** What is wrong with some shares; nothing where they are right. */
function wrongShares(shares: readonly unknown[], total: number, parts: number): string | undefined {
  const asked = `${grouped(total)} on ${parts}`;
  if (shares.length === 0) return 'the list is empty: one share for each worker, please.';
  if (shares.length !== parts) return `${asked}: a list of ${shares.length} for ${parts} workers.`;
  const odd = shares.find((share) => !Number.isInteger(share) || (share as number) < 0);
  if (odd !== undefined)
    return `${asked}: a share of ${show(odd)} samples cannot be drawn. Shares are whole, 0 or more.`;
  const sizes = shares as readonly number[];
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sum < total)
    return `${asked}: the shares sum to ${grouped(sum)}, not ${grouped(total)}. Where did the remainder go?`;
  if (sum > total)
    return `${asked}: the shares sum to ${grouped(sum)}, not ${grouped(total)}. Who asked for the other ${grouped(sum - total)}?`;
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (most - least > 1)
    return `${asked}: one worker has ${grouped(most)} samples and another ${grouped(least)}. All wait for the longest; spread the remainder.`;
  return undefined;
}

/** 'Write pieces(total, parts): where each share starts, and how many samples it has.' */
function judgePieces(answer: (total: number, parts: number) => readonly Part[]): Verdict {
  return judgeFunction(answer, {
    of: 'pieces(total, parts)',
    gives: 'a list',
    inputs: TOTALS_AND_PARTS,
    wrong: (found, _, total, parts) => wrongPieces(found, total, parts),
    why: 'every sample is in one piece, so the counts of the pieces sum to the one integer.',
  });
}

function wrongPieces(pieces: readonly Part[], total: number, parts: number): string | undefined {
  const asked = `${grouped(total)} on ${parts}`;
  const isPiece = (piece: Part) => typeof piece?.start === 'number' && typeof piece.samples === 'number';
  if (!pieces.every(isPiece)) return `${asked}: a piece is { start, samples }, two numbers.`;
  const sizes = pieces.map(({ samples }) => samples);
  const wrong = wrongShares(sizes, total, parts);
  if (wrong) return wrong;
  const drawn = pieces.filter(({ samples }) => samples > 0);
  if (drawn.length > 1 && drawn.every(({ start }) => start === drawn[0].start))
    return `${asked}: every piece starts at sample ${drawn[0].start}, so all workers draw the same points, as in the lesson's program.`;
  let next = 0;
  for (const [i, { start, samples }] of pieces.entries()) {
    if (start !== next && samples > 0) {
      const fate = start < next ? 'some samples are counted twice' : 'some samples are in no piece';
      return `${asked}: piece ${i} starts at ${start}, and should at ${next}, so ${fate}.`;
    }
    next += samples;
  }
  return undefined;
}

/** 'Four workers start from one seed. How many times as large is the true error as the one that is printed?' */
function judgeErrorFactor(answer: number): Verdict {
  return judgeNumber(answer, {
    right: 2,
    slips: [
      [4, 'a quarter of the points are different ones. But the error falls with the root of their number.'],
      [
        1,
        'drawing a point four times tells no more than drawing it once: the estimate is that of one worker.',
      ],
      [0.5, 'the other way round: the true error is the larger one.'],
    ],
    other: (n) =>
      `${n} is not it. How many different points are there, and how does the error depend on their number?`,
    why: 'sqrt(4) = 2. With 100 workers it would be 10: a digit less than printed, and nothing looks wrong.',
  });
}

/** What notebook 03 calls; each prints its verdict. */
export const checkPool = {
  cores: telling(judgeCores),
  breaks: telling(judgeBreaks),
  shares: telling(judgeShares),
  pieces: telling(judgePieces),
  errorFactor: telling(judgeErrorFactor),
};
