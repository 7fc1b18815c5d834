// An expression in plain TypeScript: the reference that the compiled form must equal, bit for bit.
import { BLOCK, LANES, fillUniform } from '../sampling/stream.js';
import { plainOf } from './operations.js';
import type { DType, Expression, Reduction, Step, TypedArray } from './operations.js';

/** Elements computed at once: the tiles of all steps stay in the first-level cache. BLOCK is a multiple of it. */
const TILE = 2048;

/** The arrays that keep elements of a dtype. */
export const ARRAY_OF = {
  float32: Float32Array,
  float64: Float64Array,
  integer: Float64Array,
  bool: Uint8Array,
};

/** A new array of `length` elements. Storing into it rounds to the dtype. */
export function newArray(dtype: DType, length: number): TypedArray {
  return new ARRAY_OF[dtype](length);
}

/**
 * Computes a checked expression for elements start, start + 1, ..., start + length - 1.
 * @param chunks what its 'chunk' steps read, each `length` elements long
 * @returns a number for a reduction, or (reduce 'none') the elements of the last step
 */
export function interpret(
  { steps, reduce }: Expression,
  start: number,
  length: number,
  chunks: readonly TypedArray[],
): number | TypedArray {
  const last = steps.length - 1;
  const result = reduce === 'none' ? newArray(steps[last].dtype, length) : undefined;
  const total = new Total(reduce);
  // A stream is drawn a block at a time, because a generator starts at the first sample of a block.
  const buffers = steps.map(({ op, dtype }) =>
    newArray(dtype, Math.min(length, op === 'uniform' ? BLOCK : TILE)),
  );
  for (let i = start, end: number; i < start + length; i = end) {
    end = Math.min(start + length, i - (i % BLOCK) + BLOCK);
    steps.forEach((step, s) => step.op === 'uniform' && fillStream(step, buffers[s].subarray(0, end - i), i));
    for (let t = i; t < end; t += TILE) {
      const size = Math.min(TILE, end - t);
      const tiles = steps.map(({ op }, s) => {
        const from = op === 'uniform' ? t - i : 0;
        return buffers[s].subarray(from, from + size);
      });
      steps.forEach((step, s) => fillTile(step, tiles, tiles[s], t, t - start, chunks));
      if (result) result.set(tiles[last], t - start);
      else total.add(tiles[last], t);
    }
    total.endBlock();
  }
  return result ?? total.value;
}

function fillStream(step: Step & { op: 'uniform' }, out: TypedArray, i: number): void {
  const samples = out instanceof Float32Array ? out : new Float32Array(out.length);
  fillUniform(samples, step.key, step.stream, i);
  if (samples !== out) out.set(samples);
}

/** Computes one step of a tile: element i, which is element `offset` of the chunks, and those after it. */
function fillTile(
  step: Step,
  tiles: readonly TypedArray[],
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
      const [a, b = a, c = a] = step.args.map((arg) => tiles[arg]); // operands that are not there are not read
      for (let k = 0; k < out.length; k++) out[k] = plain(a[k], b[k], c[k]);
    }
  }
}

/** What a reduction of no elements gives. */
export const EMPTY: { readonly [reduce in Reduction]: number } = {
  none: 0,
  count: 0,
  sum: 0,
  min: Infinity,
  max: -Infinity,
  indices: 0,
};

/**
 * Adds the four lanes of one more block to the total of earlier blocks. Both engines reduce in this one order: within a
 * block, element i goes to lane i mod 4 (a float64 for sums). At the block's end the sum is (0 + 1) + (2 + 3), and blocks
 * are added in order. So the sum of n floats in b blocks is off by at most (16 384 + 2 + b) * 2^-53 * the sum of |x|.
 */
export function foldLanes(reduce: Reduction, total: number, lanes: ArrayLike<number>): number {
  const { 0: a, 1: b, 2: c, 3: d } = lanes;
  if (reduce === 'min') return Math.min(total, a, b, c, d);
  if (reduce === 'max') return Math.max(total, a, b, c, d);
  return total + (a + b + (c + d));
}

/** The total so far, and the lanes of the current block. */
class Total {
  value: number;
  private readonly lanes = new Float64Array(LANES);

  constructor(private readonly reduce: Reduction) {
    this.value = EMPTY[reduce];
    this.lanes.fill(EMPTY[reduce]);
  }

  /** Adds the elements of a tile, the first of which is element i. */
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
