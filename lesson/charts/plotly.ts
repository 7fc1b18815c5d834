// A chart for notebooks: alive by plotly where scripts run, the static picture elsewhere, and its table. Needs Node.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { InvalidArgumentError } from '../../lib/errors.js';
import { tableOf, type Axis, type BarChart, type Chart, type Series } from './charts.js';
import { htmlTable } from './html.js';
import { COLOURS, pictureOf } from './svg.js';

let charts = 0;

/**
 * One piece of HTML that needs nothing else: show it with tslab.display.html. It contains plotly (1.2 MB), so it is alive
 * too if the notebook is opened again or exported. An untrusted notebook shows the picture.
 * @throws InvalidArgumentError if the plotly package is not installed
 */
export function plotlyHtml(chart: Chart): string {
  const id = `lola-chart-${Date.now().toString(36)}-${charts++}`;
  const figure = JSON.stringify(figureOf(chart)).replaceAll('<', '\\u003c');
  return `<div id="${id}">${pictureOf(chart)}</div>
${htmlTable(tableOf(chart))}
<script>if (!window.Plotly) {\n${plotlyBundle()}\n}
{
  const place = document.getElementById('${id}');
  const { data, layout } = ${figure};
  if (window.Plotly && place) {
    place.replaceChildren();
    window.Plotly.newPlot(place, data, layout, { displaylogo: false, responsive: true });
  }
}</script>`;
}

function plotlyBundle(): string {
  try {
    return readFileSync(createRequire(import.meta.url).resolve('plotly.js'), 'utf8');
  } catch {
    throw new InvalidArgumentError('plotlyHtml: the package plotly.js cannot be read. Run npm ci.');
  }
}

/** The chart in plotly's own terms. */
export function figureOf(chart: Chart): { readonly data: readonly object[]; readonly layout: object } {
  const layout = {
    title: { text: chart.title },
    xaxis: axisOf(chart.x),
    colorway: COLOURS,
    height: 420,
    legend: { orientation: 'h', y: -0.25 },
  };
  return chart.kind === 'lines'
    ? { data: chart.series.map(traceOf), layout: { ...layout, yaxis: axisOf(chart.y) } }
    : {
        data: barsOf(chart),
        layout: { ...layout, barmode: 'relative', yaxis: { autorange: 'reversed', automargin: true } },
      };
}

function axisOf({ label, log, ticks }: Axis): object {
  return {
    title: { text: label },
    type: log ? 'log' : 'linear',
    ...(ticks && { tickvals: ticks }),
    ...(log ? { dtick: 1, exponentformat: 'e' } : { rangemode: 'tozero' }),
  };
}

function barsOf({ parts, bars }: BarChart): object[] {
  const y = bars.map(({ name }) => name);
  return parts.map((name, part) => {
    return { type: 'bar', orientation: 'h', name, y, x: bars.map(({ values }) => values[part]) };
  });
}

function traceOf({ name, curve, dots, points }: Series): object {
  const range = {
    type: 'data',
    symmetric: false,
    array: points.map(({ y, high = y }) => high - y),
    arrayminus: points.map(({ y, low = y }) => y - low),
  };
  return {
    type: 'scatter',
    name,
    mode: curve ? 'lines' : dots ? 'markers' : 'lines+markers',
    line: { dash: curve ? 'dash' : 'solid' },
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    ...(points.some(({ low }) => low !== undefined) && { error_y: range }),
  };
}
