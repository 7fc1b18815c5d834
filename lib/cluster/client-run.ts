// One call of run at a client, without I/O: which tasks are with the scheduler, and which results count.
import { InvalidArgumentError } from '../errors.js';
import { checkTask } from '../task/run-task.js';
import type { Task } from '../task/task.js';
import { ENVELOPE_BYTES, MOST_BYTES, packTask, type PackedTask, type ToScheduler } from './protocol.js';

/** So many tasks, of so many bytes, are with the scheduler at a time: it never holds a million of one run. */
const WINDOW = 10_000;
const WINDOW_PER_THREAD = 100;
const WINDOW_BYTES = 64 * 2 ** 20;
const MOST_IN_MESSAGE = 500;
const MESSAGE_BYTES = 2 ** 20;

type Submit = ToScheduler & { op: 'submit' };

/** The tasks of a run. */
export class ClientRun {
  /** Drawn from the iterable so far. */
  drawn = 0;
  private readonly source: Iterator<Task>;
  private exhausted = false;
  private kind = '';
  private readonly outstanding = new Map<number, { readonly task: Task; readonly bytes: number }>();
  private bytes = 0;

  constructor(
    readonly number: number,
    tasks: Iterable<Task>,
    private readonly retries: number,
    private readonly watched: boolean,
  ) {
    this.source = tasks[Symbol.iterator]();
  }

  /** All results are in. */
  get done(): boolean {
    return this.exhausted && this.outstanding.size === 0;
  }

  /**
   * Draws tasks until the window is full.
   * @param threads how many compute now: each needs some to choose from
   * @throws InvalidArgumentError for a task that is not plain data or too large; what the iterable throws
   */
  submit(threads: number, onDrawn: (task: Task) => void): Submit[] {
    const window = Math.max(WINDOW, WINDOW_PER_THREAD * threads);
    if (this.exhausted || this.outstanding.size > window / 2 || this.bytes > WINDOW_BYTES / 2) return [];
    const drawn: { index: number; packed: PackedTask }[] = [];
    while (this.outstanding.size < window && this.bytes < WINDOW_BYTES) {
      const { done, value: task } = this.source.next() as IteratorResult<Task, undefined>;
      if (done) {
        this.exhausted = true;
        break;
      }
      checkTask(task);
      const packed = packTask(task);
      const bytes = packed.payload.length;
      if (bytes > MOST_BYTES - ENVELOPE_BYTES) {
        const most = (MOST_BYTES - ENVELOPE_BYTES) / 2 ** 20;
        throw new InvalidArgumentError(
          `task ${task.key}: its input takes ${bytes} bytes; ${most} MiB travel at most. Cut it into smaller chunks.`,
        );
      }
      this.kind ||= task.operation;
      onDrawn(task);
      this.outstanding.set(this.drawn, { task, bytes });
      this.bytes += bytes;
      drawn.push({ index: this.drawn++, packed });
    }
    return this.messages(drawn);
  }

  /** What a scheduler must be told that knows nothing of this run: all that has no result. */
  resend(): Submit[] {
    return this.messages(
      Array.from(this.outstanding, ([index, { task }]) => ({ index, packed: packTask(task) })),
    );
  }

  /** The task that a result belongs to; undefined where it has its result already, as after a connection was lost. */
  accept(index: number): Task | undefined {
    const found = this.outstanding.get(index);
    if (!found) return undefined;
    this.outstanding.delete(index);
    this.bytes -= found.bytes;
    return found.task;
  }

  /** A task that is with the scheduler. */
  find(index: number): Task | undefined {
    return this.outstanding.get(index)?.task;
  }

  private messages(drawn: readonly { index: number; packed: PackedTask }[]): Submit[] {
    const messages: Submit[] = [];
    let bytes = Infinity;
    for (const { index, packed } of drawn) {
      bytes += packed.payload.length;
      if (bytes > MESSAGE_BYTES || messages[messages.length - 1].tasks.length >= MOST_IN_MESSAGE) {
        messages.push({
          op: 'submit',
          run: this.number,
          kind: this.kind,
          retries: this.retries,
          watched: this.watched,
          tasks: [],
        });
        bytes = packed.payload.length;
      }
      messages[messages.length - 1].tasks.push({ index, ...packed });
    }
    return messages;
  }
}
