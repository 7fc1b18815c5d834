// Draws a chart as static SVG: the picture that every viewer shows, even if scripts may not run.
import { short } from '../../tools/measure/index.js';
import type { Axis, BarChart, Chart, LineChart, Point, Series } from './charts.js';
import { escaped } from './html.js';

/** Colours that stay apart for colour-blind eyes (M. Okabe and K. Ito, Color universal design, 2008). */
export const COLOURS = '#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #7f7f7f #000000 #c8b400'.split(' ');
const WIDTH = 680;
const [LEFT, RIGHT, TOP] = [76, 660, 72];
/** Heights of a row of the legend, of a chart of lines, the least of its plot, and of a bar with its gap. */
const [LINE, BOTTOM, LEAST, BAR] = [18, 360, 200, 34];

/** The picture as an image, which also survives if inline SVG is taken out. */
export function pictureOf(chart: Chart): string {
  const bytes = new TextEncoder().encode(svgOf(chart));
  const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return `<img alt="${escaped(chart.title)}; its numbers are in the table" src="data:image/svg+xml;base64,${data}">`;
}

/** The chart as one SVG element, with its own background, 680 wide. */
export function svgOf(chart: Chart): string {
  return chart.kind === 'lines' ? lines(chart) : bars(chart);
}

function lines({ title, x, y, series }: LineChart): string {
  // A logarithm has no place for 0.
  const isShown = (point: Point) =>
    Number.isFinite(point.y) && (!x.log || point.x > 0) && (!y.log || point.y > 0);
  const shown = series.map((one) => ({ ...one, points: one.points.filter(isShown) }));
  const points = shown.flatMap((one) => one.points);
  const keys = shown.map(({ name, curve }) => ({ name, dashed: curve }));
  const top = TOP + LINE * rowsOf(keys);
  const bottom = Math.max(BOTTOM, top + LEAST);
  const xs = points.map((point) => point.x);
  const ys = points.flatMap(({ y, low = y, high = y }) => [y, low, high]);
  const [across, up] = [scale(x, xs, LEFT, RIGHT), scale(y, ys, bottom, top)];
  return picture(title, bottom + 60, keys, [
    ...across.ticks.map((tick) => path(`M${across.at(tick)} ${bottom}v6`, '#444')),
    ...across.ticks.map((tick) => text(across.at(tick), bottom + 22, short(tick))),
    ...up.ticks.map((tick) => path(`M${LEFT} ${up.at(tick)}H${RIGHT}`, '#ddd')),
    ...up.ticks.map((tick) => text(LEFT - 8, Number(up.at(tick)) + 4, short(tick), 'end')),
    path(`M${LEFT} ${bottom}H${RIGHT}`, '#444'),
    text((LEFT + RIGHT) / 2, bottom + 46, x.label),
    `<text transform="rotate(-90)" x="${-(top + bottom) / 2}" y="20" text-anchor="middle">${escaped(y.label)}</text>`,
    ...shown.map((one, i) => drawn(one, colourOf(i), across, up)),
  ]);
}

