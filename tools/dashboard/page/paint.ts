/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// Paints boxes: each kind in a colour and a pattern of its own, so that no eye depends on the colour alone.
import type { Kind } from '../picture.js';

/** What is painted with: the page's colours, as they are now. */
export type Palette = (name: string) => string;

/** A colour and a pattern: of a kind of box, of progress, of a row of the ledger. */
export type Ink = Kind | 'done' | 'startup' | 'slowed' | 'tail' | 'unexplained';

/** Left, top, width, height. */
type Area = readonly [number, number, number, number];

/** Paints a rectangle in the colour and pattern of a kind; `again` outlines it. */
export function paint(
  context: CanvasRenderingContext2D,
  kind: Ink,
  again: boolean,
  area: Area,
  palette: Palette,
): void {
  const [x, y, width, height] = area;
  context.fillStyle = palette(kind);
  context.fillRect(x, y, width, height);
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = palette('mark');
  context.lineWidth = 1;
  context.globalAlpha = 0.55;
  if (width > 3) hatch(context, kind, area);
  context.restore();
  if (!again) return;
  context.strokeStyle = palette('mark');
  context.lineWidth = 2;
  context.setLineDash([4, 2]);
  context.strokeRect(x + 1, y + 1, Math.max(1, width - 2), height - 2);
  context.setLineDash([]);
}

/** The strokes of each pattern; what is not here is plain. */
const STROKES: { readonly [ink in Ink]?: string } = {
  transfer: '/',
  wait: '|',
  idle: '.',
  failed: '/\\-',
  lost: '/\\',
  startup: '\\',
  slowed: '=',
  tail: '-',
  unexplained: '|=',
};

function hatch(context: CanvasRenderingContext2D, ink: Ink, [x, y, width, height]: Area): void {
  const [right, bottom, middle] = [x + width, y + height, y + height / 2];
  const each = (from: number, to: number, step: number, draw: (at: number) => void) => {
    for (let at = from; at < to; at += step) draw(at);
  };
  context.beginPath();
  for (const stroke of STROKES[ink] ?? '') {
    if (stroke === '/') each(x - height, right, 7, (at) => line(context, at, bottom, at + height, y));
    if (stroke === '\\') each(x - height, right, 7, (at) => line(context, at, y, at + height, bottom));
    if (stroke === '|') each(x + 3, right, 5, (at) => line(context, at, y, at, bottom));
    if (stroke === '=') each(y + 2.5, bottom, 5, (at) => line(context, x, at, right, at));
    if (stroke === '-') line(context, x, middle, right, middle);
    if (stroke === '.') each(x + 3, right, 8, (at) => line(context, at, middle, at + 2, middle));
  }
  context.stroke();
}

/** Adds a line to the path. */
export function line(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
}
