// The evidence that a parallel program is right and worth it: runs of every stage, predictions made before, and a rubric.
import { LazyNumber } from '../../lib/array/array.js';
import { compute } from '../../lib/array/compute.js';
import { InvalidArgumentError, checkInteger, show } from '../../lib/errors.js';
import { integralOf, sumTerms, widestTolerance, type OwnSum } from './sum.js';
import type { Machine } from '../../lib/machine.js';
import { clock, type Executor } from '../../lib/task/executor.js';
import type { Ledger, LedgerRowName } from '../../tools/measure/ledger.js';
import { short } from '../charts/charts.js';
import { timeInTurn, type Timings } from '../../tools/measure/stopwatch.js';

/** The stages that every sum goes through on one machine; Slurm comes where there is one. */
export const STAGES_HERE = ['serial', 'pool', 'chunked', 'distributed'] as const;
/** Runs that a range takes, and cuts that equal totals take. */
const LEAST_RUNS = 5;
const LEAST_CUTS = 3;
/** Rows so near to the largest are as good an answer, as a share of the whole. */
const AS_LARGE = 0.01;

/** The same sum as an array: a number of grains that is not computed yet. */
export type ArrayForm = (terms: number, chunks: number, grains: number) => LazyNumber;

/** Who runs the sum: by the named task, or by `array` where one is given. */
export interface Entrant {
  readonly executor: Executor;
  readonly array?: ArrayForm;
}

/** What a stage gave: a total for each number of pieces, and its timings where it was timed. */
export interface MeasuredStage {
  readonly stage: string;
  readonly workers: number;
  readonly totals: readonly { readonly pieces: number; readonly total: number }[];
  readonly times?: Timings<number>;
  /** Totals of timed runs that are not the last one's: none, if the sum is one number. */
  readonly strays?: readonly number[];
}

/** Runs of all stages; `began` when the first one did (see clock). */
export interface Measured {
  readonly began: number;
  /** When this sum was measured for the first time since this program (a notebook's kernel) started. */
  readonly firstBegan: number;
  readonly pieces: number;
  readonly stages: readonly MeasuredStage[];
}

/** A speed-up that was foretold, by whom or by what, why, and when. */
export interface Forecast {
  readonly by: string;
  readonly speedUp: number;
  readonly why: string;
  readonly at: number;
}

/** All that the report is made of. Texts that are not written yet are empty. */
export interface Evidence {
  readonly title: string;
  /** A nickname, or empty. */
  readonly by: string;
  readonly machine: Machine;
  readonly sum: OwnSum;
  /** What the operation is, as code. */
  readonly code: string;
  /** The value as known without this program, how near it must come, and what no term exceeds. */
  readonly expected: number;
  readonly tolerance: number;
  readonly largest: number;
  /** Of the speed-up of the pool; the first is the learner's own. */
  readonly forecasts: readonly Forecast[];
  readonly measured: Measured;
  /** Stages that were not run, and why. */
  readonly notRun: { readonly [stage: string]: string };
  readonly ledger: Ledger;
  /** The ledger's row that costs most, as the learner names it. */
  readonly limit: string;
  readonly verdict: string;
  readonly doubts: string;
}

/** When each prediction was made first, and when each sum was measured first: a cell may be run again. */
const FIRST = { foretold: new Map<string, number>(), measured: new Map<string, number>() };

function firstTime(times: Map<string, number>, what: readonly unknown[], now: number): number {
  const key = JSON.stringify(what);
  if (!times.has(key)) times.set(key, now);
  return times.get(key)!;
}

/**
 * Foretells a speed-up; the time of the first call with this number and reason is kept with it.
 * @param speedUp a number above 0; NaN where nothing is foretold
 */
