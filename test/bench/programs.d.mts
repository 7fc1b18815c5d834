// Types of programs.mjs, for the TypeScript that imports it.

/** A program that peers need, by the name of what they need. */
export interface Tools {
  readonly [need: string]: { readonly program: string; readonly version: string };
}

/** What the bench can run: see subjects.mjs. */
export interface Subject {
  readonly name: string;
  readonly label: string;
  readonly sizes: readonly number[];
  readonly needs?: string;
  readonly compile?: readonly string[];
  /** What a sample takes at the program's peak. */
  readonly bytes?: number;
  readonly whole?: boolean;
  readonly command: (
    samples: number,
    built: { readonly program?: string; readonly key: readonly number[] },
  ) => readonly (string | number)[];
}

export interface Item {
  readonly subject: Subject;
  readonly samples: number;
  readonly command: readonly string[];
}

/** One line of JSON, as test/bench/peers/README.md describes it. */
export interface Line {
  readonly samples?: number;
  /** In place of samples, where a program measures the price of a task. */
  readonly tasks?: number;
  readonly medianLatencySeconds?: readonly number[];
  readonly seconds: number | readonly number[];
  readonly cpuSeconds?: readonly number[];
  readonly peakMemoryBytes?: number;
  readonly inside?: number;
  readonly pi?: number;
}

export interface Absent {
  readonly subject: string;
  readonly label: string;
  readonly reason: string;
  readonly install?: string;
}

interface Where {
  readonly folder: string;
  readonly signal: AbortSignal;
}

export function findTools(ask?: (file: string, args: readonly string[]) => string): Tools;
export function prepareItems(
  subjects: readonly Subject[],
  given: Where & {
    readonly tools: Tools;
    readonly install: { readonly [need: string]: string };
    readonly key: readonly number[];
    readonly memoryBytes: number;
  },
): Promise<{ readonly items: Item[]; readonly absent: Absent[] }>;
export function measure(
  item: Item,
  where: Where,
): Promise<Line & { readonly seconds: number; readonly medianLatencySeconds?: number }>;
export function parseLine(stdout: string, samples: number): Line;
export function run(
  command: readonly string[],
  where: Where,
): Promise<{ readonly stdout: string; readonly seconds: number; readonly cpuSeconds?: number }>;
