// The laws of parallel speed, each as a function of a few lines, and how far they may be trusted.
import { InvalidArgumentError, checkInteger, show } from '../../lib/errors.js';
import { percent } from './text.js';

/**
 * Amdahl's law: the speed-up when a share of the time is made `faster` times as fast and the rest stays as it was.
 * @param parallel that share of the serial time, 0 to 1
 * @param faster how many times as fast; for work cut evenly over workers, their number
 * @see G. M. Amdahl, Validity of the single processor approach, AFIPS Spring Joint Computer Conference 1967
 */
export function amdahl(parallel: number, faster: number): number {
  checkShare('amdahl: parallel', parallel);
  checkPositive('amdahl: faster', faster);
  return 1 / (1 - parallel + parallel / faster);
}

/**
 * Gustafson's law: the speed-up when the work grows with the workers and the time stays.
 * @param serial the share of the parallel run's time in which one worker works alone, 0 to 1
 * @see J. L. Gustafson, Reevaluating Amdahl's law, Communications of the ACM 31 (1988)
 */
export function gustafson(workers: number, serial: number): number {
  checkInteger('gustafson: workers', workers, 1, 'Give how many work at once.');
  checkShare('gustafson: serial', serial);
  return workers - serial * (workers - 1);
}

/**
 * The Karp-Flatt metric: the serial share that explains a measured speed-up, all overhead counted as serial. Where it
 * grows with the workers, overhead is to blame and not a serial part. Below 0 the speed-up is more than linear.
 * @param speedUp as measured, T1 / Tp
 * @param workers 2 or more: one worker says nothing about sharing
 * @see A. H. Karp and H. P. Flatt, Measuring parallel processor performance, Communications of the ACM 33 (1990)
 */
export function karpFlatt(speedUp: number, workers: number): number {
  checkPositive('karpFlatt: speedUp', speedUp);
  checkInteger('karpFlatt: workers', workers, 2, 'A run with one worker has no serial part to find.');
  return (1 / speedUp - 1 / workers) / (1 - 1 / workers);
}

/** The standard error of pi from random points: sqrt(pi (4 - pi) / samples), the binomial distribution's. */
export function standardErrorOfPi(samples: number): number {
  checkInteger('standardErrorOfPi: samples', samples, 1, 'Give how many points were drawn.');
  return Math.sqrt((Math.PI * (4 - Math.PI)) / samples);
}

/**
 * Samples for which half a unit of the last decimal is `sigmas` standard errors. One more digit costs 100 times as many.
 * @param digits decimals after the point, an integer from 0 to 15
 * @param sigmas 1 is met by two runs in three, 2 by 19 in 20
 */
export function samplesForDigits(digits: number, sigmas = 1): number {
  checkInteger('samplesForDigits: digits', digits, 0, 'A double has no more.', 15);
  checkPositive('samplesForDigits: sigmas', sigmas);
  return Math.ceil((Math.PI * (4 - Math.PI) * sigmas ** 2) / (0.5 * 10 ** -digits) ** 2);
}

/**
 * Memory in bytes by the original's formula, and what its program was measured to take at its peak: three arrays of
 * float32 are promised; numpy draws float64, and where() adds indices. A loop over blocks takes neither.
 */
export function originalMemory(samples: number): { readonly promised: number; readonly measured: number } {
  checkInteger('originalMemory: samples', samples, 0, 'Give how many points there are.');
  return { promised: samples * 4 * 3, measured: samples * 21.5 };
}

/** One timed run, for a fit. */
export interface TimedRun {
  readonly workers: number;
  readonly seconds: number;
}

/** A serial part with its standard error, or why there is none. `text` says either in a sentence. */
export interface AmdahlFit {
  readonly refused?: 'few-worker-counts' | 'more-workers-than-cores' | 'noise-wider-than-effect';
  /** The serial share of T1, and its standard error. About 19 times in 20 the share is within two of them. */
  readonly serial?: number;
  readonly standardError?: number;
  /** T1 by the fit, in seconds. */
  readonly serialSeconds?: number;
  readonly text: string;
}

/**
 * Fits T(p) = T1 (s + (1 - s) / p) to all runs by least squares of the relative errors. The standard error holds the
 * noise of the runs as well as the law's misfit. Runs with more workers than cores are another experiment, and left out.
 * @param runs several of each number of workers
 * @param cores how many this process may use
 */
