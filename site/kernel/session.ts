// What a kernel knows: the names of all cells so far. It runs one cell at a time, in any thread of any JavaScript engine.
import type { Outputs } from './outputs.js';
import { rewrite } from './rewrite.js';
import { shownError, sourceUrl } from './trace.js';

/** Finds what a cell imports. */
export type Load = (path: string) => Promise<object>;

type Body = (names: object, load: Load) => Promise<unknown[] | undefined>;

/** How an interrupted cell ends. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A run of cells that share their names. */
export class Session {
  /** A name that no cell has declared is looked up in the prototype, which refuses it as the language would. */
  private readonly names: Record<string, unknown> = Object.create(
    new Proxy({}, { get: (_, name) => refuse(name), set: (_, name) => refuse(name) }),
  ) as Record<string, unknown>;
  private stop: (reason: Error) => void = () => {};
  /** How many cells have been run. */
  count = 0;

  constructor(
    private readonly load: Load,
    private readonly outputs: Outputs,
  ) {}

  /** Runs a cell and shows what comes of it. @returns whether it ended without an error */
  async run(cell: string, source: string): Promise<boolean> {
    this.count++;
    this.outputs.begin(cell);
    try {
      const { code, declared } = rewrite(source, this.isKnown);
      const body = evaluate(code + sourceUrl(cell)) as Body;
      for (const name of declared) this.declare(name);
      const interrupted = new Promise<never>((_, reject) => (this.stop = reject));
      const value = (await Promise.race([body(this.names, this.load), interrupted]))?.[0];
      if (value !== undefined && value !== null) console.log(value);
      return true;
    } catch (error) {
      const { ename, evalue, traceback } = shownError(error);
      this.outputs.showError(ename, evalue, traceback);
      return false;
    } finally {
      this.outputs.end();
    }
  }

  /** Gives up the cell that waits for something. Its runs are for the caller to end (see endAllRuns); what else it has begun goes on. */
  interrupt(): void {
    this.stop(new Interrupted('the cell was stopped while it waited, and all runs with it.'));
  }

  private readonly isKnown = (name: string): boolean => Object.hasOwn(this.names, name);

  private declare(name: string): void {
    if (!this.isKnown(name))
      Object.defineProperty(this.names, name, { writable: true, enumerable: true, configurable: true });
  }
}

/** In the global scope: a cell sees none of the kernel's own names. */
const evaluate: (code: string) => unknown = eval;

function refuse(name: string | symbol): never {
  throw new ReferenceError(`${String(name)} is not defined`);
}
