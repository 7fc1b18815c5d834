// The task stream while it grows: a row for each thread. Its boxes stay bounded in number, however many tasks run.
import { gapsBetween } from '../measure/thread-time.js';
import type { Box, Cause, Row } from './picture.js';
import { shown, type Thread } from './workers.js';

/** Boxes in all rows together. More are neither seen nor drawn in time. */
export const MOST_BOXES = 1000;
/** The first so many threads have a row; everything else counts all of them. */
const MOST_ROWS = 100;
/** When boxes are merged, the one that stands later here gives its cause. */
const CAUSES: readonly Cause[] = ['imbalance', 'dispatch', 'transfer', 'compute', 'failed', 'lost'];

/** The rows of all threads. */
export class TaskStream {
  /** Shorter boxes are merged (ms). */
  resolutionMs = 1;
  private drawn: Thread[] = [];
  private boxes = 0;

  /** Gives a thread a row, if there is room for one. */
  add(thread: Thread): void {
    if (this.drawn.length >= MOST_ROWS) return;
    thread.boxes = [];
    this.drawn.push(thread);
  }

  /** Empties the rows, and gives them to these threads. */
  restart(threads: readonly Thread[]): void {
    for (const thread of this.drawn) thread.boxes = undefined;
    this.drawn = [];
    this.resolutionMs = 1;
    this.boxes = 0;
    for (const thread of threads) this.add(thread);
  }

  /** The rows as a picture has them: those of one worker together, by number. */
  get rows(): Row[] {
    const workers = [...new Set(this.drawn.map(({ worker }) => worker))];
    const ofWorker = (worker: Thread['worker']) => this.drawn.filter((thread) => thread.worker === worker);
    const inOrder = workers.flatMap((worker) => ofWorker(worker).sort((a, b) => a.number - b.number));
    return inOrder.map(({ worker, number, boxes = [], running }) => ({
      worker: shown(worker.name),
      thread: number,
      boxes: boxes.map((box) => ({ ...box, task: shown(box.task) })),
      running: running && { ...running, task: shown(running.task) },
      left: worker.left && { ...worker.left, reason: shown(worker.left.reason) },
    }));
  }

  /** Draws what a thread waited for until its next task began, or until it left. */
  drawGaps(thread: Thread, until: number, queuedSince: number): void {
    for (const gap of gapsBetween(thread.drawnUntil, thread.delivered, queuedSince, until))
      if (gap.until > thread.drawnUntil) this.draw(thread, gap.cause, gap.until);
  }

  /**
   * Draws a thread's time from where its row ends until `until`. What overlaps with its row is cut, so that times which
   * differ by the way of their messages do no harm.
   */
  draw(thread: Thread, cause: Cause, until: number, task?: string, again = false): void {
    const start = thread.drawnUntil;
    const end = Math.max(start, until);
    thread.drawnUntil = end;
    if (!thread.boxes) return;
    const before = thread.boxes.length;
    const count = task === undefined ? 0 : 1;
    const box = { cause, start, end, count, busyMs: count * round(end - start), task: task ?? '', again };
    addBox(thread.boxes, box, this.resolutionMs);
    this.boxes += thread.boxes.length - before;
    while (this.boxes > MOST_BOXES) this.coarsen();
  }

  private coarsen(): void {
    this.resolutionMs *= 2;
    this.boxes = 0;
    for (const thread of this.drawn) {
      const coarser: Box[] = [];
      for (const box of thread.boxes ?? []) addBox(coarser, box, this.resolutionMs);
      thread.boxes = coarser;
      this.boxes += coarser.length;
    }
  }
}

/** To the microsecond, which is what a clock can tell, in fewer bytes. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/**
 * Adds a box at the end of a row. Boxes shorter than the resolution merge with their neighbour in the same cell of time.
 * Gaps that are so short are left out; the ledger has them.
 */
function addBox(boxes: Box[], box: Box, resolutionMs: number): void {
  const isShort = ({ start, end }: Box) => end - start < resolutionMs;
  const cell = ({ start }: Box) => Math.floor(start / resolutionMs);
  if (box.count === 0 && isShort(box)) return;
  const last = boxes[boxes.length - 1];
  if (last && isShort(last) && isShort(box) && cell(last) === cell(box))
    boxes[boxes.length - 1] = merge(last, box);
  else boxes.push(box);
}

function merge(a: Box, b: Box): Box {
  return {
    cause: CAUSES[Math.max(CAUSES.indexOf(a.cause), CAUSES.indexOf(b.cause))],
    start: a.start,
    end: b.end,
    count: a.count + b.count,
    busyMs: round(a.busyMs + b.busyMs),
    task: b.task,
    again: a.again || b.again,
  };
}