export function fitAmdahl(runs: readonly TimedRun[], cores: number): AmdahlFit {
  checkInteger('fitAmdahl: cores', cores, 1, 'Pass allottedCores().');
  for (const { workers, seconds } of runs) {
    checkInteger('fitAmdahl: workers', workers, 1, 'Each run has at least one.');
    checkPositive('fitAmdahl: seconds', seconds);
  }
  const within = runs.filter(({ workers }) => workers <= cores);
  return refusalOf(runs, within, cores) ?? fit(within);
}

/** T = a + b / p, each run divided by its T: the a and b for which a u + b v is nearest to 1. */
function fit(runs: readonly TimedRun[]): AmdahlFit {
  const scaled = runs.map(({ workers, seconds }) => ({ u: 1 / seconds, v: 1 / (workers * seconds) }));
  const sum = (of: (run: { u: number; v: number }) => number) =>
    scaled.reduce((total, run) => total + of(run), 0);
  const [u, v] = [sum((run) => run.u), sum((run) => run.v)];
  const [uu, uv, vv] = [sum((run) => run.u ** 2), sum((run) => run.u * run.v), sum((run) => run.v ** 2)];
  const determinant = uu * vv - uv * uv;
  const a = (vv * u - uv * v) / determinant;
  const b = (uu * v - uv * u) / determinant;
  const variance = sum((run) => (a * run.u + b * run.v - 1) ** 2) / (runs.length - 2);
  // s = a / (a + b): its error follows from those of a and b, to first order.
  const t1 = a + b;
  const [da, db] = [b / t1 ** 2, -a / t1 ** 2];
  const standardError = Math.sqrt(
    (variance * (da * da * vv - 2 * da * db * uv + db * db * uu)) / determinant,
  );
  const serial = a / t1;
  const text = `serial part ${percent(serial)} +- ${percent(standardError)} (one standard error, ${runs.length} runs)`;
  return { serial, standardError, serialSeconds: t1, text };
}

function refusalOf(
  runs: readonly TimedRun[],
  within: readonly TimedRun[],
  cores: number,
): AmdahlFit | undefined {
  const counts = [...new Set(within.map(({ workers }) => workers))].sort((a, b) => a - b);
  if (counts.length < 3) return tooFew(counts.length, cores, runs.length > within.length);
  const ranges = counts.map((count) =>
    range(within.filter(({ workers }) => workers === count).map(({ seconds }) => seconds)),
  );
  const effect = ranges[0].median - ranges[ranges.length - 1].median;
  const widest = Math.max(...ranges.map(({ high, low }) => high - low));
  if (widest < effect) return undefined;
  const saved = effect > 0 ? `${effect.toPrecision(2)} s` : 'nothing';
  const text = `no fit: repeats with one number of workers differ by up to ${widest.toPrecision(2)} s, and going from ${counts[0]} to ${counts[counts.length - 1]} workers saves ${saved}. Take more samples, or a quieter machine.`;
  return { refused: 'noise-wider-than-effect', text };
}

/** @param leftOut whether runs with more workers than cores were left out */
function tooFew(count: number, cores: number, leftOut: boolean): AmdahlFit {
  const counted = count === 1 ? '1 worker count' : `${count} different worker counts`;
  const why = leftOut
    ? `runs with more workers than the ${cores} cores here are another experiment; without them there are runs with ${counted}`
    : `there are runs with ${counted}, on ${cores} cores`;
  return {
    refused: leftOut ? 'more-workers-than-cores' : 'few-worker-counts',
    text: `no fit: at least 3 different worker counts are needed; ${why}.`,
  };
}

/** The middle and the ends of some measurements. */
export interface Range {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Median, lowest and highest; NaN where there is nothing. */
export function range(values: readonly number[]): Range {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return sorted.length === 0
    ? { median: NaN, low: NaN, high: NaN }
    : { median, low: sorted[0], high: sorted[sorted.length - 1] };
}

function checkShare(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0 && value <= 1) return;
  throw new InvalidArgumentError(
    `${name} must be a share from 0 to 1, got ${show(value)}. Write 73 % as 0.73.`,
  );
}

function checkPositive(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return;
  throw new InvalidArgumentError(`${name} must be a number above 0, got ${show(value)}.`);
}
