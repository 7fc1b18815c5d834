// One-dimensional arrays that know their chunks and compute nothing until asked: what readers of stage 3 work with.
import { InvalidArgumentError, show } from '../errors.js';
import type { DType, ElementwiseName } from '../task/task.js';
import { cut, describeChunks, selectedBy, type ChunkSpec } from './chunks.js';
import { ITEM_BYTES, dataNode, mintKey, type ArrayNode } from './node.js';
import { checkAlike, checkDType, checkIndices, checkKnown, converted, elementwise, recut } from './rules.js';

/** A number stands for an array of it, of the other operand's length, chunks and dtype. */
export type Operand = ChunkedArray | number;

/** How an array becomes a number. */
export type ReductionName = 'sum' | 'mean' | 'std' | 'min' | 'max' | 'countNonzero';

/** A number that is not computed yet (see compute). */
export class LazyNumber {
  readonly key: string;

  /** Use the methods of ChunkedArray. */
  constructor(
    readonly node: ArrayNode,
    readonly reduction: ReductionName,
  ) {
    const needsOne = reduction !== 'sum' && reduction !== 'countNonzero';
    if (needsOne && node.chunks.length === 0) throw noElements(reduction, node.key);
    this.key = mintKey(reduction);
  }

  toString(): string {
    return `number ${this.key} of ${this.node.key}, not computed yet`;
  }
}

/** What to say of the mean, std, min or max of nothing. */
export function noElements(reduction: ReductionName, key: string): InvalidArgumentError {
  const remedy = 'Ask for its sum() or countNonzero(), or for more elements.';
  return new InvalidArgumentError(
    `${reduction}: ${key} has no elements, and nothing has no ${reduction}. ${remedy}`,
  );
}

/**
 * An array of `length` elements in chunks. A method gives a new array or number and computes nothing; mistakes are
 * refused there and then with an InvalidArgumentError.
 *
 * Arithmetic takes numbers of any dtype and gives the wider one (float32 with integer: float64); on float32 each single
 * operation rounds to float32. Both operands need the same chunks (see rechunk). Bools are no numbers: astype.
 */
export class ChunkedArray {
  /** Use random.uniform, full, arange or fromArray. */
  constructor(readonly node: ArrayNode) {}

  /** Elements; NaN where only a computation tells, as after where(condition). */
  get length(): number {
    return this.node.chunks.length;
  }
  /** The sizes of the chunks, in order. */
  get chunks(): readonly number[] {
    return this.node.chunks.sizes;
  }
  get dtype(): DType {
    return this.node.dtype;
  }
  /** Names the array in tasks, events and errors. */
  get key(): string {
    return this.node.key;
  }

  add(other: Operand): ChunkedArray {
    return apply('add', this, other);
  }
  subtract(other: Operand): ChunkedArray {
    return apply('subtract', this, other);
  }
  multiply(other: Operand): ChunkedArray {
    return apply('multiply', this, other);
  }
  divide(other: Operand): ChunkedArray {
    return apply('divide', this, other);
  }
  square(): ChunkedArray {
    return apply('multiply', this, this);
  }
  sqrt(): ChunkedArray {
    return apply('sqrt', this);
  }
  abs(): ChunkedArray {
    return apply('abs', this);
  }
  less(other: Operand): ChunkedArray {
    return apply('less', this, other);
  }
  lessEqual(other: Operand): ChunkedArray {
    return apply('lessEqual', this, other);
  }
  greater(other: Operand): ChunkedArray {
    return apply('greater', this, other);
  }
  greaterEqual(other: Operand): ChunkedArray {
    return apply('greaterEqual', this, other);
  }
  equal(other: Operand): ChunkedArray {
    return apply('equal', this, other);
  }
  notEqual(other: Operand): ChunkedArray {
    return apply('notEqual', this, other);
  }
  /** True where both are; of two bool arrays. */
  and(other: ChunkedArray): ChunkedArray {
    return apply('and', this, other);
  }
  /** True where one is or both are; of two bool arrays. */
  or(other: ChunkedArray): ChunkedArray {
    return apply('or', this, other);
  }
  not(): ChunkedArray {
    return apply('not', this);
  }

  /**
   * The elements as another type. To 'integer' cuts the fraction off (NaN and infinities, which are no integers, stay);
   * to 'bool' is true for all but 0.
   */
  astype(dtype: DType): ChunkedArray {
    checkDType('astype', dtype);
    return new ChunkedArray(converted(this.node, dtype));
  }

  /**
   * The same elements in other chunks: a size, a list of sizes (another array's `chunks`), -1 or 'auto'. What the array
   * is made from is cut anew, down to its random streams, so no element is moved from chunk to chunk.
   */
  rechunk(chunks: ChunkSpec): ChunkedArray {
    checkKnown('rechunk', this.node);
    return new ChunkedArray(recut(this.node, cut('rechunk', this.length, chunks, ITEM_BYTES[this.dtype])));
  }

