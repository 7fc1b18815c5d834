// Checks for the exercises of notebook 03.
import type { Part } from '../../lib/index.js';
import {
  checksOf,
  check,
  described,
  functionCheck,
  grouped,
  numberCheck,
  type Wrong,
  each,
} from './check.js';

type Cut = readonly [total: number, parts: number];
/** The notebook shows the first one. */
const CUTS = each<Cut>([10, 3], [3, 4], [1_000_003, 7], [0, 2]);

type Input = { readonly [what in 'samples' | 'cores']: number };

/** 'Give an input for which trunc(samples / cores) for each core draws too few samples.' */
function wrongInput(answer: Input): Wrong {
  const { samples, cores } = Object(answer) as Input;
  if (samples === undefined || cores === undefined)
    return `give { samples, cores }, two numbers, not ${described(answer)}.`;
  const odd = [samples, cores].find((value) => typeof value !== 'number');
  if (odd !== undefined) return `samples and cores are numbers, not ${described(odd)}.`;
  if (Number.isNaN(samples) || Number.isNaN(cores)) return 'replace NaN by numbers.';
  if (!Number.isSafeInteger(samples) || !Number.isSafeInteger(cores) || samples < 0 || cores < 1)
    return 'both must be whole numbers below 2^53, with at least one core.';
  if (samples === 0) return 'you ask for nothing, so nothing is lost. Ask for some samples.';
  if (cores === 1) return 'one core draws them all. The fault needs a cut.';
  if (samples % cores === 0)
    return `${sharesOf({ samples, cores })}, and none is lost. Which totals do not divide evenly?`;
  return undefined;
}

function sharesOf({ samples, cores }: Input): string {
  return `${grouped(samples)} on ${cores}: ${grouped(Math.trunc(samples / cores))} for each`;
}

function wrongShares(shares: readonly unknown[], total: number, parts: number): Wrong {
  if (shares.length === 0) return 'the list is empty. Give one share for each worker.';
  if (shares.length !== parts) return `a list of ${shares.length} for ${parts} workers.`;
  const odd = shares.findIndex((share) => !Number.isInteger(share) || (share as number) < 0);
  const share = shares[odd];
  if (odd >= 0 && typeof share !== 'number')
    return `share ${odd} is ${described(share)}. Shares are whole numbers, 0 or more.`;
  if (odd >= 0)
    return `nobody can draw ${grouped(share as number)} samples. Shares are whole numbers, 0 or more.`;
  const sizes = shares as readonly number[];
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sum !== total) {
    const more = `Who asked for the other ${grouped(sum - total)}?`;
    const question = sum < total ? 'Where is the remainder?' : more;
    return `the shares sum to ${grouped(sum)}, not ${grouped(total)}. ${question}`;
  }
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (most - least <= 1) return undefined;
  return `one worker has ${grouped(most)} samples and another ${grouped(least)}. All wait for the longest, so spread the remainder.`;
}

function wrongPieces(pieces: readonly Part[], total: number, parts: number): Wrong {
  const isPiece = (piece: Part) => typeof piece?.start === 'number' && typeof piece.samples === 'number';
  if (!pieces.every(isPiece)) return 'a piece is { start, samples }, two numbers.';
  const sizes = pieces.map(({ samples }) => samples);
  const wrong = wrongShares(sizes, total, parts);
  if (wrong) return wrong;
  const starts = pieces.filter(({ samples }) => samples > 0).map(({ start }) => start);
  if (starts.length > 1 && new Set(starts).size === 1)
    return `every piece starts at sample ${starts[0]}, so all workers draw the same points, as in Lola's program.`;
  let next = 0;
  for (const [i, { start, samples }] of pieces.entries()) {
    const fate = start < next ? 'counted twice' : 'in no piece';
    if (start !== next && starts.includes(next) && new Set(starts).size === starts.length)
      return `piece ${i} starts at ${start}, and the piece from ${next} comes later. Give them in order.`;
    if (start !== next && samples > 0)
      return `piece ${i} starts at ${start} but should start at ${next}, so some samples are ${fate}.`;
    next += samples;
  }
  return undefined;
}

/** What notebook 03 calls. */
export const checkPool = checksOf('03', {
  breaks: check(wrongInput, (input) => {
    return `${sharesOf(input)}; ${grouped(input.samples % input.cores)} in no share, and the program never says so.`;
  }),
  cores: numberCheck({
    right: 2,
    slips: [
      [4, 'four threads, but which core runs them? Two of the four wait while the other two compute.'],
      [1, 'that is true of promises, which share one thread. These are four threads.'],
      [8, 'you cannot multiply cores and workers: a thread needs a core to run on.'],
    ],
    other: (n) => `${grouped(n)} is not it. How many threads can compute at the same moment?`,
    why: 'only as many threads compute at once as there are cores. The others just take turns.',
  }),
  shares: functionCheck<Cut, readonly number[]>({
    of: 'shares(total, parts)',
    gives: 'a list',
    inputs: CUTS,
    wrong: wrongShares,
    why: 'no sample is lost, and no worker has more than one sample more than another.',
  }),
  errorFactor: numberCheck({
    right: 2,
    slips: [
      [4, 'only a quarter of the points differ, but the error falls with the square root of their number.'],
      [1, 'a point that is drawn four times says no more than once: the estimate is that of one worker.'],
      [0.5, 'the other way round: the true error is the larger one.'],
    ],
    other: (n) =>
      `${grouped(n)} is not it. How many different points are there? How does the error depend on that?`,
    why: 'sqrt(4) = 2. With 100 workers it would be 10: one digit less than printed, and nothing looks wrong.',
  }),
  pieces: functionCheck<Cut, readonly Part[]>({
    of: 'pieces(total, parts)',
    gives: 'a list',
    inputs: CUTS,
    wrong: wrongPieces,
    why: 'every sample is in one piece, so the counts of the pieces sum to the one integer.',
  }),
});
