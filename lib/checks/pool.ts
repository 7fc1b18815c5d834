// Checks for the exercises of notebook 03.
import { show } from '../errors.js';
import type { Part } from '../sampling/partition.js';
import { grouped, notYet, passed, tell, type Verdict } from './verdict.js';

/** The first ones stand in the notebook, the others do not. */
const TOTALS_AND_PARTS = [
  [10, 3],
  [3, 4],
  [1_000_003, 7],
  [0, 2],
] as const;

/** 'Four workers compute on two cores. How many times as fast can they be?' */
export function judgeCores(answer: number): Verdict {
  if (typeof answer !== 'number') return notYet(`give a number, not ${show(answer)}.`);
  if (Number.isNaN(answer)) return notYet('replace NaN by a number.');
  if (answer === 4)
    return notYet(
      'four threads, but who carries them out? Two of the four wait while the other two compute.',
    );
  if (answer === 1)
    return notYet('that holds for promises, which share one thread. These are threads of their own.');
  if (answer === 8) return notYet('cores and workers do not multiply: a thread needs a core to run on.');
  if (answer !== 2) return notYet(`${answer} is not it. How many threads can compute at the same moment?`);
  return passed('no more threads compute at once than there are cores. The other two only take turns.');
}

/** 'Give an input for which trunc(samples / cores) for each core draws too few.' */
export function judgeBreaks(answer: { readonly samples: number; readonly cores: number }): Verdict {
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
export function judgeShares(answer: (total: number, parts: number) => readonly number[]): Verdict {
  if (typeof answer !== 'function') return notYet('shares must be a function of total and parts.');
  for (const [total, parts] of TOTALS_AND_PARTS) {
    const shares: unknown = answer(total, parts);
    const wrong = Array.isArray(shares)
      ? wrongShares(shares, total, parts)
      : `shares must give a list, and gives ${show(shares)}.`;
    if (wrong) return notYet(wrong);
  }
  return passed('no sample is lost, and no worker has more than one sample more than another.');
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
export function judgePieces(answer: (total: number, parts: number) => readonly Part[]): Verdict {
  if (typeof answer !== 'function') return notYet('pieces must be a function of total and parts.');
  for (const [total, parts] of TOTALS_AND_PARTS) {
    const pieces: unknown = answer(total, parts);
    const wrong = Array.isArray(pieces)
      ? wrongPieces(pieces as Part[], total, parts)
      : `pieces must give a list, and gives ${show(pieces)}.`;
    if (wrong) return notYet(wrong);
  }
  return passed('every sample is in one piece, so the counts of the pieces sum to the one integer.');
}

function wrongPieces(pieces: readonly Part[], total: number, parts: number): string | undefined {
  const asked = `${grouped(total)} on ${parts}`;
  const unlike = pieces.find(
    (piece) => typeof piece?.start !== 'number' || typeof piece.samples !== 'number',
  );
  if (unlike !== undefined) return `${asked}: a piece is { start, samples }, two numbers.`;
  const wrong = wrongShares(
    pieces.map(({ samples }) => samples),
    total,
    parts,
  );
  if (wrong) return wrong;
  const drawn = pieces.filter(({ samples }) => samples > 0);
  if (drawn.length > 1 && drawn.every(({ start }) => start === drawn[0].start)) {
    return `${asked}: every piece starts at sample ${drawn[0].start}, so all workers draw the same points, as in the lesson's program.`;
  }
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
export function judgeErrorFactor(answer: number): Verdict {
  if (typeof answer !== 'number') return notYet(`give a number, not ${show(answer)}.`);
  if (Number.isNaN(answer)) return notYet('replace NaN by a number.');
  if (answer === 4)
    return notYet(
      'a quarter of the points are different ones. But the error falls with the root of their number.',
    );
  if (answer === 1)
    return notYet(
      'drawing a point four times tells no more than drawing it once: the estimate is that of one worker.',
    );
  if (answer === 0.5) return notYet('the other way round: the true error is the larger one.');
  if (answer !== 2)
    return notYet(
      `${answer} is not it. How many different points are there, and how does the error depend on their number?`,
    );
  return passed(
    'sqrt(4) = 2. With 100 workers it would be 10: a digit less than printed, and nothing looks wrong.',
  );
}

/** What notebook 03 calls; each prints its verdict. */
export const checkPool = {
  cores: (answer: number): void => tell(() => judgeCores(answer)),
  breaks: (answer: { samples: number; cores: number }): void => tell(() => judgeBreaks(answer)),
  shares: (answer: (total: number, parts: number) => readonly number[]): void =>
    tell(() => judgeShares(answer)),
  pieces: (answer: (total: number, parts: number) => readonly Part[]): void =>
    tell(() => judgePieces(answer)),
  errorFactor: (answer: number): void => tell(() => judgeErrorFactor(answer)),
};
