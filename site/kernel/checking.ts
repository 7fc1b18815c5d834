// Asks the checker of types about cells. Until it is loaded, and where it does not answer, every cell passes.
const MOST_MS = 10_000;

/** A checker in a worker of its own, which outlives the kernel's. */
export class Checking {
  private worker: Worker | undefined;
  private loading: Promise<void> | undefined;
  private ready = false;
  private readonly asked: ((wrong: readonly string[]) => void)[] = [];
  /** Cells that have run before the checker was there. */
  private ran: string[] = [];

  /** Begins to load the checker. Resolves when it is there, or cannot be loaded. */
  load(): Promise<void> {
    return (this.loading ??= this.open());
  }

  /** What is wrong with the types of a cell that is about to run. */
  check(code: string): Promise<readonly string[]> {
    if (this.ready) return this.ask(code, false);
    this.ran.push(code);
    return Promise.resolve([]);
  }

  /** The kernel has lost its names. */
  reset(): void {
    this.ran = [];
    if (this.ready) this.worker?.postMessage('reset');
  }

  close(): void {
    this.worker?.terminate();
  }

  private ask(code: string, ran: boolean): Promise<readonly string[]> {
    return new Promise((resolve) => {
      const id = this.asked.push(resolve) - 1;
      this.worker?.postMessage({ id, code, ran });
      setTimeout(() => resolve([]), MOST_MS);
    });
  }

  private open(): Promise<void> {
    const worker = new Worker(new URL('./checker.ts', import.meta.url), { type: 'module' });
    this.worker = worker;
    return new Promise((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<'ready' | { id: number; wrong: string[] }>) => {
        if (data !== 'ready') return this.asked[data.id]?.(data.wrong);
        this.ready = true;
        for (const code of this.ran.splice(0)) void this.ask(code, true);
        resolve();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.ready = false;
        for (const answer of this.asked) answer([]);
        resolve();
      };
    });
  }
}
