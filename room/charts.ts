// Everybody's answers as charts: the spread of a prediction, and the speed-ups of all machines.
import { efficiencyChart, speedUpChart, type Chart } from '../lesson/charts/index.js';
import { groupsOf, namesOf } from '../tools/measure/board.js';
import { karpFlatt, range, short } from '../tools/measure/index.js';
import type { Timing } from './answer.js';
import { counted } from './page/words.js';

const BINS = 20;
/** Numbers of samples that have charts of their own: those that most machines have run. */
const MOST_GROUPS = 4;

/** One dot for each person, stacked where predictions are about equal. Those far off stand at the edge, and are counted. */
export function spreadChart(name: string, values: readonly number[]): Chart {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.round(0.75 * (sorted.length - 1));
  const [q1, q3] = [sorted[sorted.length - 1 - upper], sorted[upper]];
  const reach = 3 * (q3 - q1) || Math.abs(q1) || 1;
  const [low, high] = [Math.max(sorted[0], q1 - reach), Math.min(sorted[sorted.length - 1], q3 + reach)];
  const beyond = values.filter((value) => value < low || value > high).length;
  const width = (high - low) / BINS || 1;
  const heights = new Map<number, number>();
  const points = values.map((value) => {
    const bin = Math.min(BINS, Math.round((Math.max(low, value) - low) / width));
    heights.set(bin, (heights.get(bin) ?? 0) + 1);
    return { x: low + bin * width, y: heights.get(bin)! };
  });
  const text = `${counted(values.length, 'prediction')}${beyond === 0 ? '' : `, ${beyond} of them beyond the edges`}`;
  const series = [{ name: text, dots: true, points }];
  const most = Math.max(0, ...heights.values());
  const y = { label: 'people', ...(most < 7 && { ticks: [...Array(most + 1).keys()] }) }; // no part of a person
  return { kind: 'lines', title: `Predicted: ${name}`, x: { label: name }, y, series };
}

/** For each number of samples, speed-up and efficiency of every machine, and Amdahl's curve through their middle. */
export function timingCharts(timings: readonly Timing[]): Chart[] {
  const groups = groupsOf(timings).slice(0, MOST_GROUPS);
  return groups.flatMap(([samples, group]) => {
    const names = namesOf(group);
    const lines = Object.fromEntries(
      group.map(({ stage, cores, points }, i) => [`${names[i]}: ${stage}, ${cores} cores`, points]),
    );
    const of = `; ${short(samples)} samples`;
    const charts = [speedUpChart(lines, serialPartOfAll(group)), efficiencyChart(lines)];
    return charts.map((chart) => ({ ...chart, title: chart.title + of }));
  });
}

/** The median of the serial parts that explain each machine's speed-ups, overhead included; from 0. One below 1 has none. */
export function serialPartOfAll(timings: readonly Timing[]): number | undefined {
  const parts = timings.flatMap(({ points }) =>
    points
      .filter(({ workers, speedUp }) => workers > 1 && speedUp.median >= 1)
      .map(({ workers, speedUp }) => karpFlatt(speedUp.median, workers)),
  );
  return parts.length === 0 ? undefined : Math.max(0, range(parts).median);
}
