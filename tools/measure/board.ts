// The board: what a room predicted, and what its machines did.
import { short, speedUpChart, type AtWorkers, type Chart } from '../../lesson/charts/charts.js';
import { speedUpsOf, type RaceResult } from './race.js';

/** A person's best measured speed-up, of whichever stage; undefined where the machine could show none. */
function bestOf(result: RaceResult): (AtWorkers & { readonly stage: string }) | undefined {
  const all = Object.entries(speedUpsOf(result)).flatMap(([stage, points]) =>
    points.map((point) => ({ ...point, stage })),
  );
  const parallel = all.filter(({ workers }) => workers > 1);
  return parallel.sort((a, b) => b.speedUp.median - a.speedUp.median)[0];
}

/** Names as the board shows them: two people of one nickname stay two. */
function namesOf(results: readonly RaceResult[]): string[] {
  const seen = new Map<string, number>();
  return results.map(({ nickname = 'somebody' }) => {
    const count = (seen.get(nickname) ?? 0) + 1;
    seen.set(nickname, count);
    return count === 1 ? nickname : `${nickname} (${count})`;
  });
}

/** A row a person; the first is the head. */
export function boardTable(results: readonly RaceResult[]): string[][] {
  const names = namesOf(results);
  const rows = results.map((result, i) => {
    const best = bestOf(result);
    return [
      names[i],
      result.machine.cpu,
      String(result.machine.coresAllotted),
      result.prediction === undefined ? '-' : short(result.prediction),
      best ? short(best.speedUp.median) : 'not measurable there',
      best ? `${best.stage}, ${best.workers}` : '-',
    ];
  });
  return [['nickname', 'processor', 'cores', 'predicted', 'best speed-up', 'by'], ...rows];
}

/** Everybody's speed-ups of the best stage, and predictions against what came. */
export function boardCharts(results: readonly RaceResult[]): Chart[] {
  const names = namesOf(results);
  const lines: { [name: string]: readonly AtWorkers[] } = {};
  const points: { readonly name: string; readonly x: number; readonly y: number }[] = [];
  for (const [i, result] of results.entries()) {
    const best = bestOf(result);
    if (!best) continue;
    lines[`${names[i]}: ${best.stage}`] = speedUpsOf(result)[best.stage];
    if (result.prediction !== undefined)
      points.push({ name: names[i], x: result.prediction, y: best.speedUp.median });
  }
  const most = Math.max(...points.flatMap(({ x, y }) => [x, y]));
  const foretold: Chart = {
    kind: 'lines',
    title: 'Predicted and measured: on the line, the prediction came true',
    x: { label: 'predicted best speed-up' },
    y: { label: 'measured best speed-up' },
    series: [
      ...points.map(({ name, x, y }) => ({ name, points: [{ x, y }] })),
      { name: 'as predicted', curve: true, points: [0, most].map((x) => ({ x, y: x })) },
    ],
  };
  return [
    ...(Object.keys(lines).length > 0 ? [speedUpChart(lines)] : []),
    ...(points.length > 0 ? [foretold] : []),
  ];
}
