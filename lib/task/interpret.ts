// An expression in plain TypeScript: the reference that the compiled form must equal, bit for bit.
import { BLOCK, LANES, fillUniform } from '../sampling/stream.js';
import { ELEMENTWISE } from './operations.js';
import type { DType, Expression, Reduction, Step, TypedArray } from './task.js';

/** Elements computed at once: every step's tile stays in the first-level cache. BLOCK is a multiple of it. */
const TILE = 2048;

/**
 * Computes an expression for elements start, start + 1, ..., start + length - 1.
 * @param chunks what its 'chunk' steps name, each `length` elements long
 * @returns a number for a reduction, or the elements of the last step (length `length`)
 */
export function interpret(expression: Expression, start: number, length: number, chunks: readonly TypedArray[]): number | TypedArray {
  const { steps, reduce } = expression;
  const tiles = steps.map((step) => newArray(step.dtype, TILE));
  const last = steps.length - 1;
  const result = reduce === 'none' ? newArray(steps[last].dtype, length) : undefined;
  const total = new Accumulator(reduce);
  for (let i = start; i < start + length; ) {
    // A tile ends where a block does, so that both engines add up sums in the same order.
    const size = Math.min(TILE - (i % TILE), start + length - i);
    steps.forEach((step, s) => fillTile(step, tiles, tiles[s].subarray(0, size), i, i - start, chunks));
    if (result) result.set(tiles[last].subarray(0, size), i - start);
    else total.add(tiles[last], i, size);
    i += size;
  }
  return result ?? total.value();
}

/** A new array of `length` elements; storing into it rounds to the dtype. */
export function newArray(dtype: DType, length: number): TypedArray {
  if (dtype === 'float32') return new Float32Array(length);
  return dtype === 'bool' ? new Uint8Array(length) : new Float64Array(length);
}

function fillTile(step: Step, tiles: readonly TypedArray[], out: TypedArray, i: number, offset: number, chunks: readonly TypedArray[]): void {
  switch (step.op) {
    case 'uniform':
      return fillStream(step, out, i);
    case 'index':
      for (let k = 0; k < out.length; k++) out[k] = i + k;
      return;
    case 'constant':
      out.fill(step.value);
      return;
    case 'chunk':
      out.set(chunks[step.chunk].subarray(offset, offset + out.length));
      return;
    default: {
      const { plain } = ELEMENTWISE[step.op];
      const [a, b, c] = step.args.map((arg) => tiles[arg]);
      if (step.args.length === 1) for (let k = 0; k < out.length; k++) out[k] = plain(a[k], 0, 0);
      else if (step.args.length === 2) for (let k = 0; k < out.length; k++) out[k] = plain(a[k], b[k], 0);
      else for (let k = 0; k < out.length; k++) out[k] = plain(a[k], b[k], c[k]);
    }
  }
}

function fillStream(step: Step & { op: 'uniform' }, out: TypedArray, i: number): void {
  if (out instanceof Float32Array) return fillUniform(out, step.key, step.stream, i);
  const samples = new Float32Array(out.length);
  fillUniform(samples, step.key, step.stream, i);
  out.set(samples);
}

/**
 * Adds up elements in the one order that both engines keep: within a block, element i goes to accumulator i mod 4
 * (a float64); at the block's end the sum is (0 + 1) + (2 + 3), and blocks are added in their order.
 */
class Accumulator {
  private total: number;
  private readonly lanes = new Float64Array(LANES);

  constructor(private readonly reduce: Reduction) {
    this.total = reduce === 'min' ? Infinity : reduce === 'max' ? -Infinity : 0;
  }

  add(tile: TypedArray, i: number, size: number): void {
    if (this.reduce === 'min') for (let k = 0; k < size; k++) this.total = Math.min(this.total, tile[k]);
    else if (this.reduce === 'max') for (let k = 0; k < size; k++) this.total = Math.max(this.total, tile[k]);
    else if (this.reduce === 'count') for (let k = 0; k < size; k++) this.total += +(tile[k] !== 0);
    else {
      for (let k = 0; k < size; k++) this.lanes[(i + k) % LANES] += tile[k];
      if ((i + size) % BLOCK === 0) this.endBlock();
    }
  }

  value(): number {
    if (this.reduce === 'sum') this.endBlock();
    return this.total;
  }

  private endBlock(): void {
    const [a, b, c, d] = this.lanes;
    this.total += a + b + (c + d);
    this.lanes.fill(0);
  }
}
