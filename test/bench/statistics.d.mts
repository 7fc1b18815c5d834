// Types of statistics.mjs, for the TypeScript that imports it.
export function interleave<T>(
  items: readonly T[],
  rounds: number,
): Generator<{ readonly round: number; readonly item: T }>;
export function median(values: readonly number[]): number;
export function range(values: readonly number[]): [number, number];
export function compare(
  how: (a: number, b: number) => number,
  of: (values: readonly number[]) => number,
  a: readonly number[],
  b: readonly number[],
): { readonly value: number; readonly range: [number, number] };
export function digits(value: number): string;
export function short(samples: number): string;
