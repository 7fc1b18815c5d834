/// <reference lib="dom" />
// Draws the task stream on a canvas: a row for each thread, a box for each stretch of its time.
import type { Box, Picture, Row } from '../picture.js';
import { line, paint, type Palette } from './paint.js';
import { KIND_WORDS, boxName, duration } from './words.js';

const AXIS = 26;

/** A box and its row, by their places. */
export interface Place {
  readonly row: number;
  /** The number of boxes stands for the running task. */
  readonly box: number;
}

/** Where things are on the canvas. */
interface Scale {
  readonly left: number;
  readonly width: number;
  readonly rowHeight: number;
  readonly from: number;
  readonly to: number;
  /** From a time to its place. */
  readonly at: (time: number) => number;
}

/** The time until which to draw: growing while tasks run, in the page's own clock between frames. */
function endOf({ rows, start, progress }: Picture, now: number): number {
  const last = rows.flatMap(({ boxes }) => boxes.slice(-1).map(({ end }) => end));
  return Math.max(start + 50, ...last, progress.running > 0 ? now : 0);
}

/** Draws all; `chosen` gets a frame. */
export function drawStream(
  canvas: HTMLCanvasElement,
  picture: Picture,
  now: number,
  chosen: Place | undefined,
  palette: Palette,
): void {
  const box = canvas.parentElement!;
  const present = document.body.classList.contains('present');
  const rows = picture.rows.length;
  const free = present ? box.clientHeight - AXIS : Math.max(120, rows * 18);
  const rowHeight = Math.min(44, free / Math.max(1, rows)); // a projector shows all rows, however low
  const scale = scaleOf(canvas, picture, now, Math.max(present ? 2 : 12, rowHeight));
  const height = Math.floor(scale.rowHeight * Math.max(1, rows) + AXIS);
  const context = resized(canvas, box.clientWidth, height);
  const font = getComputedStyle(document.body);
  const size = present ? 16 : 13;
  context.font = `${size}px ${font.fontFamily}`;
  drawAxis(context, scale, picture.start, scale.rowHeight * Math.max(1, rows), palette);
  context.font = `${Math.min(size, scale.rowHeight)}px ${font.fontFamily}`;
  picture.rows.forEach((row, i) => drawRow(context, scale, row, i, now, palette));
  if (chosen) outline(context, scale, picture, chosen, now, palette);
}

/** What is under a point of the canvas. */
export function placeAt(
  canvas: HTMLCanvasElement,
  picture: Picture,
  now: number,
  x: number,
  y: number,
): Place | undefined {
  const scale = scaleOf(
    canvas,
    picture,
    now,
    (canvas.clientHeight - AXIS) / Math.max(1, picture.rows.length),
  );
  const row = Math.floor(y / scale.rowHeight);
  if (x < scale.left || row < 0 || row >= picture.rows.length) return undefined;
  const time = scale.from + ((x - scale.left) / scale.width) * (scale.to - scale.from);
  const slack = (2 / scale.width) * (scale.to - scale.from);
  const { boxes, running } = picture.rows[row];
  if (running && time >= running.start) return { row, box: boxes.length };
  const found = boxes.findIndex(({ start, end }) => time >= start - slack && time <= end + slack);
  return found < 0 ? undefined : { row, box: found };
}

/** The box at a place in words: what, where, from when, for how long. */
export function describePlace({ rows, start }: Picture, { row: r, box: b }: Place, now: number): string {
  const row = rows[r];
  if (!row) return '';
  const where = `${row.worker}, thread ${row.thread}`;
  const box = row.boxes[b];
  if (!box) {
    if (!row.running) return '';
    return `${row.running.task} (running): ${where}, from ${duration(row.running.start - start)}, for ${duration(now - row.running.start)} so far`;
  }
  const share = box.count > 1 ? `, busy for ${duration(box.busyMs)} of it` : '';
  const name = boxName(box.count, box.task, KIND_WORDS[box.kind].split(':')[0], box.again);
  return `${name}: ${where}, from ${duration(box.start - start)}, for ${duration(box.end - box.start)}${share}`;
}

