// Who is here: the workers, and what is known of each of their threads.
import type { Box, Row, WorkerLine } from './picture.js';

/** Longer names are cut in a picture. */
const LONGEST_NAME = 120;

/** A thread of a worker. */
export class Thread {
  /** Its row; absent if there are more threads than rows. */
  boxes: Box[] | undefined;
  running: Row['running'];
  /** Since when tasks had been queued as it began its last one. */
  queuedSince = 0;
  /** When the caller had its last value. */
  delivered = -Infinity;

  /** @param drawnUntil where its row ends: what comes next is drawn from there */
  constructor(
    readonly worker: Worker,
    readonly number: number,
    public drawnUntil: number,
  ) {}
}

/** A worker, here or gone. */
export class Worker {
  readonly threads = new Map<number, Thread>();
  finished = 0;
  failed = 0;
  lastHeard = 0;
  memoryBytes: number | undefined;
  left: Row['left'];

  constructor(readonly name: string) {}

  get running(): readonly Thread[] {
    return [...this.threads.values()].filter(({ running }) => running);
  }

  get line(): WorkerLine {
    const { threads, running, finished, failed, lastHeard, memoryBytes, left } = this;
    const told = { finished, failed, lastHeard, memoryBytes, left: left && shown(left.reason) };
    return { name: shown(this.name), threads: threads.size, running: running.length, ...told };
  }
}

/**
 * A text from elsewhere as a picture has it: cut if it is long. Characters that terminals obey, or that turn the
 * direction of a text, are written as what they are.
 */
export function shown(text: string): string {
  const cut = text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME - 3)}...` : text;
  const code = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return cut.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, code);
}