export function foretell(by: string, speedUp: number, why: string): Forecast {
  if (typeof speedUp !== 'number' || speedUp <= 0 || speedUp === Infinity)
    throw new InvalidArgumentError(
      `foretell: the speed-up must be a number above 0, got ${show(speedUp)}. 2 is twice as fast.`,
    );
  return { by, speedUp, why: String(why), at: firstTime(FIRST.foretold, [by, speedUp, why], clock()) };
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
  {
    cuts = [1, 2, 3, 7, 64],
    pieces = 16,
    repeats = LEAST_RUNS,
  }: { readonly cuts?: readonly number[]; readonly pieces?: number; readonly repeats?: number } = {},
): Promise<Measured> {
  const began = clock();
  const stages: MeasuredStage[] = [];
  for (const [stage, entrant] of Object.entries(entrants)) {
    const totals: { pieces: number; total: number }[] = [];
    for (const cut of cuts) totals.push({ pieces: cut, total: await totalBy(sum, entrant, cut) });
    stages.push({ stage, workers: entrant.executor.workers, totals });
  }
  const timed = new Map(Object.keys(entrants).map((stage) => [stage, [] as number[]]));
  const contestants = Object.entries(entrants).map(([stage, entrant]) => {
    const run = async (count: number): Promise<number> => {
      const total = await totalBy(sum, entrant, count);
      timed.get(stage)!.push(total);
      return total;
    };
    return [stage, { timed: run, given: [pieces] }] as const;
  });
  const all = await timeInTurn<number, string>(Object.fromEntries(contestants), { repeats });
  const withTimes = stages.map((measured): MeasuredStage => {
    const times = all[measured.stage];
    const strays = timed.get(measured.stage)!.filter((total) => total !== times.value);
    return { ...measured, times, strays };
  });
  const own = [sum, withTimes[0]?.totals[0]?.total]; // the total tells sums of one size apart
  return { began, firstBegan: firstTime(FIRST.measured, own, began), pieces, stages: withTimes };
}

/** One run more, as on Slurm, where a queue stands before each: its total, and no timings. */
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

/** The rows of a ledger that cost most beside computing, the largest first: those within 1 % of the whole. */
export function limitingRows({ rows }: Pick<Ledger, 'rows'>): LedgerRowName[] {
  const causes = rows.filter(({ name }) => name !== 'compute' && name !== 'unexplained');
  const costs = causes.sort((a, b) => b.share - a.share);
  return costs.filter(({ share }) => share >= costs[0].share - AS_LARGE).map(({ name }) => name);
}

/** Every total of every stage; one for all timed runs that agree. */
export function totalsOf({ measured }: Pick<Evidence, 'measured'>): number[] {
  return measured.stages.flatMap(({ totals, times, strays = [] }) => [
    ...totals.map(({ total }) => total),
    ...(times ? [times.value] : []),
    ...strays,
  ]);
}

/** How many times as fast as the serial stage, by the medians; undefined where either was not timed. */
export function speedUpOf({ measured }: Pick<Evidence, 'measured'>, stage: string): number | undefined {
  const secondsOf = (name: string) =>
    measured.stages.find((found) => found.stage === name)?.times?.seconds.median;
  const [serial, seconds] = [secondsOf('serial'), secondsOf(stage)];
  return serial === undefined || seconds === undefined ? undefined : serial / seconds;
}

/** A line of the rubric. `points` is missing where a person is to judge. */
export interface Judged {
  readonly item: string;
  readonly most: number;
  readonly points?: number;
  readonly why: string;
}

type Item = Pick<Judged, 'item' | 'most'> & {
  readonly judge: (evidence: Evidence) => Pick<Judged, 'points' | 'why'>;
};

/** What is looked for, how many points it is worth, and how it is judged. */
export const RUBRIC: readonly Item[] = [
  { item: 'Equal results: one integer from every stage, in every cut', most: 2, judge: judgeEqual },
  { item: 'Right result: near a value that is known without the program', most: 1, judge: judgeValue },
  {
    item: 'A prediction of your own, with a reason, written before measuring',
    most: 1,
    judge: judgeForecast,
  },
  { item: 'What a model predicts stands beside what was measured', most: 1, judge: judgeModel },
  { item: 'Ranges of five runs or more, not single timings', most: 1, judge: judgeRanges },
  { item: 'The row of the ledger that costs most is named', most: 1, judge: judgeRow },
  {
    item: 'The verdict follows from the numbers of this report',
    most: 2,
    judge: ({ verdict }) => byPerson(verdict),
  },
  {
    item: 'It says what was not measured, and what one should doubt',
    most: 1,
    judge: ({ doubts }) => byPerson(doubts),
  },
];

/** Judges what a program can judge; the rest is left to a person. */
export function judgeEvidence(evidence: Evidence): Judged[] {
  return RUBRIC.map(({ item, most, judge }) => ({ item, most, ...judge(evidence) }));
}

/** The points together: given by the kit, of how many it can give, and how many are a person's. */
export function pointsOf(judged: readonly Judged[]): {
  readonly given: number;
  readonly judged: number;
  readonly open: number;
} {
  const sum = (lines: readonly Judged[], of: (line: Judged) => number) =>
    lines.reduce((total, line) => total + of(line), 0);
  const done = judged.filter(({ points }) => points !== undefined);
  const open = judged.filter(({ points }) => points === undefined);
  return {
    given: sum(done, ({ points = 0 }) => points),
    judged: sum(done, ({ most }) => most),
    open: sum(open, ({ most }) => most),
  };
}

