// The lesson's charts as plain data: what each compares, and the same numbers as a table. Drawn by svg.ts and plotly.ts.
import {
  LEDGER_ROWS,
  amdahl,
  percent,
  short,
  standardErrorOfPi,
  type AtWorkers,
  type Ledger,
  type Range,
} from '../../tools/measure/index.js';

/** Points and curves over two axes. */
export interface LineChart {
  readonly kind: 'lines';
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** An axis: its label with the unit; `log` for powers of ten, `ticks` if only certain values make sense. */
export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  readonly ticks?: readonly number[];
}

/** Measured points, joined by a line unless they are `dots`, or a `curve` that is computed. */
export interface Series {
  readonly name: string;
  readonly curve?: boolean;
  readonly dots?: boolean;
  readonly points: readonly Point[];
}

/** A point, with its range if runs were repeated. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

/** Stacked bars, one a row, all parts in one unit. */
export interface BarChart {
  readonly kind: 'bars';
  readonly title: string;
  readonly x: Axis;
  readonly parts: readonly string[];
  readonly bars: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export type Chart = LineChart | BarChart;

/** What was measured, by the name of a stage. */
interface Stages<T> {
  readonly [stage: string]: readonly T[];
}

/** Measured speed-up of some stages, the ideal, and Amdahl's curve if a serial part is known. */
export function speedUpChart(stages: Stages<AtWorkers>, serial?: number): LineChart {
  const workers = workersOf(stages);
  const xs = Array.from({ length: 60 }, (_, i) => 1 + (i / 59) * (workers[workers.length - 1] - 1));
  const ideal = curve('ideal', xs, (p) => p);
  const laws =
    serial === undefined
      ? [ideal]
      : [ideal, curve(`Amdahl, serial part ${percent(serial)}`, xs, (p) => amdahl(1 - serial, p))];
  const points = measured(stages, ({ workers, speedUp }) => [workers, speedUp]);
  const title = 'Speed-up: compared with one worker';
  return lines(title, { label: 'workers', ticks: workers }, { label: 'speed-up' }, [...points, ...laws]);
}

/** The share of each worker's time that pays: speed-up / workers. */
export function efficiencyChart(stages: Stages<AtWorkers>): LineChart {
  const workers = workersOf(stages);
  const each = ({ median, low, high }: Range, p: number) => ({
    median: median / p,
    low: low / p,
    high: high / p,
  });
  const points = measured(stages, ({ workers, speedUp }) => [workers, each(speedUp, workers)]);
  const ideal = curve('ideal', [1, workers[workers.length - 1]], () => 1);
  const title = 'Efficiency';
  return lines(title, { label: 'workers', ticks: workers }, { label: 'efficiency' }, [...points, ideal]);
}

/** Seconds over the number of samples, for each stage: where the lines cross, more workers begin to pay. */
export function crossoverChart(
  stages: Stages<{ readonly samples: number; readonly seconds: Range }>,
): LineChart {
  const points = measured(stages, ({ samples, seconds }) => [samples, seconds]);
  return lines('Time over samples: where the stages cross', log('samples'), log('seconds'), points);
}

/** Seconds over the size of a chunk: too small costs messages, too large leaves threads idle. */
export function chunkChart(stages: Stages<{ readonly chunk: number; readonly seconds: Range }>): LineChart {
  const points = measured(stages, ({ chunk, seconds }) => [chunk, seconds]);
  return lines('Time over the size of a chunk', log('samples in a chunk'), log('seconds'), points);
}

/** How far estimates are off, against the law of 1 / sqrt(samples). Chance moves the estimates, so no line joins them. */
export function errorChart(
  estimates: readonly { readonly samples: number; readonly pi: number }[],
): LineChart {
  const points = estimates.map(({ samples, pi }) => ({ x: samples, y: Math.abs(pi - Math.PI) }));
  const sizes = points.map(({ x }) => x);
  const law = curve('standard error', [Math.min(...sizes), Math.max(...sizes)], standardErrorOfPi);
  const series = [{ name: 'estimates', dots: true, points }, law];
  return lines('Error of pi by the number of samples', log('samples'), log('distance from pi'), series);
}

/** Where the time of each run went, in per cent of threads x makespan. */
export function ledgerChart(ledgers: { readonly [run: string]: Ledger }): BarChart {
  const shareOf = ({ rows }: Ledger, part: string) => rows.find(({ name }) => name === part)?.share ?? 0;
  const parts = Object.keys(LEDGER_ROWS).filter((part) =>
    Object.values(ledgers).some((ledger) => Math.abs(shareOf(ledger, part)) >= 0.0005),
  );
  return {
    kind: 'bars',
    title: 'Where the time went',
    x: { label: '% of threads x makespan' },
    parts,
    bars: Object.entries(ledgers).map(([name, ledger]) => ({
      name,
      values: parts.map((part) => 100 * shareOf(ledger, part)),
    })),
  };
}

function lines(title: string, x: Axis, y: Axis, series: readonly Series[]): LineChart {
  return { kind: 'lines', title, x, y, series };
}

function log(label: string): Axis {
  return { label, log: true };
}

function workersOf(stages: Stages<AtWorkers>): number[] {
  const all = Object.values(stages).flatMap((points) => points.map(({ workers }) => workers));
  return [...new Set([1, ...all])].sort((a, b) => a - b);
}

function measured<T>(stages: Stages<T>, of: (found: T) => readonly [x: number, y: Range]): Series[] {
  const pointOf = (found: T): Point => {
    const [x, { median, low, high }] = of(found);
    return { x, y: median, low, high };
  };
  return Object.entries(stages).map(([name, all]) => ({ name, points: all.map(pointOf) }));
}

function curve(name: string, xs: readonly number[], law: (x: number) => number): Series {
  return { name, curve: true, points: xs.map((x) => ({ x, y: law(x) })) };
}

/** The chart's numbers as rows of text, the first with the columns' names. Curves are left out: they are computed. Of a stack, the highest. */
export function tableOf(chart: Chart): string[][] {
  if (chart.kind === 'bars') {
    const rows = chart.bars.map(({ name, values }) => [name, ...values.map((value) => percent(value / 100))]);
    return [['', ...chart.parts], ...rows];
  }
  const series = chart.series.filter(({ curve }) => !curve);
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const cell = ({ points }: Series, at: number) => {
    const { y, low = y, high = y } = points.findLast(({ x }) => x === at) ?? { y: undefined };
    if (y === undefined || low === undefined || high === undefined) return '-';
    return low === high ? short(y) : `${short(y)} (${short(low)} to ${short(high)})`;
  };
  return [
    [chart.x.label, ...series.map(({ name }) => name)],
    ...xs.map((x) => [short(x), ...series.map((one) => cell(one, x))]),
  ];
}
