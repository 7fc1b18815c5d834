// The evidence that a parallel program is right and worth it, and the rubric that judges it.
import type { Machine } from '../../lib/index.js';
import { short, type Ledger, type LedgerRowName, type Range } from '../../tools/measure/index.js';
import type { Forecast, Measured } from './measure.js';
import { integralOf, widestTolerance, type OwnSum } from './sum.js';

/** The stages that every sum goes through on one machine; Slurm is added if there is one. */
const STAGES_HERE = ['serial', 'pool', 'chunked', 'distributed'];
/** Runs that a range needs, and cuts that equal totals need. */
const LEAST_RUNS = 5;
const LEAST_CUTS = 3;
/** Rows this near to the largest are as good an answer, as a share of the whole. */
const AS_LARGE = 0.01;

/** Everything that the report shows. Texts that are not written yet are empty. */
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

type Points = readonly [points: number | undefined, why: string];
interface Item {
  readonly item: string;
  readonly most: number;
  readonly judge: (evidence: Evidence) => Points;
}

/** A line of the rubric. `points` is missing if a person is to judge. */
export type Judged = Omit<Item, 'judge'> & { readonly points?: number; readonly why: string };

/** What the report must show, how many points it is worth, and how it is judged. */
export const RUBRIC: readonly Item[] = [
  { item: 'Equal results: one integer from every stage, in every cut', most: 2, judge: judgeEqual },
  { item: 'Right result: near a value that is known without the program', most: 1, judge: judgeValue },
  { item: 'Your own prediction, with a reason, written before measuring', most: 1, judge: judgeForecast },
  { item: "A model's prediction, beside the measurement", most: 1, judge: judgeModel },
  { item: 'Ranges of five runs or more, not single timings', most: 1, judge: judgeRanges },
  { item: 'The row of the ledger that costs most is named', most: 1, judge: judgeRow },
  { item: 'The verdict follows from the numbers of this report', most: 2, judge: (e) => byPerson(e.verdict) },
  { item: 'It says what was not measured, and what to doubt', most: 1, judge: (e) => byPerson(e.doubts) },
];

/** Judges what a program can judge; the rest is left to a person. */
export function judgeEvidence(evidence: Evidence): Judged[] {
  return RUBRIC.map(({ item, most, judge }) => {
    const [points, why] = judge(evidence);
    return { item, most, why, ...(points !== undefined && { points }) };
  });
}

/** The points together: given by the kit, of how many it can give, and how many are for a person to give. */
export function pointsOf(lines: readonly Judged[]): { given: number; judged: number; open: number } {
  const [given, judged, open] = lines.reduce(
    ([given, judged, open], { points, most }) =>
      points === undefined ? [given, judged, open + most] : [given + points, judged + most, open],
    [0, 0, 0],
  );
  return { given, judged, open };
}

/** Every total of every stage and cut. */
export function totalsOf({ measured }: Pick<Evidence, 'measured'>): number[] {
  return measured.stages.flatMap(({ totals }) => totals.map(({ total }) => total));
}

function judgeEqual(evidence: Evidence): Points {
  const totals = totalsOf(evidence);
  const different = new Set(totals).size;
  if (totals.length === 0) return [0, 'nothing was run'];
  if (different > 1) return [0, `${totals.length} totals, ${different} of them different`];
  if (!totals.every(Number.isSafeInteger)) return [0, `the total, ${totals[0]}, is no exact integer`];
  const here = evidence.measured.stages.filter(({ stage }) => STAGES_HERE.includes(stage));
  const missing = STAGES_HERE.filter((name) => !here.some(({ stage }) => stage === name));
  const equal = `all ${totals.length} totals are equal`;
  if (missing.length > 0) return [1, `${equal}; not run: ${missing.join(', ')}`];
  if (here.some((stage) => stage.totals.length < LEAST_CUTS))
    return [1, `${equal}; three cuts or more would show more`];
  return [2, `all ${totals.length} totals are ${totals[0]}`];
}

