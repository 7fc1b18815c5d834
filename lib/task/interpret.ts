// An expression in plain TypeScript: the reference that the compiled form must equal, bit for bit.
import { BLOCK, LANES, fillUniform } from '../sampling/stream.js';
import { plainOf } from './operations.js';
import type { DType, Expression, Reduction, Step, TypedArray } from './task.js';

/** Elements computed at once: every step's tile stays in the first-level cache. BLOCK is a multiple of it. */
const TILE = 2048;

/** What arrays of a dtype are kept in. */
export const ARRAY_OF = {
  float32: Float32Array,
  float64: Float64Array,
  integer: Float64Array,
  bool: Uint8Array,
};

/** A new array of `length` elements; storing into it rounds to the dtype. */
export function newArray(dtype: DType, length: number): TypedArray {
  return new ARRAY_OF[dtype](length);
}

/**
 * Computes an expression for elements start, start + 1, ..., start + length - 1.
 * @param chunks what its 'chunk' steps name, each `length` elements long
 * @returns a number for a reduction, or the elements of the last step (length `length`)
 */
export function interpret(
  expression: Expression,
  start: number,
  length: number,
  chunks: readonly TypedArray[],
): number | TypedArray {
  const { steps, reduce } = expression;
  const last = steps.length - 1;
  const result = reduce === 'none' ? newArray(steps[last].dtype, length) : undefined;
  const total = new Total(reduce);
  const streams = steps.map((step) =>
    newArray(step.dtype, step.op === 'uniform' ? Math.min(length, BLOCK) : 0),
  );
  const tiles = steps.map((step) => newArray(step.dtype, step.op === 'uniform' ? 0 : Math.min(length, TILE)));
  for (let i = start; i < start + length;) {
    const block = i;
    const end = Math.min(start + length, i - (i % BLOCK) + BLOCK);
    // A stream is drawn a block at a time, since a generator starts at its block's first sample.
    steps.forEach((step, s) => step.op === 'uniform' && fillStream(step, streams[s].subarray(0, end - i), i));
    for (; i < end;) {
      const size = Math.min(TILE, end - i);
      const values = steps.map((step, s) =>
        step.op === 'uniform' ? streams[s].subarray(i - block, i - block + size) : tiles[s].subarray(0, size),
      );
      steps.forEach((step, s) => fillTile(step, values, values[s], i, i - start, chunks));
      if (result) result.set(values[last], i - start);
      else total.add(values[last], i);
      i += size;
    }
    total.endBlock();
  }
  return result ?? total.value;
}

function fillStream(step: Step & { op: 'uniform' }, out: TypedArray, i: number): void {
  if (out instanceof Float32Array) return fillUniform(out, step.key, step.stream, i);
  const samples = new Float32Array(out.length);
  fillUniform(samples, step.key, step.stream, i);
  out.set(samples);
}

function fillTile(
  step: Step,
  values: readonly TypedArray[],
  out: TypedArray,
  i: number,
  offset: number,
  chunks: readonly TypedArray[],
): void {
  switch (step.op) {
    case 'uniform':
      return;
    case 'index':
      for (let k = 0; k < out.length; k++) out[k] = i + k;
      return;
    case 'constant':
      out.fill(step.value);
      return;
    case 'chunk':
      out.set(chunks[step.chunk].subarray(offset, offset + out.length));
      // Bytes from elsewhere may be more than 0 and 1.
      if (step.dtype === 'bool') for (let k = 0; k < out.length; k++) out[k] = +(out[k] !== 0);
      return;
    default: {
      const plain = plainOf(step);
      const [a, b, c] = step.args.map((arg) => values[arg]);
      if (step.args.length === 1) for (let k = 0; k < out.length; k++) out[k] = plain(a[k], 0, 0);
      else if (step.args.length === 2) for (let k = 0; k < out.length; k++) out[k] = plain(a[k], b[k], 0);
      else for (let k = 0; k < out.length; k++) out[k] = plain(a[k], b[k], c[k]);
    }
  }
}

/** What a reduction of nothing gives. */
export const EMPTY: { readonly [reduce in Reduction]: number } = {
  none: 0,
  count: 0,
  sum: 0,
  min: Infinity,
  max: -Infinity,
};

/**
 * Adds to the total of earlier blocks the four lanes' values of one more. Both engines reduce in this one order: within a
 * block, element i goes to lane i mod 4 (a float64 for sums); at the block's end the sum is (0 + 1) + (2 + 3), and blocks
 * are added in their order. So the sum of n floats in b blocks is off by at most (16 384 + 2 + b) * 2^-53 * the sum of |x|.
 */
export function foldLanes(
  reduce: Reduction,
  total: number,
  [a, b, c, d]: ArrayLike<number> & Iterable<number>,
): number {
  if (reduce === 'min') return Math.min(total, a, b, c, d);
  if (reduce === 'max') return Math.max(total, a, b, c, d);
  return total + (a + b + (c + d));
}

/** The total so far, and the lanes of the block under way. */
class Total {
  value: number;
  private readonly lanes = new Float64Array(LANES);

  constructor(private readonly reduce: Reduction) {
    this.value = EMPTY[reduce];
    this.lanes.fill(EMPTY[reduce]);
  }

  /** Adds the elements of a tile, of which the first is element i. */
  add(tile: TypedArray, i: number): void {
    const { reduce, lanes } = this;
    for (let k = 0, lane = i % LANES; k < tile.length; k++, lane = (lane + 1) & 3) {
      if (reduce === 'min') lanes[lane] = Math.min(lanes[lane], tile[k]);
      else if (reduce === 'max') lanes[lane] = Math.max(lanes[lane], tile[k]);
      else lanes[lane] += reduce === 'count' ? +(tile[k] !== 0) : tile[k];
    }
  }

  endBlock(): void {
    this.value = foldLanes(this.reduce, this.value, this.lanes);
    this.lanes.fill(EMPTY[this.reduce]);
  }
}
