// The task stream while it grows: a row for each thread, its boxes in a bounded number however many tasks run.
import { KINDS, type Box, type Kind, type Row } from './picture.js';
import { round, short, type Thread, type Worker } from './workers.js';

/** Boxes in all rows together. More than this are neither seen nor drawn in time. */
export const MOST_BOXES = 1000;
/** More threads than this have no row of their own; everything else counts them. */
const MOST_ROWS = 100;

/** The rows of all threads. */
export class TaskStream {
  /** Shorter boxes are merged (ms). */
  resolutionMs = 1;
  private threads: readonly Thread[] = [];
  private boxes = 0;

  /** Puts the threads in order: by their workers, by number. */
  arrange(workers: Iterable<Worker>): void {
    const inOrder = ({ threads }: Worker) => [...threads.values()].sort((a, b) => a.number - b.number);
    this.threads = Array.from(workers, inOrder).flat();
  }

  get rows(): Row[] {
    return this.threads.slice(0, MOST_ROWS).map(({ worker, number, boxes, running }) => ({
      ...{ worker: short(worker.name), thread: number, boxes: [...boxes], left: worker.left },
      running: running && { ...running, task: short(running.task) },
    }));
  }

  get threadsNotDrawn(): number {
    return Math.max(0, this.threads.length - MOST_ROWS);
  }

  clear(): void {
    for (const thread of this.threads) thread.boxes = [];
    this.resolutionMs = 1;
    this.boxes = 0;
  }

  /** Draws a task, or a stretch without one, at the end of a thread's row. */
  draw(thread: Thread, kind: Kind, start: number, end: number, task?: string, again = false): void {
    if (this.threads.length > MOST_ROWS && this.threads.indexOf(thread) >= MOST_ROWS) return;
    const times = {
      start: round(start),
      end: round(end),
      busyMs: task === undefined ? 0 : round(end - start),
    };
    const before = thread.boxes.length;
    const box = { kind, ...times, count: task === undefined ? 0 : 1, task: short(task ?? ''), again };
    addBox(thread.boxes, box, this.resolutionMs);
    this.boxes += thread.boxes.length - before;
    while (this.boxes > MOST_BOXES) this.coarsen();
  }

  /**
   * Draws the time from a thread's last task to `to`: its value travels, no task is there, the next one is on its way.
   * @param since since when tasks have been waiting
   */
  drawGap(thread: Thread, to: number, since: number): void {
    const from = thread.settled ?? to;
    if (to <= from || thread.worker.left) return;
    const arrived = Math.min(to, Math.max(from, thread.arrived));
    const there = Math.min(to, Math.max(arrived, since));
    this.draw(thread, 'transfer', from, arrived);
    this.draw(thread, 'idle', arrived, there);
    this.draw(thread, 'wait', there, to);
    thread.settled = to;
  }

  private coarsen(): void {
    this.resolutionMs *= 2;
    this.boxes = 0;
    for (const thread of this.threads) {
      const coarser: Box[] = [];
      for (const box of thread.boxes) addBox(coarser, box, this.resolutionMs);
      thread.boxes = coarser;
      this.boxes += coarser.length;
    }
  }
}

/**
 * Adds a box at the end of a row. Boxes shorter than the resolution merge with their neighbour in the same cell of time;
 * gaps (no task in them) that short are left out, the ledger has them.
 */
function addBox(boxes: Box[], box: Box, resolutionMs: number): void {
  const short = ({ start, end }: Box) => end - start < resolutionMs;
  const cell = ({ start }: Box) => Math.floor(start / resolutionMs);
  if (box.count === 0 && short(box)) return;
  const last = boxes[boxes.length - 1];
  if (last && short(last) && short(box) && cell(last) === cell(box))
    boxes[boxes.length - 1] = merge(last, box);
  else boxes.push(box);
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
