// Races as charts and HTML: the page of a race, and the page of the board.
import {
  crossoverChart,
  efficiencyChart,
  errorChart,
  escaped,
  htmlTable,
  pictureOf,
  speedUpChart,
  type Chart,
} from '../../lesson/charts/index.js';
import { piOf } from '../../lib/sampling/index.js';
import { bestOf, boardTables, groupsOf, namesOf, type BoardEntry } from '../measure/board.js';
import { short } from '../measure/text.js';
import {
  findingsOf,
  rowsOf,
  speedUpsOf,
  tableOfRace,
  type AtWorkers,
  type RaceRow,
} from '../measure/race.js';
import type { RaceResult } from '../measure/race-file.js';

/** A race as a standalone page: findings, with or without laws, a table and charts. */
export function racePage(result: RaceResult, laws: boolean): string {
  return pageOf("Lola's pi: a race", findingsOf(result, laws), [tableOfRace(result)], raceCharts(result));
}

/** The charts that the runs give something to show for. */
export function raceCharts(result: RaceResult): Chart[] {
  const rows = rowsOf(result).filter(({ seconds }) => !Number.isNaN(seconds.median));
  const racers: { [name: string]: RaceRow[] } = {};
  for (const row of rows) (racers[`${row.stage}, ${row.workers}`] ??= []).push(row);
  const speedUps = speedUpsOf(result);
  const parallel = Object.values(speedUps).some((points) => points.some(({ workers }) => workers > 1));
  const estimates = new Map(rows.map(({ samples, inside }) => [samples, piOf(inside, samples)]));
  const errors = Array.from(estimates, ([samples, pi]) => ({ samples, pi }));
  return [
    ...(parallel ? [speedUpChart(speedUps), efficiencyChart(speedUps)] : []),
    ...(errors.length > 1 ? [crossoverChart(racers), errorChart(errors)] : []),
  ];
}

/** The board as a standalone page. */
export function boardPage(entries: readonly BoardEntry[]): string {
  return pageOf("Lola's pi: the board", [], boardTables(entries), boardCharts(entries));
}

/** For each number of samples, everybody's speed-ups of the best stage, and predictions against what was measured. */
export function boardCharts(entries: readonly BoardEntry[]): Chart[] {
  const groups = groupsOf(entries);
  return groups.flatMap(([samples, group]) => {
    const of = groups.length === 1 ? '' : `; ${short(samples)} samples`;
    return chartsOf(group).map((chart) => ({ ...chart, title: chart.title + of }));
  });
}

function chartsOf(entries: readonly BoardEntry[]): Chart[] {
  const lines: { [name: string]: readonly AtWorkers[] } = {};
  const predicted: { name: string; points: { x: number; y: number }[] }[] = [];
  const names = namesOf(entries);
  for (const [i, entry] of entries.entries()) {
    const { stage, points, prediction: x } = entry;
    const best = bestOf(entry);
    if (!best) continue;
    lines[`${names[i]}: ${stage}`] = points;
    if (x !== undefined) predicted.push({ name: names[i], points: [{ x, y: best.speedUp.median }] });
  }
  const most = Math.max(...predicted.flatMap(({ points: [{ x, y }] }) => [x, y]));
  const asPredicted = { name: 'as predicted', curve: true, points: [0, most].map((x) => ({ x, y: x })) };
  const predictions: Chart = {
    kind: 'lines',
    title: 'Predicted and measured: on the line, the prediction came true',
    x: { label: 'predicted best speed-up' },
    y: { label: 'measured best speed-up' },
    series: [...predicted, asPredicted],
  };
  return [
    ...(Object.keys(lines).length > 0 ? [speedUpChart(lines)] : []),
    ...(predicted.length > 0 ? [predictions] : []),
  ];
}

/** A page without scripts and without anything from elsewhere. */
function pageOf(
  title: string,
  lines: readonly string[],
  tables: readonly string[][][],
  charts: readonly Chart[],
): string {
  const style =
    'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}table{border-collapse:collapse;font-size:14px}th,td{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:right}th:first-child,td:first-child{text-align:left}.scroll{overflow-x:auto}img{max-width:100%}';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${style}</style></head>
<body><main><h1>${title}</h1>
${lines.map((line) => `<p>${escaped(line)}</p>`).join('\n')}
${tables.map((table) => `<div class="scroll" tabindex="0" role="group" aria-label="Table">${htmlTable(table)}</div>`).join('\n')}
<div class="charts">${charts.map(pictureOf).join('\n')}</div>
</main></body></html>
`;
}
