// What a worker decides, without I/O: messages of the scheduler go in, actions come out.
import type { FromScheduler, PackedTask, ToScheduler } from './protocol.js';

/** What the worker's shell is to do. */
export type WorkerAction =
  | { readonly type: 'send'; readonly message: ToScheduler }
  | {
      readonly type: 'run';
      readonly batch: number;
      readonly watched: boolean;
      readonly tasks: readonly PackedTask[];
    }
  | { readonly type: 'stop'; readonly batch: number };

/** The batches of one connection to a scheduler. Every one is answered once: done, or returned. */
export class WorkerQueue {
  private readonly waiting = new Map<number, FromScheduler & { op: 'assign' }>();
  private readonly running = new Set<number>();
  private draining = false;

  constructor(private readonly threads: number) {}

  /** Batches that run now. */
  get active(): number {
    return this.running.size;
  }

  handle(message: FromScheduler): readonly WorkerAction[] {
    switch (message.op) {
      case 'assign':
        if (this.waiting.has(message.batch) || this.running.has(message.batch)) return []; // heard twice
        if (this.draining) return [returned(message.batch)];
        this.waiting.set(message.batch, message);
        return this.runNext();
      case 'takeBack':
        return this.waiting.delete(message.batch) ? [returned(message.batch)] : []; // one that runs is answered when done
      case 'cancel':
        if (this.waiting.delete(message.batch)) return [returned(message.batch)];
        return this.running.has(message.batch) ? [{ type: 'stop', batch: message.batch }] : [];
      default:
        return [];
    }
  }

  /** A batch has ended; `answer` is 'done', or 'returned' where it was stopped. */
  ended(answer: ToScheduler & { op: 'done' | 'returned' }): readonly WorkerAction[] {
    this.running.delete(answer.batch);
    return [{ type: 'send', message: answer }, ...this.runNext()];
  }

  /** Takes no more and hands back what has not begun. */
  drain(): readonly WorkerAction[] {
    this.draining = true;
    const back = Array.from(this.waiting.keys(), returned);
    this.waiting.clear();
    return [{ type: 'send', message: { op: 'drain' } }, ...back];
  }

  private runNext(): WorkerAction[] {
    const actions: WorkerAction[] = [];
    for (const [batch, { watched, tasks }] of this.waiting) {
      if (this.running.size >= this.threads) break;
      this.waiting.delete(batch);
      this.running.add(batch);
      actions.push({ type: 'run', batch, watched, tasks });
    }
    return actions;
  }
}

function returned(batch: number): WorkerAction {
  return { type: 'send', message: { op: 'returned', batch } };
}
