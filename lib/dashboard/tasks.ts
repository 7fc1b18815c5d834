// The tasks of a run: how many wait, run and have ended, and what is known of those without an end.
import type { Progress } from './picture.js';

const NONE = { queued: 0, waiting: 0, running: 0, finished: 0, failed: 0, dropped: 0, retried: 0 };

/** Counts the tasks of a run. */
export class Tasks {
  progress: { -readonly [state in keyof Progress]: number } = { ...NONE };
  /** In all runs. */
  finishedEver = 0;
  queuedFirst = 0;
  private readonly open = new Map<string, { readonly since: number; readonly again: boolean }>();

  get underWay(): boolean {
    return this.progress.running + this.progress.waiting > 0;
  }

  /** A task without an end: since when it waits or has waited, and whether it had run before. */
  known(task: string): { readonly since: number; readonly again: boolean } | undefined {
    return this.open.get(task);
  }

  queued(task: string, time: number): void {
    if (this.progress.queued === 0) this.queuedFirst = time;
    this.progress.queued += 1;
    this.wait(task, time, false);
  }

  /** It failed or was lost, and waits for another try. */
  retried(task: string, time: number): void {
    this.progress.retried += 1;
    this.wait(task, time, true);
  }

  private wait(task: string, time: number, again: boolean): void {
    this.open.set(task, { since: time, again });
    this.progress.waiting += 1;
  }

  /** A task that waited does so no more. */
  taken(): void {
    this.progress.waiting = Math.max(0, this.progress.waiting - 1);
  }

  ended(task: string, how: 'finished' | 'failed' | 'dropped'): void {
    this.open.delete(task);
    this.progress[how] += 1;
    if (how === 'finished') this.finishedEver += 1;
  }

  /** A new run begins. */
  clear(): void {
    this.open.clear();
    this.progress = { ...NONE };
  }
}
