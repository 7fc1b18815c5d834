// How many bytes wait within a process, for all its connections together: what would be too much waits outside of it.

/** A store with a bound. An item larger than the bound still fits into an empty store, so nothing waits for ever. */
export class Store {
  private used = 0;
  private readonly waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  /** @param kept bytes that the store holds besides those that are booked */
  constructor(
    private readonly most: number,
    private readonly kept: () => number = () => 0,
  ) {}

  /** It holds as much as it may, or more. */
  get isFull(): boolean {
    return this.used + this.kept() >= this.most;
  }

  /** Books bytes and calls `go` as soon as there is room for them, in the order of asking. */
  ask(bytes: number, go: () => void): void {
    this.waiting.push({ bytes, go });
    this.serve();
  }

  /** Counts bytes that have come, or gone. */
  book(bytes: number): void {
    this.used += bytes;
    if (bytes < 0) this.serve();
  }

  /** Lets in what has room now. */
  serve(): void {
    for (let next = this.waiting.at(0); next; next = this.waiting.at(0)) {
      const held = this.used + this.kept();
      if (held > 0 && held + next.bytes > this.most) return;
      this.waiting.shift();
      this.used += next.bytes;
      next.go();
    }
  }
}
