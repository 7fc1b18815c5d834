// Keeps a cell's outputs within bounds on their way to the page: text goes in batches, and what is too much is left out, aloud.
import type { FromKernel, MimeBundle, Output } from './protocol.js';

/** Text of one cell above this length is left out (characters), and so are displays above this number. */
const MOST_TEXT = 200_000;
const MOST_DISPLAYS = 500;
/** Text and updates wait no longer than this for more of their kind (ms). */
const BATCH_MS = 40;

/** The outputs of all cells. What is shown belongs to the cell that was begun last. */
export class Outputs {
  private cell = '';
  private name: 'stdout' | 'stderr' = 'stdout';
  private waiting = '';
  private room = MOST_TEXT;
  private displays = 0;
  private leftOut = 0;
  private flushed = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Displays that can be replaced, with the cells that show them; and those that wait to be. */
  private readonly owners = new Map<string, string>();
  private readonly updates = new Map<string, Output>();

  constructor(private readonly post: (message: FromKernel) => void) {}

  /** A cell begins. */
  begin(cell: string): void {
    this.flush();
    [this.cell, this.room, this.displays, this.leftOut] = [cell, MOST_TEXT, 0, 0];
  }

  /** A cell ends: all that it has shown goes to the page, and how much was left out. */
  end(): void {
    this.flush();
    if (this.leftOut === 0) return;
    const text = `\n... and ${this.leftOut} more lines or displays, which were left out.\n`;
    this.send({ output_type: 'stream', name: 'stderr', text });
    this.leftOut = 0;
  }

  /** @param print makes the text; it is not asked to when there is no room left */
  readonly write = (name: 'stdout' | 'stderr', print: () => string): void => {
    const text = this.room > 0 ? print() : '\n';
    if (text.length > this.room) {
      this.room = 0;
      this.leftOut += linesOf(text);
      return;
    }
    if (name !== this.name) this.flushText();
    this.name = name;
    this.room -= text.length;
    this.waiting += text;
    this.flushSoon();
  };

  /** Shows something, or replaces what the display has shown before. */
  show(data: MimeBundle, displayId?: string): void {
    const output: Output = { output_type: 'display_data', data, metadata: {} };
    if (displayId !== undefined && this.owners.has(displayId)) {
      this.updates.set(displayId, output);
      return this.flushSoon();
    }
    if (++this.displays > MOST_DISPLAYS) return void this.leftOut++;
    this.flushText();
    if (displayId !== undefined) this.owners.set(displayId, this.cell);
    this.send(output, displayId);
  }

  showError(ename: string, evalue: string, traceback: readonly string[]): void {
    this.flush();
    this.send({ output_type: 'error', ename, evalue, traceback });
  }

  /** What the cell computes from now on has a time limit (ms), and a verdict if it exceeds it; undefined: no longer. */
  limit(ms?: number, verdict = ''): void {
    this.flush();
    this.post({ type: 'limit', cell: this.cell, ms, verdict });
  }

  clear(wait = false): void {
    this.flush();
    this.post({ type: 'clear', cell: this.cell, wait });
  }

  /** A cell that never gives up the thread has no timers: then the clock is looked at here. */
  private flushSoon(): void {
    if (performance.now() - this.flushed > BATCH_MS) return this.flush();
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushed = performance.now();
    this.flushText();
    for (const [displayId, output] of this.updates)
      this.post({ type: 'update', cell: this.owners.get(displayId)!, displayId, output });
    this.updates.clear();
  }

  private flushText(): void {
    if (this.waiting === '') return;
    this.send({ output_type: 'stream', name: this.name, text: this.waiting });
    this.waiting = '';
  }

  private send(output: Output, displayId?: string): void {
    this.post({ type: 'output', cell: this.cell, output, ...(displayId !== undefined && { displayId }) });
  }
}

function linesOf(text: string): number {
  return Math.max(1, text.split('\n').length - 1);
}
