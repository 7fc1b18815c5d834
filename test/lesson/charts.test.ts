import { describe, expect, test } from 'vitest';
import {
  chunkChart,
  crossoverChart,
  efficiencyChart,
  errorChart,
  ledgerChart,
  speedUpChart,
  tableOf,
  type Chart,
} from '../../lesson/charts/charts.js';
import { htmlTable } from '../../lesson/charts/html.js';
import { figureOf, plotlyHtml } from '../../lesson/charts/plotly.js';
import { short, type Ledger } from '../../tools/measure/index.js';
import { svgOf } from '../../lesson/charts/svg.js';

const range = (median: number) => ({ median, low: median * 0.9, high: median * 1.2 });
const pool = [1, 2, 4].map((workers) => ({ workers, speedUp: range(workers * 0.9) }));
const ledger: Ledger = {
  threads: 2,
  makespanSeconds: 1,
  rows: [
    { name: 'start-up', seconds: 0.2, share: 0.1 },
    { name: 'compute', seconds: 1.9, share: 0.95 },
    { name: 'cores slowed', seconds: -0.1, share: -0.05 },
    { name: 'tail', seconds: 0, share: 0 },
  ],
};
const charts: { readonly [name: string]: Chart } = {
  'speed-up': speedUpChart({ pool, '<chunked & co>': pool }, 0.1),
  efficiency: efficiencyChart({ pool }),
  crossover: crossoverChart({
    serial: [
      { samples: 1e4, seconds: range(1e-4) },
      { samples: 1e9, seconds: range(4) },
    ],
  }),
  error: errorChart([
    { samples: 1e3, pi: 3.1 },
    { samples: 1e6, pi: Math.PI },
  ]),
  ledger: ledgerChart({ 'pool, 2 workers': ledger }),
  chunks: chunkChart({
    pool: [
      { chunk: 1e3, seconds: range(9) },
      { chunk: 1e6, seconds: range(2) },
    ],
  }),
};

/** The tags of a text, each closed in its turn. */
const unclosed = (markup: string): string[] => {
  const open: string[] = [];
  for (const [, slash, name, self] of markup.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (slash) expect(open.pop()).toBe(name);
    else if (!self) open.push(name);
  }
  return open;
};

describe.each(Object.entries(charts))('the chart %s', (_, chart) => {
  test('is drawn as one SVG that is closed, named, and has a number for every place', () => {
    const svg = svgOf(chart);
    expect(unclosed(svg)).toEqual([]);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*role="img".*<title>[^<]+<\/title>/);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('stays within its frame', () => {
    const svg = svgOf(chart);
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
    for (const [, x, y] of svg.matchAll(/<circle cx="([^"]+)" cy="([^"]+)"/g)) {
      expect(Number(x)).toBeGreaterThan(0);
      expect(Number(x)).toBeLessThan(width);
      expect(Number(y)).toBeGreaterThan(40);
      expect(Number(y)).toBeLessThan(height);
    }
  });

  test('as HTML it holds the picture, the table and plotly, and asks for nothing from elsewhere', () => {
    const html = plotlyHtml(chart);
    const ours = html.slice(0, html.indexOf('<script>')) + html.slice(html.lastIndexOf('const place'));
    expect(ours).toContain('<img alt="');
    expect(ours).toContain('src="data:image/svg+xml;base64,');
    expect(ours).toContain(htmlTable(tableOf(chart)));
    expect(ours).not.toMatch(/(src|href)="http/);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    expect(html).toContain('window.Plotly = Plotly');
    const { data } = figureOf(chart);
    expect(data).toHaveLength(chart.kind === 'bars' ? chart.parts.length : chart.series.length);
  });
});

test('every measured point is drawn, and an error of exactly 0 has no place on a logarithm', () => {
  expect(svgOf(charts['speed-up']).match(/<circle/g)).toHaveLength(6);
  expect(svgOf(charts.error).match(/<circle/g)).toHaveLength(1);
});

test('an axis has its name beside the plot, however many machines the legend names above it', () => {
  const machines = Array.from({ length: 30 }, (_, i) => [`machine ${i}`, pool]);
  const svg = svgOf(speedUpChart(Object.fromEntries(machines) as Record<string, typeof pool>));
  const [, middle] = /rotate\(-90\)" x="-([\d.]+)"/.exec(svg)!.map(Number);
  const lines = Array.from(svg.matchAll(/M76 ([\d.]+)H660/g), ([, y]) => Number(y));
  expect(middle).toBeCloseTo((Math.min(...lines) + Math.max(...lines)) / 2, 6);
});

test('names are escaped', () => {
  expect(svgOf(charts['speed-up'])).toContain('&lt;chunked &amp; co&gt;');
  expect(plotlyHtml(charts['speed-up'])).not.toContain('<chunked');
});

test('the ledger chart leaves out causes that took nothing, and keeps one below zero', () => {
  expect(tableOf(charts.ledger)).toEqual([
    ['', 'start-up', 'compute', 'cores slowed'],
    ['pool, 2 workers', '10.0 %', '95.0 %', '-5.0 %'],
  ]);
});

test('tables have a row for each place and the range beside the median', () => {
  expect(tableOf(charts.efficiency)).toEqual([
    ['workers', 'pool'],
    ['1', '0.9 (0.81 to 1.08)'],
    ['2', '0.9 (0.81 to 1.08)'],
    ['4', '0.9 (0.81 to 1.08)'],
  ]);
});

test('a table of stacked dots says how high each stack is', () => {
  const points = [2, 3, 3, 3].map((x, i) => ({ x, y: Math.max(1, i) }));
  const series = [{ name: '4 predictions', dots: true, points }];
  const chart: Chart = {
    kind: 'lines',
    title: 'spread',
    x: { label: 'share' },
    y: { label: 'people' },
    series,
  };
  expect(tableOf(chart)).toEqual([
    ['share', '4 predictions'],
    ['2', '1'],
    ['3', '3'],
  ]);
});

test('short: three digits, powers where they help', () => {
  expect([0, 0.0123456, 12.345, 999.9, 1e4, 1.2345e6, 4.9e-5, -5].map(short)).toEqual([
    '0',
    '0.0123',
    '12.3',
    '1000',
    '1e4',
    '1.23e6',
    '4.9e-5',
    '-5',
  ]);
});

test('several estimates at one size are dots, which no line joins', () => {
  const [estimates, law] = figureOf(charts.error).data as readonly { readonly mode: string }[];
  expect([estimates.mode, law.mode]).toEqual(['markers', 'lines']);
  expect(svgOf(charts.error).match(/<path [^>]*fill="none" stroke-width="2"/g)).toBeNull();
  expect(svgOf(charts.efficiency).match(/<path [^>]*fill="none" stroke-width="2"/g)).toHaveLength(1);
});
