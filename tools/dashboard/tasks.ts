// The tasks of a run: how many wait, run and have ended, since when some have been waiting, and which had run before.
import type { Progress } from './picture.js';

const NONE = { queued: 0, waiting: 0, running: 0, finished: 0, failed: 0, dropped: 0, retried: 0 };

/** Counts the tasks of a run. */
export class Tasks {
  progress: { -readonly [state in keyof Progress]: number } = { ...NONE };
  /** In all runs. */
  finishedEver = 0;
  queuedFirst = 0;
  /** Since when tasks have been waiting without a break. */
  filled = 0;
  private readonly again = new Set<string>();

  get underWay(): boolean {
    return this.progress.running + this.progress.waiting > 0;
  }

  queued(time: number): void {
    if (this.progress.queued === 0) this.queuedFirst = time;
    this.progress.queued += 1;
    this.wait(time);
  }

  /** It failed or was lost, and waits for another try. */
  retried(task: string, time: number): void {
    this.progress.retried += 1;
    this.again.add(task);
    this.wait(time);
  }

  /** Whether a task without an end had run before. */
  hadRun(task: string): boolean {
    return this.again.size > 0 && this.again.has(task);
  }

  /** A task that waited does so no more. */
  taken(): void {
    this.progress.waiting = Math.max(0, this.progress.waiting - 1);
  }

  ended(task: string, how: 'finished' | 'failed' | 'dropped'): void {
    if (this.again.size > 0) this.again.delete(task);
    this.progress[how] += 1;
    if (how === 'finished') this.finishedEver += 1;
  }

  /** A new run begins. */
  clear(): void {
    this.again.clear();
    this.progress = { ...NONE };
  }

  private wait(time: number): void {
    if (this.progress.waiting === 0) this.filled = time;
    this.progress.waiting += 1;
  }
}