/** One series: its line, unless it is dots, and its points with their ranges, unless it is a curve. */
function drawn({ points, curve, dots }: Series, colour: string, across: Scale, up: Scale): string {
  const line = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${across.at(x)} ${up.at(y)}`).join('');
  if (curve) return path(line, colour, 'fill="none" stroke-width="1.5" stroke-dasharray="6 4"');
  const marks = points.map(({ x, y, low = y, high = y }) => {
    const range = path(`M${across.at(x)} ${up.at(low)}V${up.at(high)}`, colour, 'stroke-width="1.5"');
    const dot = `<circle cx="${across.at(x)}" cy="${up.at(y)}" r="4" fill="${colour}"/>`;
    return low < high ? range + dot : dot;
  });
  return (dots ? '' : path(line, colour, 'fill="none" stroke-width="2"')) + marks.join('');
}

/** Parts below 0 are to the left of it: nothing is hidden. */
function bars({ title, x, parts, bars: all }: BarChart): string {
  const keys = parts.map((name) => ({ name }));
  const first = TOP + LINE * rowsOf(keys);
  const bottom = first + BAR * all.length + 4;
  const left = 24 + 7.2 * Math.max(...all.map(({ name }) => name.length), 4);
  const sum = (values: readonly number[], sign: number) =>
    values.reduce((total, value) => total + (value * sign > 0 ? value : 0), 0);
  const ends = all.flatMap(({ values }) => [sum(values, 1), sum(values, -1)]);
  const across = scale(x, [0, ...ends], left, RIGHT);
  const boxes = ({ name, values }: BarChart['bars'][number], row: number): string => {
    const y = first + BAR * row;
    const rects = values.map((value, i) => {
      const from = sum(values.slice(0, i), value < 0 ? -1 : 1);
      const [a, b] = [from, from + value].map((end) => Number(across.at(end))).sort((a, b) => a - b);
      return `<rect x="${fixed(a)}" y="${y}" width="${fixed(b - a)}" height="24" fill="${colourOf(i)}"><title>${escaped(`${parts[i]}: ${short(value)}`)}</title></rect>`;
    });
    return rects.join('') + text(left - 8, y + 16, name, 'end');
  };
  return picture(title, bottom + 52, keys, [
    ...across.ticks.map((tick) => path(`M${across.at(tick)} ${first - 6}V${bottom}`, '#ddd')),
    ...across.ticks.map((tick) => text(across.at(tick), bottom + 18, short(tick))),
    ...all.map(boxes),
    text((left + RIGHT) / 2, bottom + 40, x.label),
  ]);
}

function picture(title: string, height: number, keys: readonly Key[], parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#222">`;
  const head = `<title>${escaped(title)}</title><rect width="${WIDTH}" height="${height}" fill="#fff"/><text x="16" y="28" font-size="16" font-weight="600">${escaped(title)}</text>`;
  return `${open}${head}${parts.join('')}${legend(keys)}</svg>`;
}

/** A name in the legend. */
interface Key {
  readonly name: string;
  readonly dashed?: boolean;
}

/** Names and colours in rows below the title. */
function legend(keys: readonly Key[]): string {
  const marks = placed(keys).map(({ left, row }, i) => {
    const y = 50 + LINE * row;
    const mark = keys[i].dashed
      ? path(`M${left} ${y}h18`, colourOf(i), 'stroke-width="2" stroke-dasharray="6 4"')
      : `<rect x="${left}" y="${y - 5}" width="18" height="10" rx="2" fill="${colourOf(i)}"/>`;
    return mark + text(left + 24, y + 4, keys[i].name, 'start');
  });
  return marks.join('');
}

function placed(keys: readonly Key[]): { readonly left: number; readonly row: number }[] {
  let [left, row] = [16, 0];
  return keys.map(({ name }) => {
    const width = 44 + 7.2 * name.length;
    if (left > 16 && left + width > WIDTH) [left, row] = [16, row + 1];
    left += width;
    return { left: left - width, row };
  });
}

function rowsOf(keys: readonly Key[]): number {
  return Math.max(0, ...placed(keys).map(({ row }) => row));
}

/** Where values go, in pixels, and which values to name. */
interface Scale {
  readonly at: (value: number) => string;
  readonly ticks: readonly number[];
}

/** Maps values to pixels. Axes without `log` begin at 0. */
function scale(axis: Axis, values: readonly number[], from: number, to: number): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = axis.log ? 1 : niceStep((Math.max(most, 0) - Math.min(least, 0)) / 6 || 1);
  const unit = (value: number) => (axis.log ? Math.log10(value) : value / step);
  const low = Math.floor(unit(axis.log ? least : Math.min(least, 0)) + 1e-9);
  const high = Math.max(axis.log ? low + 1 : 1, Math.ceil(unit(most) - 1e-9));
  const every = axis.log ? Math.ceil((high - low) / 8) : 1;
  const steps = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + i * every);
  return {
    at: (value) => fixed(from + ((unit(value) - low) / (high - low)) * (to - from)),
    ticks: axis.ticks ?? steps.map((k) => (axis.log ? Number(`1e${k}`) : k * step)),
  };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10);
}

function path(d: string, colour: string, style = ''): string {
  return `<path d="${d}" stroke="${colour}"${style && ` ${style}`}/>`;
}

function text(x: number | string, y: number, words: string, anchor = 'middle'): string {
  return `<text x="${fixed(Number(x))}" y="${fixed(y)}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function fixed(pixels: number): string {
  return pixels.toFixed(1);
}

function colourOf(i: number): string {
  return COLOURS[i % COLOURS.length];
}
