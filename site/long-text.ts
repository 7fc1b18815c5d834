// A stream of any length in little memory: its beginning, its end, and how many lines are left out in between.

/** Characters that are kept of the beginning, and of the end. */
const KEPT = 20_000;

/** Text that only grows. */
export class LongText {
  private head = '';
  private tail = '';
  private linesLeftOut = 0;

  add(text: string): void {
    const room = KEPT - this.head.length;
    if (room > 0) this.head += text.slice(0, room);
    if (text.length > room) this.tail += text.slice(Math.max(0, room));
    if (this.tail.length > 2 * KEPT) this.cut();
  }

  private cut(): void {
    const at = this.tail.indexOf('\n', this.tail.length - KEPT) + 1 || this.tail.length - KEPT;
    this.linesLeftOut += this.tail.slice(0, at).split('\n').length - 1;
    this.tail = this.tail.slice(at);
  }

  /** What to show. A line that ended in a carriage return is overwritten by what came after it. */
  toString(): string {
    const gap = this.linesLeftOut
      ? `\n... ${this.linesLeftOut.toLocaleString('en')} lines are left out here ...\n`
      : '';
    return (this.head + gap + this.tail).replace(/^.*\r(?!\n|$)/gm, '');
  }
}
