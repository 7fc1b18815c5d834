// A chart for notebooks: alive by plotly where scripts run, the static picture where they do not, and its table.
import { createRequire } from 'node:module';
import { readText } from '../../lib/cores.mjs';
import { InvalidArgumentError } from '../../lib/errors.js';
import { escaped, tableOf, type Chart } from './charts.js';
import { COLOURS, svgOf } from './svg.js';

let charts = 0;

/**
 * One piece of HTML that needs nothing else: show it with tslab.display.html. It brings plotly along (1.2 MB), so that
 * it is alive too when the notebook is opened again or exported; an untrusted notebook shows the picture.
 * @throws InvalidArgumentError where the plotly package is not installed
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

/** The static picture as an image, which also survives where inline SVG is taken out. */
export function pictureOf(chart: Chart): string {
  const data = Buffer.from(svgOf(chart)).toString('base64');
  return `<img alt="${escaped(chart.title)}; its numbers are in the table" src="data:image/svg+xml;base64,${data}">`;
}

/** Rows of text as an HTML table; the first row is the head. */
export function htmlTable([head, ...rows]: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`;
}

/** The chart in plotly's own terms. */
export function figureOf(chart: Chart): { readonly data: readonly object[]; readonly layout: object } {
  const axis = ({ label, log, ticks }: Chart['x']) => ({
    title: { text: label },
    type: log ? 'log' : 'linear',
    ...(ticks ? { tickvals: ticks } : {}),
    ...(log ? { dtick: 1, exponentformat: 'e' } : { rangemode: 'tozero' }),
  });
  const layout = {
    title: { text: chart.title },
    xaxis: axis(chart.x),
    colorway: COLOURS,
    height: 420,
    legend: { orientation: 'h', y: -0.25 },
  };
  if (chart.kind === 'bars') {
    const names = chart.bars.map(({ name }) => name);
    const data = chart.parts.map((name, part) => ({
      type: 'bar',
      orientation: 'h',
      name,
      y: names,
      x: chart.bars.map(({ values }) => values[part]),
    }));
    return {
      data,
      layout: { ...layout, barmode: 'relative', yaxis: { autorange: 'reversed', automargin: true } },
    };
  }
  const data = chart.series.map(({ name, curve, dots, points }) => ({
    type: 'scatter',
    name,
    mode: curve ? 'lines' : dots ? 'markers' : 'lines+markers',
    line: { dash: curve ? 'dash' : 'solid' },
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    ...(points.some(({ low }) => low !== undefined)
      ? {
          error_y: {
            type: 'data',
            symmetric: false,
            array: points.map(({ y, high = y }) => high - y),
            arrayminus: points.map(({ y, low = y }) => y - low),
          },
        }
      : {}),
  }));
  return { data, layout: { ...layout, yaxis: axis(chart.y) } };
}

function plotlyBundle(): string {
  const text = readText(createRequire(import.meta.url).resolve('plotly.js'));
  if (text === undefined)
    throw new InvalidArgumentError('plotlyHtml: the package plotly.js cannot be read. Run npm ci.');
  return text;
}
