// Draws a chart as static SVG: the picture that every viewer shows, also where scripts are not allowed to run.
import {
  escaped,
  short,
  type Axis,
  type BarChart,
  type Chart,
  type LineChart,
  type Point,
} from './charts.js';

/** Colours that stay apart for colour-blind eyes (M. Okabe and K. Ito, Color universal design, 2008). */
export const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#7f7f7f',
  '#000000',
  '#c8b400',
];
const WIDTH = 680;
const LEFT = 76;
const RIGHT = 660;
const TOP = 72;
const LINE = 18;

/** The chart as one SVG element, with its own background, 680 wide. */
export function svgOf(chart: Chart): string {
  return chart.kind === 'lines' ? lines(chart) : bars(chart);
}

function lines({ title, x, y, series }: LineChart): string {
  const bottom = 360;
  const points = series.flatMap((one) => one.points).filter((point) => shown(point, x, y));
  const across = scale(
    x,
    points.map((point) => point.x),
    LEFT,
    RIGHT,
  );
  const up = scale(
    y,
    points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
    bottom,
    TOP + LINE * legendRows(series.map(({ name }) => name)),
  );
  const grid = [
    ...across.ticks.map(
      (tick) =>
        `<path d="M${at(across.of(tick))} ${bottom}v6" stroke="#444"/>${text(across.of(tick), bottom + 22, short(tick), 'middle')}`,
    ),
    ...up.ticks.map(
      (tick) =>
        `<path d="M${LEFT} ${at(up.of(tick))}H${RIGHT}" stroke="#ddd"/>${text(LEFT - 8, up.of(tick) + 4, short(tick), 'end')}`,
    ),
    `<path d="M${LEFT} ${bottom}H${RIGHT}" stroke="#444"/>`,
    text((LEFT + RIGHT) / 2, bottom + 46, x.label, 'middle'),
    `<text transform="rotate(-90)" x="${-(TOP + bottom) / 2}" y="20" text-anchor="middle">${escaped(y.label)}</text>`,
  ];
  const drawn = series.map((one, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const inside = one.points.filter((point) => shown(point, x, y));
    const path = inside
      .map((point, j) => `${j === 0 ? 'M' : 'L'}${at(across.of(point.x))} ${at(up.of(point.y))}`)
      .join('');
    if (one.curve)
      return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.5" stroke-dasharray="6 4"/>`;
    const dots = inside.map(({ x, y, low = y, high = y }) => {
      const [px, py] = [at(across.of(x)), at(up.of(y))];
      const range =
        low < high
          ? `<path d="M${px} ${at(up.of(low))}V${at(up.of(high))}" stroke="${colour}" stroke-width="1.5"/>`
          : '';
      return `${range}<circle cx="${px}" cy="${py}" r="4" fill="${colour}"/>`;
    });
    if (one.dots) return dots.join('');
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`;
  });
  const keys = legend(
    series.map(({ name, curve }, i) => ({ name, colour: COLOURS[i % COLOURS.length], dashed: curve })),
  );
  return picture(title, bottom + 60, [...grid, ...drawn, keys]);
}

function bars({ title, x, parts, bars: all }: BarChart): string {
  const rows = legendRows(parts);
  const first = TOP + LINE * rows;
  const bottom = first + 34 * all.length + 4;
  const left = 24 + 7.2 * Math.max(...all.map(({ name }) => name.length), 4);
  // Parts below 0 stand to the left of it: nothing is hidden.
  const sums = all.flatMap(({ values }) =>
    [1, -1].map((sign) => values.filter((value) => value * sign > 0).reduce((sum, value) => sum + value, 0)),
  );
  const across = scale(x, [0, ...sums], left, RIGHT);
  const grid = across.ticks.map(
    (tick) =>
      `<path d="M${at(across.of(tick))} ${first - 6}V${bottom}" stroke="#ddd"/>${text(across.of(tick), bottom + 18, short(tick), 'middle')}`,
  );
  const drawn = all.flatMap(({ name, values }, row) => {
    const ends = { below: 0, above: 0 };
    const top = first + 34 * row;
    const boxes = values.map((value, i) => {
      const from = value < 0 ? ends.below : ends.above;
      ends[value < 0 ? 'below' : 'above'] += value;
      const [a, b] = [across.of(Math.min(from, from + value)), across.of(Math.max(from, from + value))];
      return `<rect x="${at(a)}" y="${top}" width="${at(b - a)}" height="24" fill="${COLOURS[i % COLOURS.length]}"><title>${escaped(`${parts[i]}: ${short(value)}`)}</title></rect>`;
    });
    return [...boxes, text(left - 8, top + 16, name, 'end')];
  });
  const keys = legend(parts.map((name, i) => ({ name, colour: COLOURS[i % COLOURS.length] })));
  return picture(title, bottom + 52, [
    ...grid,
    ...drawn,
    text((left + RIGHT) / 2, bottom + 40, x.label, 'middle'),
    keys,
  ]);
}

function picture(title: string, height: number, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#222">`;
  const head = `<title>${escaped(title)}</title><rect width="${WIDTH}" height="${height}" fill="#fff"/><text x="16" y="28" font-size="16" font-weight="600">${escaped(title)}</text>`;
  return `${open}${head}${parts.join('')}</svg>`;
}

interface Key {
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
}

/** Names and colours in rows below the title. */
function legend(keys: readonly Key[]): string {
  return placed(keys.map(({ name }) => name))
    .map(({ left, row }, i) => {
      const { name, colour, dashed } = keys[i];
      const y = 50 + LINE * row;
      const mark = dashed
        ? `<path d="M${left} ${y}h18" stroke="${colour}" stroke-width="2" stroke-dasharray="6 4"/>`
        : `<rect x="${left}" y="${y - 5}" width="18" height="10" rx="2" fill="${colour}"/>`;
      return mark + text(left + 24, y + 4, name, 'start');
    })
    .join('');
}

function placed(names: readonly string[]): { readonly left: number; readonly row: number }[] {
  let [left, row] = [16, 0];
  return names.map((name) => {
    const width = 44 + 7.2 * name.length;
    if (left > 16 && left + width > WIDTH) [left, row] = [16, row + 1];
    const place = { left, row };
    left += width;
    return place;
  });
}

function legendRows(names: readonly string[]): number {
  return Math.max(0, ...placed(names).map(({ row }) => row));
}

/** Maps values to pixels, and says which values to name. Axes without `log` begin at 0. */
function scale(
  axis: Axis,
  values: readonly number[],
  from: number,
  to: number,
): { of: (value: number) => number; ticks: readonly number[] } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (axis.log) {
    const [low, high] = [
      Math.floor(Math.log10(least) + 1e-9),
      Math.max(Math.ceil(Math.log10(most) - 1e-9), Math.floor(Math.log10(least) + 1e-9) + 1),
    ];
    const every = Math.ceil((high - low) / 8);
    const ticks = range(low, high, every).map((power) => Number(`1e${power}`));
    return { of: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from), ticks };
  }
  const step = niceStep((Math.max(most, 0) - Math.min(least, 0)) / 6 || 1);
  const [low, high] = [
    Math.floor(Math.min(least, 0) / step + 1e-9),
    Math.max(1, Math.ceil(most / step - 1e-9)),
  ];
  const ticks = axis.ticks ?? range(low, high, 1).map((k) => k * step);
  return { of: (value) => from + ((value / step - low) / (high - low)) * (to - from), ticks };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10);
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

/** A logarithm has no place for 0. */
function shown(point: Point, x: Axis, y: Axis): boolean {
  return Number.isFinite(point.y) && (!x.log || point.x > 0) && (!y.log || point.y > 0);
}

function text(x: number, y: number, words: string, anchor: string): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function at(pixels: number): string {
  return pixels.toFixed(1);
}