  /** The elements for which `condition` is true, in as many chunks, whose sizes are not known before a computation. */
  compress(condition: ChunkedArray): ChunkedArray {
    const by = conditionOf('compress', condition);
    checkAlike('compress', this.node, by);
    const args = [this.node, by];
    return newArray({ op: 'compress', name: 'compress', dtype: this.dtype, chunks: selectedBy(by), args });
  }

  /** The elements at the given indices (0 to length - 1): a list, or an integer array such as where(condition) gives. */
  take(indices: ChunkedArray | readonly number[]): ChunkedArray {
    const { node: from, dtype } = this;
    checkKnown('take', from);
    const places = Array.isArray(indices)
      ? dataNode('indices', 'integer', [Float64Array.from(indices)])
      : nodeOf('take', indices);
    if (places.dtype !== 'integer') {
      throw new InvalidArgumentError(
        `take: indices must be of dtype integer, got ${places.dtype}. Use astype('integer').`,
      );
    }
    // What is at hand is checked here; other indices are once they are computed.
    if (places.op === 'data') for (const piece of places.pieces) checkIndices('take', piece, this.length);
    return newArray({ op: 'take', name: 'take', dtype, chunks: places.chunks, args: [places], from });
  }

  /**
   * The sum. Of bools and integers exact up to 2^53. Of n floats, added as float64: four partial sums a block of 65 536,
   * blocks in their order, chunks as a tree; off by at most (16 386 + blocks a chunk + log2 chunks) * 2^-53 * sum of |x|.
   */
  sum(): LazyNumber {
    return new LazyNumber(this.node, 'sum');
  }
  /** How many elements are not 0; exact up to 2^53. */
  countNonzero(): LazyNumber {
    return new LazyNumber(this.node, 'countNonzero');
  }
  /** sum / length, with the error bound of sum. */
  mean(): LazyNumber {
    return new LazyNumber(this.node, 'mean');
  }
  /** The standard deviation of these elements (divided by n, as in NumPy), from deviations from the mean: no cancellation. */
  std(): LazyNumber {
    return new LazyNumber(this.node, 'std');
  }
  /** The least element; NaN if one is NaN. */
  min(): LazyNumber {
    return new LazyNumber(this.node, 'min');
  }
  /** The greatest element; NaN if one is NaN. */
  max(): LazyNumber {
    return new LazyNumber(this.node, 'max');
  }

  toString(): string {
    const length = Number.isNaN(this.length) ? 'unknown length' : `length ${this.length}`;
    return `array ${this.key}: ${this.dtype}, ${length}, ${describeChunks(this.node.chunks)}, not computed yet`;
  }
}

/**
 * where(condition) gives the indices of the true elements, in chunks of sizes that only a computation tells.
 * where(condition, a, b) gives a where it is true and else b.
 */
export function where(condition: ChunkedArray): ChunkedArray;
export function where(condition: ChunkedArray, a: Operand, b: Operand): ChunkedArray;
export function where(condition: ChunkedArray, ...operands: Operand[]): ChunkedArray {
  const node = conditionOf('where', condition);
  if (operands.length === 2) return apply('where', condition, ...operands);
  if (operands.length !== 0) {
    throw new InvalidArgumentError(
      `where: takes a condition and 0 or 2 operands, got ${operands.length}. Give one for true and one for false.`,
    );
  }
  checkKnown('where', node);
  return newArray({ op: 'indices', name: 'where', dtype: 'integer', chunks: selectedBy(node), args: [node] });
}

type Unnamed<T> = T extends unknown ? Omit<T, 'key'> : never;

function newArray(node: Unnamed<ArrayNode>): ChunkedArray {
  return new ChunkedArray({ ...node, key: mintKey(node.name) });
}

function apply(name: ElementwiseName, ...operands: readonly Operand[]): ChunkedArray {
  const nodes = operands.map((operand) => (typeof operand === 'number' ? operand : nodeOf(name, operand)));
  return new ChunkedArray(elementwise(name, nodes));
}

function nodeOf(caller: string, operand: unknown): ArrayNode {
  if (operand instanceof ChunkedArray) return operand.node;
  const remedy = operand instanceof LazyNumber ? 'Compute it first.' : 'Make one with fromArray.';
  throw new InvalidArgumentError(
    `${caller}: an operand must be a chunked array or a number, got ${show(operand)}. ${remedy}`,
  );
}

function conditionOf(caller: string, condition: ChunkedArray): ArrayNode {
  const node = nodeOf(caller, condition);
  if (node.dtype === 'bool') return node;
  throw new InvalidArgumentError(
    `${caller}: the condition must be a bool array, got ${node.dtype}. Compare first, as in x.less(1).`,
  );
}
