/// <reference lib="dom" />
// The two charts that plotly draws: queue and rate over time, speed-up over threads with Amdahl's curve.
import type { Picture } from '../picture.js';
import type { Palette } from './stream.js';
import { rates } from './words.js';

/** What this page uses of plotly. */
interface Plotly {
  react(element: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
}
declare global {
  interface Window {
    Plotly?: Plotly;
  }
}

const CONFIG = { displayModeBar: false };

/** Draws both, once plotly is there. */
export function drawCharts(
  queue: HTMLElement,
  speedUp: HTMLElement,
  picture: Picture,
  palette: Palette,
): void {
  if (!window.Plotly) return;
  drawQueue(window.Plotly, queue, picture, palette);
  drawSpeedUp(window.Plotly, speedUp, picture, palette);
}

function drawQueue(
  plotly: Plotly,
  element: HTMLElement,
  { samples, start }: Picture,
  palette: Palette,
): void {
  const x = samples.map(({ time }) => (time - start) / 1000);
  const line = (name: string, y: readonly number[], color: string, dash: string, yaxis: string) => ({
    ...{ name, x, y, yaxis, type: 'scatter', mode: 'lines' },
    line: { color: palette(color), width: 2.5, dash },
  });
  const data = [
    line(
      'waiting',
      samples.map(({ waiting }) => waiting),
      'task',
      'solid',
      'y',
    ),
    line('tasks a second', rates(samples), 'failed', 'dash', 'y2'),
  ];
  const layout = layoutOf(element, palette, 's since the start', 'tasks waiting');
  const right = {
    ...axis(palette, 'tasks a second'),
    ...{ overlaying: 'y', side: 'right', showgrid: false, tickmode: 'auto', nticks: 5 },
    range: [0, 1.05 * Math.max(1, ...rates(samples))],
  };
  void plotly.react(element, data, { ...layout, yaxis2: right }, CONFIG);
}

function drawSpeedUp(plotly: Plotly, element: HTMLElement, { lesson }: Picture, palette: Palette): void {
  const { points, amdahl, threads } = lesson;
  const most = Math.max(
    4,
    threads,
    ...amdahl.map((point) => point.threads),
    ...points.map((point) => point.threads),
  );
  const earlier = points.filter(({ run }) => run !== lesson.run);
  const current = points.filter(({ run }) => run === lesson.run);
  const dots = (name: string, of: typeof points, symbol: string, color: string) => ({
    ...{
      name,
      x: of.map((point) => point.threads),
      y: of.map((point) => point.speedUp),
      type: 'scatter',
      mode: 'markers',
    },
    marker: { color: palette(color), size: 11, symbol },
  });
  const line = (
    name: string,
    of: readonly { threads: number; speedUp: number }[],
    dash: string,
    color: string,
  ) => ({
    ...{
      name,
      x: of.map((point) => point.threads),
      y: of.map((point) => point.speedUp),
      type: 'scatter',
      mode: 'lines',
    },
    line: { color: palette(color), width: 2, dash },
  });
  const ideal = [1, most].map((p) => ({ threads: p, speedUp: p }));
  const data = [line('ideal', ideal, 'dot', 'quiet'), line('Amdahl', amdahl, 'solid', 'done')];
  data.push(
    dots('this run', current, 'circle', 'task') as never,
    dots('earlier runs', earlier, 'diamond-open', 'failed') as never,
  );
  const layout = layoutOf(element, palette, 'threads P', 'speed-up');
  const whole = { ...axis(palette, 'threads P'), ...(most <= 10 ? { dtick: 1 } : {}) };
  void plotly.react(element, data, { ...layout, xaxis: whole }, CONFIG);
}

/** As large as its place is now: Plotly itself looks only when the window changes. */
function layoutOf(element: HTMLElement, palette: Palette, x: string, y: string): object {
  return {
    width: element.clientWidth || undefined,
    height: element.clientHeight || undefined,
    margin: { l: 52, r: 52, t: 8, b: 42 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { color: palette('text'), size: document.body.classList.contains('present') ? 15 : 13 },
    legend: { orientation: 'h', y: 1.02, yanchor: 'bottom' },
    xaxis: axis(palette, x),
    yaxis: axis(palette, y),
  };
}

function axis(palette: Palette, text: string): object {
  return {
    title: { text, standoff: 6 },
    rangemode: 'tozero',
    gridcolor: palette('line'),
    zerolinecolor: palette('line'),
    automargin: true,
  };
}
