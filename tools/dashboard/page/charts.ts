/// <reference lib="dom" />
// The two charts that plotly draws: queue and rate over time, speed-up over threads with Amdahl's curve.
import type { Picture } from '../picture.js';
import type { Palette } from './paint.js';
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
type Points = readonly (readonly [number, number])[];

/** Draws both, once plotly is there. */
export function drawCharts(queue: HTMLElement, speedUp: HTMLElement, picture: Picture, palette: Palette) {
  if (!window.Plotly) return;
  drawQueue(window.Plotly, queue, picture, palette);
  drawSpeedUp(window.Plotly, speedUp, picture, palette);
}

function drawQueue(plotly: Plotly, element: HTMLElement, { samples, start }: Picture, palette: Palette) {
  const perSecond = rates(samples);
  const over = (y: readonly number[]): Points => samples.map(({ time }, i) => [(time - start) / 1000, y[i]]);
  const waiting = samples.map(({ waiting }) => waiting);
  const data = [
    curve('waiting', over(waiting), palette('task'), 'solid'),
    { ...curve('tasks a second', over(perSecond), palette('failed'), 'dash'), yaxis: 'y2' },
  ];
  const right = {
    ...axis(palette, 'tasks a second'),
    ...{ overlaying: 'y', side: 'right', showgrid: false, tickmode: 'auto', nticks: 5 },
    range: [0, 1.05 * Math.max(1, ...perSecond)],
  };
  const layout = layoutOf(element, palette, 's since the start', 'tasks waiting');
  void plotly.react(element, data, { ...layout, yaxis2: right }, CONFIG);
}

function drawSpeedUp(plotly: Plotly, element: HTMLElement, { lesson }: Picture, palette: Palette) {
  const { points, amdahl, run } = lesson;
  const most = Math.max(4, lesson.threads, ...[...amdahl, ...points].map(({ threads }) => threads));
  const at = (of: Picture['lesson']['amdahl']): Points =>
    of.map(({ threads, speedUp }) => [threads, speedUp]);
  const [now, earlier] = [true, false].map((own) =>
    at(points.filter((point) => (point.run === run) === own)),
  );
  const ideal = [1, most].map((threads) => [threads, threads] as const);
  const data = [
    curve('ideal', ideal, palette('quiet'), 'dot'),
    curve('Amdahl', at(amdahl), palette('done'), 'solid'),
    dots('this run', now, palette('task'), 'circle'),
    dots('earlier runs', earlier, palette('failed'), 'diamond-open'),
  ];
  const whole = { ...axis(palette, 'threads P'), ...(most <= 10 ? { dtick: 1 } : {}) };
  const layout = { ...layoutOf(element, palette, 'threads P', 'speed-up'), xaxis: whole };
  void plotly.react(element, data, layout, CONFIG);
}

function curve(name: string, points: Points, color: string, dash: string): object {
  return { ...trace(name, points), mode: 'lines', line: { color, width: 2.5, dash } };
}

function dots(name: string, points: Points, color: string, symbol: string): object {
  return { ...trace(name, points), mode: 'markers', marker: { color, size: 11, symbol } };
}

function trace(name: string, points: Points): object {
  return { name, x: points.map(([x]) => x), y: points.map(([, y]) => y), type: 'scatter' };
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
  const [gridcolor, zerolinecolor] = [palette('line'), palette('line')];
  return { title: { text, standoff: 6 }, rangemode: 'tozero', gridcolor, zerolinecolor, automargin: true };
}
