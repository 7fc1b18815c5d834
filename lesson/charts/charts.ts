// The lesson's charts as plain data: what each compares, and the same numbers as a table. Drawn by svg.ts and plotly.ts.
import { LEDGER_ROWS, type Ledger } from '../../tools/measure/ledger.js';
import { amdahl, standardErrorOfPi, type Range } from '../../tools/measure/laws.js';
import type { AtWorkers } from '../../tools/measure/race.js';
import { short } from '../../tools/measure/text.js';

export { short };

/** Points and curves over two axes. */
export interface LineChart {
  readonly kind: 'lines';
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** An axis: its label with the unit; `log` for powers of ten, `ticks` where only certain values make sense. */
export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  readonly ticks?: readonly number[];
}

/** Measured points, with their range where runs were repeated and a line from one to the next unless they are `dots`; or a
 * curve that is computed. */
export interface Series {
  readonly name: string;
  readonly curve?: boolean;
  readonly dots?: boolean;
  readonly points: readonly Point[];
}
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

/** Measured speed-up of some stages, the ideal, and Amdahl's curve where a serial part is known. */
export function speedUpChart(
  stages: { readonly [name: string]: readonly AtWorkers[] },
  serial?: number,
): LineChart {
  const workers = workersOf(stages);
  const upTo = Array.from({ length: 60 }, (_, i) => 1 + (i / 59) * (Math.max(...workers) - 1));
  const curve = (name: string, law: (workers: number) => number): Series => ({
    name,
    curve: true,
    points: upTo.map((x) => ({ x, y: law(x) })),
  });
  const amdahls =
    serial === undefined
      ? []
      : [curve(`Amdahl, serial part ${(100 * serial).toFixed(1)} %`, (p) => amdahl(1 - serial, p))];
  return {
    kind: 'lines',
    title: 'Speed-up: how many times as fast as one worker',
    x: { label: 'workers', ticks: workers },
    y: { label: 'speed-up' },
    series: [...measured(stages, ({ speedUp }) => speedUp), curve('ideal', (p) => p), ...amdahls],
  };
}

/** The share of each worker's time that pays: speed-up / workers. */
export function efficiencyChart(stages: { readonly [name: string]: readonly AtWorkers[] }): LineChart {
  const per = ({ workers, speedUp }: AtWorkers) => ({
    median: speedUp.median / workers,
    low: speedUp.low / workers,
    high: speedUp.high / workers,
  });
  const workers = workersOf(stages);
  const ideal = {
    name: 'ideal',
    curve: true,
    points: [workers[0], workers[workers.length - 1]].map((x) => ({ x, y: 1 })),
  };
  return {
    kind: 'lines',
    title: 'Efficiency: speed-up for each worker',
    x: { label: 'workers', ticks: workers },
    y: { label: 'efficiency' },
    series: [...measured(stages, per), ideal],
  };
}

function workersOf(stages: { readonly [name: string]: readonly AtWorkers[] }): number[] {
  return [
    ...new Set([1, ...Object.values(stages).flatMap((points) => points.map(({ workers }) => workers))]),
  ].sort((a, b) => a - b);
}

function measured(
  stages: { readonly [name: string]: readonly AtWorkers[] },
  of: (point: AtWorkers) => Range,
): Series[] {
  return Object.entries(stages).map(([name, points]) => ({
    name,
    points: points.map((point) => ({
      x: point.workers,
      y: of(point).median,
      low: of(point).low,
      high: of(point).high,
    })),
  }));
}

/** Seconds over the number of samples, for each stage: where the lines cross, more workers begin to pay. */
export function crossoverChart(stages: {
  readonly [name: string]: readonly { readonly samples: number; readonly seconds: Range }[];
}): LineChart {
  return {
    kind: 'lines',
    title: 'Time over samples: where the stages cross',
    x: { label: 'samples', log: true },
    y: { label: 'seconds', log: true },
    series: Object.entries(stages).map(([name, points]) => ({
      name,
      points: points.map(({ samples, seconds: { median, low, high } }) => ({
        x: samples,
        y: median,
        low,
        high,
      })),
    })),
  };
}

/** How far estimates are off, against the law of 1 / sqrt(samples). */
export function errorChart(
  estimates: readonly { readonly samples: number; readonly pi: number }[],
): LineChart {
  const sizes = estimates.map(({ samples }) => samples);
  const ends = [Math.min(...sizes), Math.max(...sizes)];
  return {
    kind: 'lines',
    title: 'Error of pi by the number of samples',
    x: { label: 'samples', log: true },
    y: { label: 'distance from pi', log: true },
    series: [
      {
        name: 'estimates',
        dots: true, // several at one size: chance alone moves them, so no line joins them
        points: estimates.map(({ samples, pi }) => ({ x: samples, y: Math.abs(pi - Math.PI) })),
      },
      { name: 'standard error', curve: true, points: ends.map((x) => ({ x, y: standardErrorOfPi(x) })) },
    ],
  };
}

/** Where the time of each run went, in per cent of threads x makespan. */
export function ledgerChart(ledgers: { readonly [run: string]: Ledger }): BarChart {
  const parts = Object.keys(LEDGER_ROWS).filter((name) =>
    Object.values(ledgers).some(({ rows }) =>
      rows.some((row) => row.name === name && Math.abs(row.share) >= 0.0005),
    ),
  );
  return {
    kind: 'bars',
    title: 'Where the time went',
    x: { label: '% of threads x makespan' },
    parts,
    bars: Object.entries(ledgers).map(([name, { rows }]) => ({
      name,
      values: parts.map((part) => 100 * (rows.find((row) => row.name === part)?.share ?? 0)),
    })),
  };
}

/** Seconds over the size of a chunk: too small costs messages, too large leaves threads idle. */
export function chunkChart(runs: {
  readonly [name: string]: readonly { readonly chunk: number; readonly seconds: Range }[];
}): LineChart {
  return {
    kind: 'lines',
    title: 'Time over the size of a chunk',
    x: { label: 'samples in a chunk', log: true },
    y: { label: 'seconds', log: true },
    series: Object.entries(runs).map(([name, points]) => ({
      name,
      points: points.map(({ chunk, seconds: { median, low, high } }) => ({ x: chunk, y: median, low, high })),
    })),
  };
}

/** The chart's numbers as rows of text, the first with the columns' names. Curves are left out: they are computed. */
export function tableOf(chart: Chart): string[][] {
  if (chart.kind === 'bars') {
    return [
      ['', ...chart.parts],
      ...chart.bars.map(({ name, values }) => [name, ...values.map((value) => `${value.toFixed(1)} %`)]),
    ];
  }
  const series = chart.series.filter(({ curve }) => !curve);
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const cell = ({ points }: Series, at: number) => {
    const found = points.find(({ x }) => x === at);
    if (!found) return '-';
    const { y, low, high } = found;
    return low === undefined || high === undefined || low === high
      ? short(y)
      : `${short(y)} (${short(low)} to ${short(high)})`;
  };
  return [
    [chart.x.label, ...series.map(({ name }) => name)],
    ...xs.map((x) => [short(x), ...series.map((one) => cell(one, x))]),
  ];
}

/** Text as it may stand in HTML and SVG. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
