// Keeps what a learner writes, in this browser. Each cell has an entry of its own, so two tabs that edit different cells of
// one notebook never overwrite one another.

export interface Kept {
  /** What the learner wrote. */
  readonly text: string;
  /** The lesson's own text at that time: if it differs today, the lesson has changed since. */
  readonly original: string;
}

/** The entries of one notebook. */
export class Shelf {
  private readonly storage = storageThatWorks();

  /** @param name of the notebook, with its place: entries of other lessons on this host are not touched */
  constructor(private readonly name: string) {}

  /** Whether the browser keeps anything. In some private windows it does not. */
  get works(): boolean {
    return this.storage !== undefined;
  }

  /** What is kept of a cell; undefined if there is nothing, or nothing that can be read. */
  get(cell: string): Kept | undefined {
    try {
      const kept = JSON.parse(this.storage?.getItem(this.keyOf(cell)) ?? '') as Partial<Kept>;
      return typeof kept.text === 'string' && typeof kept.original === 'string' ? (kept as Kept) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a cell. @returns false if the browser refuses, because its space is used up or it keeps nothing */
  set(cell: string, kept: Kept): boolean {
    try {
      this.storage?.setItem(this.keyOf(cell), JSON.stringify(kept));
      return this.works;
    } catch {
      return false;
    }
  }

  delete(cell: string): void {
    this.storage?.removeItem(this.keyOf(cell));
  }

  /** The cells that are kept, in no particular order. */
  cells(): string[] {
    const start = this.keyOf('');
    return Object.keys(this.storage ?? {}).flatMap((key) =>
      key.startsWith(start) ? [key.slice(start.length)] : [],
    );
  }

  /** Notes the number of the cell that runs in this tab, or that none does. */
  mark(running?: number): void {
    if (!this.works) return;
    if (running === undefined) sessionStorage.removeItem(this.keyOf('runs'));
    else sessionStorage.setItem(this.keyOf('runs'), String(running));
  }

  /** The number of the cell that ran when this tab's page broke off, if it did. */
  marked(): string | null {
    const number = this.works ? sessionStorage.getItem(this.keyOf('runs')) : null;
    this.mark();
    return number;
  }

  private keyOf(cell: string): string {
    return `lolas-pi 1 ${this.name} ${cell}`;
  }
}

/** What this browser keeps; undefined if it keeps nothing, as in some private windows. */
export function storageThatWorks(): Storage | undefined {
  try {
    localStorage.setItem('lolas-pi probe', '');
    localStorage.removeItem('lolas-pi probe');
    return localStorage;
  } catch {
    return undefined;
  }
}