function judgeEqual(evidence: Evidence): Pick<Judged, 'points' | 'why'> {
  const totals = totalsOf(evidence);
  const different = new Set(totals).size;
  if (totals.length === 0) return { points: 0, why: 'nothing was run' };
  if (different > 1) return { points: 0, why: `${totals.length} totals, ${different} of them different` };
  if (!totals.every(Number.isSafeInteger))
    return { points: 0, why: `the total, ${totals[0]}, is no exact integer` };
  const here = STAGES_HERE.map((name) => evidence.measured.stages.find(({ stage }) => stage === name));
  const missing = STAGES_HERE.filter((_, i) => here[i] === undefined);
  const cuts = here.map((stage) => new Set(stage?.totals.map(({ pieces }) => pieces)).size);
  if (missing.length > 0)
    return { points: 1, why: `all ${totals.length} totals are equal; not run: ${missing.join(', ')}` };
  if (Math.min(...cuts) < LEAST_CUTS)
    return { points: 1, why: `all ${totals.length} totals are equal; three cuts or more would show more` };
  return { points: 2, why: `all ${totals.length} totals are ${totals[0]}` };
}

function judgeValue(evidence: Evidence): Pick<Judged, 'points' | 'why'> {
  const { sum, expected, tolerance, largest } = evidence;
  const [total] = totalsOf(evidence);
  if (total === undefined) return { points: 0, why: 'nothing was run' };
  if (!Number.isFinite(expected)) return { points: 0, why: 'no value to compare with was given' };
  const widest = widestTolerance(sum.width, largest);
  if (!(tolerance <= widest))
    return { points: 0, why: `${tolerance} was allowed; more than ${short(widest)} shows nothing here` };
  const off = Math.abs(integralOf(sum, total) - expected);
  const why = `off by ${off.toPrecision(2)}; ${tolerance} was allowed`;
  return { points: off <= tolerance ? 1 : 0, why };
}

/** Whether it came first: a person's own before this sum was ever measured here, a model's before these runs. */
export function cameFirst(
  { forecasts: [own], measured }: Pick<Evidence, 'forecasts' | 'measured'>,
  forecast: Forecast,
): boolean {
  return forecast.at <= (forecast === own ? measured.firstBegan : measured.began);
}

function judgeForecast(evidence: Evidence): Pick<Judged, 'points' | 'why'> {
  const { forecasts, measured } = evidence;
  const [own] = forecasts;
  if (!own || Number.isNaN(own.speedUp)) return { points: 0, why: 'no number was predicted' };
  if (!cameFirst(evidence, own)) return { points: 0, why: 'it was written when the sum had been measured' };
  if (own.why.trim() === '') return { points: 0, why: 'it has no reason' };
  const seconds = Math.round((measured.firstBegan - own.at) / 1000);
  return { points: 1, why: `written ${seconds} s before the first run` };
}

function judgeModel(evidence: Evidence): Pick<Judged, 'points' | 'why'> {
  const [, ...models] = evidence.forecasts;
  const early = models.filter((model) => cameFirst(evidence, model) && !Number.isNaN(model.speedUp));
  if (early.length === 0) return { points: 0, why: 'no model predicted anything before the runs' };
  if (speedUpOf(evidence, 'pool') === undefined)
    return { points: 0, why: 'serial and pool were not both timed' };
  return { points: 1, why: `predicted by ${early.map(({ by }) => by).join(', ')}` };
}

function judgeRanges({ measured }: Evidence): Pick<Judged, 'points' | 'why'> {
  const timed = measured.stages.flatMap(({ times }) => (times ? [times.warm.length] : []));
  if (timed.length === 0) return { points: 0, why: 'nothing was timed' };
  const least = Math.min(...timed);
  return {
    points: least >= LEAST_RUNS ? 1 : 0,
    why: `${least} warm runs of each stage, in turn, after a cold one`,
  };
}

function judgeRow({ ledger, limit }: Evidence): Pick<Judged, 'points' | 'why'> {
  const rows = limitingRows(ledger);
  if (limit === '') return { points: 0, why: 'no row is named' };
  if (rows.includes(limit as LedgerRowName)) return { points: 1, why: `it is ${limit}` };
  return { points: 0, why: `named was ${limit}; the ledger says ${rows.join(' or ')}` };
}

function byPerson(text: string): Pick<Judged, 'points' | 'why'> {
  return text.trim() === '' ? { points: 0, why: 'nothing is written' } : { why: 'for a person to judge' };
}
