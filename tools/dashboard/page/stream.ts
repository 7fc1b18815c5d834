/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// Draws what has time on its x axis: the task stream, a row of boxes for each thread, and the curves of queue and rate.
import type { Box, Picture, Row } from '../picture.js';
import { count, ratesOf } from './words.js';

/** A box, by its row and its place in it. The number of boxes stands for the running task. */
export interface Place {
  readonly row: number;
  readonly box: number;
}

/** A box this wide has a line at its end (px); in narrower ones it would hide the box. */
const WIDE_PX = 4;

/** From times to places: in percent of the width, and in pixels. */
interface Axis {
  readonly to: number;
  readonly percentAt: (time: number) => number;
  readonly pixels: (ms: number) => number;
}

/** Draws round times with their lines. */
function drawAxis(holder: HTMLElement, from: number, to: number): Axis {
  const lines = holder.querySelector('.axis')!;
  const width = lines.clientWidth;
  const percentAt = (time: number) => (100 * (time - from)) / (to - from);
  const rough = (to - from) / Math.max(3, Math.floor(width / 110));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough)!;
  const ticks = keep(lines, Math.floor((to - from) / step) + 1, () => document.createElement('span'));
  ticks.forEach((tick, i) => {
    tick.style.left = `${percentAt(from + i * step)}%`;
    put(tick, `${Number(((i * step) / 1000).toPrecision(6))} s`);
  });
  return { to, percentAt, pixels: (ms) => (width * ms) / (to - from) };
}

/** Puts an element from one time to another. */
function place({ style }: HTMLElement, { percentAt }: Axis, start: number, end: number): void {
  style.left = `${percentAt(start)}%`;
  style.width = `${percentAt(end) - percentAt(start)}%`;
}

/** Draws the rows; `chosen` gets a frame. `now` is the page's own time, so that boxes grow between two pictures. */
export function drawStream(holder: HTMLElement, picture: Picture, now: number, chosen?: Place): void {
  const { rows, start, progress } = picture;
  const ends = rows.flatMap(({ boxes }) => boxes.slice(-1).map(({ end }) => end));
  holder.style.setProperty('--rows', String(Math.max(1, rows.length)));
  const cells = keep(holder.querySelector('.rows')!, 2 * rows.length, newCell);
  const axis = drawAxis(holder, start, Math.max(start + 50, ...ends, progress.running > 0 ? now : 0));
  rows.forEach((row, i) => {
    const [name, track] = [cells[2 * i], cells[2 * i + 1]];
    put(name.children[0], row.worker);
    put(name.children[1], ` · ${row.thread}`);
    drawRow(track, row, axis, now, chosen?.row === i ? chosen.box : undefined);
  });
}

/** A row has two cells: the thread's name, whose number stays however long it is, and its time. */
function newCell(i: number): HTMLElement {
  const cell = document.createElement('div');
  cell.className = i % 2 === 0 ? 'name' : 'track';
  if (i % 2 === 0) cell.append(document.createElement('span'), document.createElement('span'));
  return cell;
}

function drawRow(
  track: HTMLElement,
  { boxes, running, left }: Row,
  axis: Axis,
  now: number,
  chosen?: number,
): void {
  const all: Pick<Box, 'cause' | 'start' | 'end' | 'again' | 'count' | 'busyMs'>[] = [...boxes];
  if (running) all.push({ ...running, cause: 'compute', end: now, count: 1, busyMs: 0 });
  const drawn = keep(track, all.length + (left ? 1 : 0), () => document.createElement('i'));
  all.forEach((box, i) => {
    const { start, end, cause, again } = box;
    place(drawn[i], axis, start, end);
    const isWide = box.count > 0 && axis.pixels(end - start) >= WIDE_PX;
    // Several tasks in one box: it is filled as high as the thread was busy.
    const isMerged = box.count > 1 && cause === 'compute';
    const marks = { again, wide: isWide, merged: isMerged, chosen: chosen === i };
    const classes = Object.entries(marks).flatMap(([name, holds]) => (holds ? [name] : []));
    setInk(drawn[i], isMerged ? '' : cause, classes.join(' '));
    if (isMerged) drawn[i].style.setProperty('--busy', `${(100 * box.busyMs) / (end - start)}%`);
    put(drawn[i], '');
  });
  if (!left) return;
  const sign = drawn[all.length];
  place(sign, axis, left.time, axis.to);
  setInk(sign, '', 'left');
  put(sign, `✕ left: ${left.reason}`);
}

/** The box under the pointer. */
export function placeOf(target: Element): Place | undefined {
  const track = target.parentElement;
  if (!track?.classList.contains('track') || target.classList.contains('left')) return undefined;
  const row = [...track.parentElement!.children].indexOf(track) >> 1;
  return { row, box: [...track.children].indexOf(target) };
}

/** Draws how many tasks waited, and how many were finished a second. */
export function drawCurves(holder: HTMLElement, { samples, start }: Picture): void {
  const times = samples.map(({ time }) => Math.max(start, time));
  const axis = drawAxis(holder, start, Math.max(start + 50, ...times));
  const curves = [
    { name: 'tasks waiting', values: samples.map(({ waiting }) => waiting) },
    { name: 'tasks a second', values: ratesOf(samples) },
  ];
  curves.forEach(({ name, values }, i) => {
    const most = Math.max(1, ...values);
    const points = values.map((value, k) => `${axis.percentAt(times[k])},${100 - (100 * value) / most}`);
    holder.querySelectorAll('polyline')[i].setAttribute('points', points.join(' '));
    put(holder.querySelectorAll('.most')[i], `${name}: 0 to ${count(most)}`);
  });
}

/** Gives an element a colour and a pattern of page.css, and these classes. */
export function setInk(target: HTMLElement, ink: string, classes = ''): void {
  const background = ink === '' ? '' : `var(--${ink.replace(' ', '-')})`;
  if (target.style.background !== background) target.style.background = background;
  if (target.className !== classes) target.className = classes;
}

/** Gives `holder` exactly `length` children, made anew only if they are missing. */
export function keep(holder: Element, length: number, make: (i: number) => HTMLElement): HTMLElement[] {
  while (holder.children.length > length) holder.lastElementChild!.remove();
  while (holder.children.length < length) holder.append(make(holder.children.length));
  return [...holder.children] as HTMLElement[];
}

/** Sets a text if it has changed. All text goes in as text, never as HTML: names come from elsewhere. */
export function put(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
