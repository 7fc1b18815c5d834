// Predicts and measures a sum of a reader's own: runs of every stage, in several cuts, and when each number was known.
import { InvalidArgumentError, checkInteger, show } from '../../lib/errors.js';
import { LazyNumber, compute, type Executor } from '../../lib/index.js';
import { timeInTurn, type Timings } from '../../tools/measure/index.js';
import { sumTerms, type OwnSum } from './sum.js';

/** The same sum as an array: a number of grains that is not computed yet. */
export type ArrayForm = (terms: number, chunks: number, grains: number) => LazyNumber;

/** What runs the sum: as the named task, or as `array` if there is one. */
export interface Entrant {
  readonly executor: Executor;
  readonly array?: ArrayForm;
}

/** What a stage gave: each total that a number of pieces gave, and the timings if it was timed. */
export interface MeasuredStage {
  readonly stage: string;
  readonly workers: number;
  readonly totals: readonly { readonly pieces: number; readonly total: number }[];
  readonly times?: Timings<number>;
}

/** Runs of all stages. Times are in ms since 1970. */
export interface Measured {
  readonly began: number;
  /** When this sum was measured for the first time since this program (a notebook's kernel) started. */
  readonly firstBegan: number;
  /** Of the timed runs. */
  readonly pieces: number;
  readonly stages: readonly MeasuredStage[];
}

/** A predicted speed-up: by whom or by which law, why, and when (ms since 1970). */
export interface Forecast {
  readonly by: string;
  readonly speedUp: number;
  readonly why: string;
  readonly at: number;
}

/** When each prediction was made first, and when each sum was measured first: a cell may run again. */
const firstTimes = new Map<string, number>();

function firstTime(what: readonly unknown[], now: number): number {
  const key = JSON.stringify(what);
  if (!firstTimes.has(key)) firstTimes.set(key, now);
  return firstTimes.get(key)!;
}

const clock = (): number => performance.timeOrigin + performance.now();

/**
 * Predicts a speed-up. The time of the first call with this number and reason is kept with it.
 * @param speedUp a number above 0, or NaN for no prediction
 */
export function forecast(by: string, speedUp: number, why: string): Forecast {
  if (typeof speedUp !== 'number' || speedUp <= 0 || speedUp === Infinity)
    throw new InvalidArgumentError(
      `forecast: the speed-up must be a number above 0, got ${show(speedUp)}. 2 is twice as fast.`,
    );
  return { by, speedUp, why: String(why), at: firstTime(['foretold', by, speedUp, why], clock()) };
}

/**
 * Runs the sum on every stage: once in each of `cuts` pieces, then timed in turn.
 * @param cuts numbers of pieces, each an integer >= 1
 * @param pieces of the timed runs
 * @param repeats warm runs, after a cold one
 */
export async function measureStages(
  sum: OwnSum,
  entrants: { readonly [stage: string]: Entrant },
  { cuts = [1, 2, 3, 7, 64], pieces = 16, repeats = 5 } = {},
): Promise<Measured> {
  const began = clock();
  const stages = Object.entries(entrants).map(([stage, entrant]) => {
    const totals: { pieces: number; total: number }[] = [];
    const timed = async (pieces: number): Promise<number> => {
      const total = await totalBy(sum, entrant, pieces);
      if (!totals.some((known) => known.pieces === pieces && known.total === total))
        totals.push({ pieces, total });
      return total;
    };
    return { stage, workers: entrant.executor.workers, totals, timed };
  });
  for (const { timed } of stages) for (const cut of cuts) await timed(cut);
  const contestants = stages.map(({ stage, timed }) => [stage, () => timed(pieces)] as const);
  const times = await timeInTurn<number, string>(Object.fromEntries(contestants), { repeats });
  return {
    began,
    firstBegan: firstTime([sum, stages[0]?.totals[0]?.total], began), // the total tells sums of one size apart
    pieces,
    stages: stages.map(({ stage, workers, totals }) => ({ stage, workers, totals, times: times[stage] })),
  };
}

/** One more run, as on Slurm, where each run waits in a queue: its total, and no timings. */
export async function measureOnce(
  sum: OwnSum,
  stage: string,
  entrant: Entrant,
  pieces: number,
): Promise<MeasuredStage> {
  const total = await totalBy(sum, entrant, pieces);
  return { stage, workers: entrant.executor.workers, totals: [{ pieces, total }] };
}

async function totalBy(sum: OwnSum, { executor, array }: Entrant, pieces: number): Promise<number> {
  if (!array) return sumTerms(executor, sum, pieces);
  checkInteger('measureStages: cuts', pieces, 1, 'Take 1 for all in one piece.');
  const lazy: unknown = array(sum.terms, Math.ceil(sum.terms / pieces), sum.grains);
  if (!(lazy instanceof LazyNumber))
    throw new InvalidArgumentError(
      `measureStages: the array form must give a number that is not computed yet, got ${show(lazy)}. End it in sum().`,
    );
  return (await compute(lazy, { executor }))[0];
}
