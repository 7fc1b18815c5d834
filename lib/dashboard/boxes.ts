// Merging what is too short to see: however many tasks run, about MOST_BOXES boxes are kept, and no task is lost.
import { KINDS, type Box } from './picture.js';

/** Boxes in all rows together. More than this are neither seen nor drawn in time. */
export const MOST_BOXES = 1000;

/**
 * Adds a box at the end of a row. Boxes shorter than the resolution merge with their neighbour in the same cell of time;
 * gaps (no task in them) that short are left out, the ledger has them.
 */
export function addBox(boxes: Box[], box: Box, resolutionMs: number): void {
  const short = ({ start, end }: Box) => end - start < resolutionMs;
  const cell = ({ start }: Box) => Math.floor(start / resolutionMs);
  if (box.count === 0 && short(box)) return;
  const last = boxes[boxes.length - 1];
  if (last && short(last) && short(box) && cell(last) === cell(box))
    boxes[boxes.length - 1] = merge(last, box);
  else boxes.push(box);
}

/** The same boxes at a coarser resolution. */
export function coarsen(boxes: readonly Box[], resolutionMs: number): Box[] {
  const coarser: Box[] = [];
  for (const box of boxes) addBox(coarser, box, resolutionMs);
  return coarser;
}

function merge(a: Box, b: Box): Box {
  return {
    kind: KINDS[Math.max(KINDS.indexOf(a.kind), KINDS.indexOf(b.kind))],
    start: a.start,
    end: b.end,
    count: a.count + b.count,
    busyMs: a.busyMs + b.busyMs,
    task: b.task,
    again: a.again || b.again,
  };
}