function judgeValue(evidence: Evidence): Points {
  const { sum, expected, tolerance, largest } = evidence;
  const [total] = totalsOf(evidence);
  const widest = widestTolerance(sum.width, largest);
  if (total === undefined) return [0, 'nothing was run'];
  if (!Number.isFinite(expected)) return [0, 'no value to compare with was given'];
  if (!(tolerance <= widest))
    return [0, `${tolerance} was allowed; more than ${short(widest)} shows nothing here`];
  const off = Math.abs(integralOf(sum, total) - expected);
  return [off <= tolerance ? 1 : 0, `off by ${off.toPrecision(2)}; ${tolerance} was allowed`];
}

/** Whether a prediction came first: a learner's own before this sum was ever measured, a model's before these runs. */
export function cameFirst(
  { forecasts, measured }: Pick<Evidence, 'forecasts' | 'measured'>,
  forecast: Forecast,
): boolean {
  return forecast.at <= (forecast === forecasts[0] ? measured.firstBegan : measured.began);
}

function judgeForecast(evidence: Evidence): Points {
  const [own] = evidence.forecasts;
  if (!own || Number.isNaN(own.speedUp)) return [0, 'no number was predicted'];
  if (!cameFirst(evidence, own)) return [0, 'it was written when the sum had been measured'];
  if (own.why.trim() === '') return [0, 'it has no reason'];
  return [1, `written ${Math.round((evidence.measured.firstBegan - own.at) / 1000)} s before the first run`];
}

function judgeModel(evidence: Evidence): Points {
  const models = evidence.forecasts.slice(1);
  const early = models.filter((model) => cameFirst(evidence, model) && !Number.isNaN(model.speedUp));
  if (early.length === 0) return [0, 'no model predicted anything before the runs'];
  if (!speedUpOf(evidence, 'pool')) return [0, 'serial and pool were not both timed'];
  return [1, `predicted by ${early.map(({ by }) => by).join(', ')}`];
}

/** The speed-up over the serial stage; undefined if either was not timed. */
export function speedUpOf({ measured }: Pick<Evidence, 'measured'>, stage: string): Range | undefined {
  const secondsOf = (name: string) => measured.stages.find((found) => found.stage === name)?.times?.seconds;
  const [serial, seconds] = [secondsOf('serial'), secondsOf(stage)];
  if (!serial || !seconds) return undefined;
  const over = (of: number) => serial.median / of;
  return { median: over(seconds.median), low: over(seconds.high), high: over(seconds.low) };
}

function judgeRanges({ measured }: Evidence): Points {
  const runs = measured.stages.flatMap(({ times }) => (times ? [times.warm.length] : []));
  if (runs.length === 0) return [0, 'nothing was timed'];
  const least = Math.min(...runs);
  return [least >= LEAST_RUNS ? 1 : 0, `${least} warm runs of each stage, in turn, after a cold one`];
}

function judgeRow({ ledger, limit }: Evidence): Points {
  const rows = limitingRows(ledger);
  if (limit === '') return [0, 'no row is named'];
  if (rows.some((row) => row === limit)) return [1, `it is ${limit}`];
  return [0, `named was ${limit}; the ledger says ${rows.join(' or ')}`];
}

/** The rows of a ledger that cost most beside computing, the largest first: those within 1 % of the whole. */
export function limitingRows({ rows }: Pick<Ledger, 'rows'>): LedgerRowName[] {
  const causes = rows.filter(({ name }) => name !== 'compute' && name !== 'unexplained');
  const costs = causes.sort((a, b) => b.share - a.share);
  return costs.filter(({ share }) => share >= costs[0].share - AS_LARGE).map(({ name }) => name);
}

function byPerson(text: string): Points {
  return text.trim() === '' ? [0, 'nothing is written'] : [undefined, 'for a person to judge'];
}