function drawRow(
  context: CanvasRenderingContext2D,
  scale: Scale,
  row: Row,
  index: number,
  now: number,
  palette: Palette,
): void {
  const { at, rowHeight: height } = scale;
  const top = index * height;
  context.fillStyle = palette(row.left ? 'quiet' : 'text');
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillText(label(context, row, scale.left - 8), 0, top + height / 2);
  for (const box of row.boxes) drawBox(context, scale, box, top, palette);
  if (row.running) {
    const x = at(row.running.start);
    paint(context, 'task', row.running.again, [x, top + 2, Math.max(1, at(now) - x), height - 4], palette);
  }
  if (!row.left) return;
  const x = at(row.left.time);
  context.fillStyle = palette('lost');
  context.fillRect(x, top, 3, height);
  context.fillText(
    fitting(context, `✕ left: ${row.left.reason}`, scale.left + scale.width - x - 8),
    x + 8,
    top + height / 2,
  );
}

function drawBox(
  context: CanvasRenderingContext2D,
  { at, rowHeight }: Scale,
  { kind, start, end, count, busyMs, again }: Box,
  top: number,
  palette: Palette,
): void {
  const [x, right, inner] = [at(start), at(end), rowHeight - 4];
  const width = Math.max(1, right - x);
  if (count > 1 && kind === 'task') {
    // As high as the thread was busy, on a paler ground.
    const busy = inner * Math.min(1, busyMs / Math.max(1e-6, end - start));
    context.fillStyle = palette('merged');
    context.fillRect(x, top + 2, width, inner);
    paint(context, 'task', again, [x, top + 2 + inner - busy, width, busy], palette);
  } else paint(context, kind, again, [x, top + 2, width, inner], palette);
  if (width < 4 || count === 0) return;
  context.fillStyle = palette('panel');
  context.fillRect(right - 1, top + 2, 1, inner);
}

function outline(
  context: CanvasRenderingContext2D,
  scale: Scale,
  { rows }: Picture,
  { row: r, box: b }: Place,
  now: number,
  palette: Palette,
): void {
  const row = rows[r];
  const box = row?.boxes[b] ?? (row?.running ? { start: row.running.start, end: now } : undefined);
  if (!box) return;
  const { at } = scale;
  context.strokeStyle = palette('mark');
  context.lineWidth = 3;
  context.strokeRect(
    at(box.start) - 1,
    r * scale.rowHeight + 1.5,
    Math.max(3, at(box.end) - at(box.start) + 2),
    scale.rowHeight - 3,
  );
}

function drawAxis(
  context: CanvasRenderingContext2D,
  { left, width, from, to, at }: Scale,
  start: number,
  top: number,
  palette: Palette,
): void {
  context.fillStyle = palette('quiet');
  context.strokeStyle = palette('line');
  context.lineWidth = 1;
  context.textBaseline = 'top';
  context.textAlign = 'center';
  const most = Math.max(3, Math.floor(width / 110));
  const rough = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
  for (let time = Math.ceil((from - start) / step) * step; time <= to - start; time += step) {
    const x = at(time + start);
    context.beginPath();
    line(context, x, 0, x, top + 4);
    context.stroke();
    const text = `${Number((time / 1000).toPrecision(6))} s`;
    if (x + 24 <= left + width) context.fillText(text, x, top + 7);
  }
}

function scaleOf(canvas: HTMLCanvasElement, picture: Picture, now: number, rowHeight: number): Scale {
  const whole = canvas.parentElement!.clientWidth;
  const longest = Math.max(0, ...picture.rows.map(({ worker }) => worker.length));
  const left = Math.min(whole < 600 ? 110 : 220, 48 + 7 * longest);
  const [width, from, to] = [whole - left - 6, picture.start, endOf(picture, now)];
  const at = (time: number) => left + ((time - from) / (to - from)) * width;
  return { left, width, rowHeight, from, to, at };
}

/** Sharp on every screen: a canvas has its own pixels. */
function resized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    Object.assign(canvas, { width: w, height: h });
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** The thread's number stays, however long its worker's name. */
function label(context: CanvasRenderingContext2D, { worker, thread }: Row, width: number): string {
  const number = ` · ${thread}`;
  return fitting(context, worker, width - context.measureText(number).width) + number;
}

function fitting(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return length > 0 ? `${text.slice(0, length)}…` : '';
}
