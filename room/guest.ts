// What the room keeps of a guest, also after it has left: one record a device.

/** What the wall says of a guest. */
export type GuestState = 'computing' | 'waiting' | 'slow' | 'left' | 'lied';

/** How fast old results are forgotten in a rate (ms). */
const RATE_MS = 4000;

export class Guest {
  /** Its connection now, if there is one. */
  peer: number | undefined;
  /** When that one was opened. */
  openedAt = 0;
  threads = 0;
  /** Samples and results that it has delivered, as far as they are believed. */
  samples = 0;
  inside = 0;
  results = 0;
  /** Tasks that were given to others because it left or was too slow. */
  lentAgain = 0;
  /** How long one of its tasks takes, as seen from here (ms); unknown before its first result. */
  taskMs: number | undefined;
  slow = false;
  lied = false;
  /** Messages since the last tick. */
  messages = 0;
  private recent = 0;
  private recentAt: number;

  /**
   * @param key its own secret, by which it is known when it comes back
   * @param name what the wall calls it; no other guest has the same
   */
  constructor(
    readonly key: string,
    readonly name: string,
    private readonly since: number,
  ) {
    this.recentAt = since;
  }

  /** A result has come: `tasks` tasks, `tookMs` after they were sent. */
  deliver(tasks: number, tookMs: number, now: number): void {
    const taskMs = tookMs / tasks;
    this.taskMs = this.taskMs === undefined ? taskMs : 0.7 * this.taskMs + 0.3 * taskMs;
    this.slow = false;
    this.recent = this.faded(now);
    this.recentAt = now;
  }

  /** A result that it delivered is counted. */
  count(inside: number, samples: number): void {
    this.results++;
    this.inside += inside;
    this.samples += samples;
    this.recent += samples;
  }

  /** Samples a second, over the last few seconds. */
  rate(now: number): number {
    const sinceMs = Math.max(1, now - this.since);
    return (1000 * this.faded(now)) / (RATE_MS * (1 - Math.exp(-sinceMs / RATE_MS)));
  }

  state(busy: boolean): GuestState {
    if (this.lied) return 'lied';
    if (this.peer === undefined) return this.slow ? 'slow' : 'left';
    return busy ? 'computing' : 'waiting';
  }

  private faded(now: number): number {
    return this.recent * Math.exp((this.recentAt - now) / RATE_MS);
  }
}
