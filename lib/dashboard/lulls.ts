// When no task waited to be started: a thread without work was idle then, and was kept waiting at other times.

/** So many of the last lulls are remembered; a gap before them counts as waiting. */
const MOST_REMEMBERED = 1000;

/** Follows how many tasks wait. */
export class Lulls {
  private past: { readonly from: number; readonly to: number }[] = [];
  private since: number | undefined = 0;

  /** From `time` on tasks wait, or none. */
  set(waiting: boolean, time: number): void {
    if (!waiting) this.since ??= time;
    else if (this.since !== undefined) {
      if (time > this.since) this.past.push({ from: this.since, to: time });
      if (this.past.length > 2 * MOST_REMEMBERED) this.past.splice(0, MOST_REMEMBERED);
      this.since = undefined;
    }
  }

  /** For how long between two times no task waited. */
  between(from: number, to: number): number {
    let total = this.since === undefined ? 0 : Math.max(0, to - Math.max(from, this.since));
    for (let i = this.past.length - 1; i >= 0 && this.past[i].to > from; i--) {
      total += Math.max(0, Math.min(to, this.past[i].to) - Math.max(from, this.past[i].from));
    }
    return Math.min(total, to - from);
  }
}
