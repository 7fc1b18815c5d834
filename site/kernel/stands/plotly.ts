// In a page, a chart is its picture with the figure beside it: the page draws it with plotly when it comes into view.
import { tableOf, type Chart } from '../../../dist/lesson/charts/charts.js';
import { escaped, htmlTable } from '../../../dist/lesson/charts/html.js';
import { figureOf } from '../../../dist/lesson/charts/plotly.js';
import { pictureOf } from '../../../dist/lesson/charts/svg.js';

export { figureOf };

/** One piece of HTML, as in a notebook. */
export function plotlyHtml(chart: Chart): string {
  const figure = escaped(JSON.stringify(figureOf(chart)));
  return `<div class="chart" data-figure="${figure}">${pictureOf(chart)}</div>\n${htmlTable(tableOf(chart))}`;
}
