// One-dimensional arrays that know their chunks and compute nothing until asked: what you work with in stage 3.
import { InvalidArgumentError, show } from '../errors.js';
import { DTYPES, checkName } from '../task/evaluate.js';
import type { DType, ElementwiseName, Reduction } from '../task/operations.js';
import { describeChunks } from './chunks.js';
import { convert, elementwise, newNode, type ArrayNode } from './node.js';

/** A number stands for an array of it, with the other operand's length, chunks and dtype. */
export type Operand = ChunkedArray | number;

/** How an array becomes a number. */
export type ReductionName = 'sum' | 'count' | 'mean' | 'min' | 'max';

/** A number that is not computed yet (see compute). Use the methods of ChunkedArray to make one. */
export class LazyNumber {
  constructor(readonly node: ArrayNode) {}

  get key(): string {
    return this.node.key;
  }

  toString(): string {
    const [array] = this.node.args as readonly ArrayNode[];
    return `number ${this.key} of ${array.key}, not computed yet`;
  }
}

/**
 * An array of `length` elements in chunks. Methods return a new array or number and compute nothing. They refuse a
 * mistake at once, with an InvalidArgumentError.
 *
 * Arithmetic takes numbers of any dtype and gives the wider one (float32 with integer: float64). On float32, every
 * operation rounds to float32. Both operands need the same chunks. Bools are not numbers: use astype.
 */
export class ChunkedArray {
  /** Use random.uniform, full, arange or fromArray. */
  constructor(readonly node: ArrayNode) {}

  /** Elements; NaN for where(condition), whose length is known only after a computation. */
  get length(): number {
    return isSelection(this.node) ? NaN : this.node.chunks.length;
  }
  /** The sizes of the chunks, in order. */
  get chunks(): readonly number[] {
    const { sizes } = this.node.chunks;
    return isSelection(this.node) ? sizes.map(() => NaN) : sizes;
  }
  get dtype(): DType {
    return this.node.dtype;
  }
  /** Names the array in tasks, events and errors. */
  get key(): string {
    return this.node.key;
  }

  readonly add = (other: Operand) => apply('add', this, other);
  readonly subtract = (other: Operand) => apply('subtract', this, other);
  readonly multiply = (other: Operand) => apply('multiply', this, other);
  readonly divide = (other: Operand) => apply('divide', this, other);
  readonly square = () => apply('multiply', this, this);
  readonly sqrt = () => apply('sqrt', this);
  readonly abs = () => apply('abs', this);
  readonly less = (other: Operand) => apply('less', this, other);
  readonly lessEqual = (other: Operand) => apply('lessEqual', this, other);
  readonly greater = (other: Operand) => apply('greater', this, other);
  readonly greaterEqual = (other: Operand) => apply('greaterEqual', this, other);
  readonly equal = (other: Operand) => apply('equal', this, other);
  readonly notEqual = (other: Operand) => apply('notEqual', this, other);
  /** True where both bool arrays are. */
  readonly and = (other: ChunkedArray) => apply('and', this, other);
  /** True where at least one of the two bool arrays is. */
  readonly or = (other: ChunkedArray) => apply('or', this, other);
  readonly not = () => apply('not', this);

  /**
   * The elements as another dtype. 'integer' cuts off the fraction (NaN and infinities, which are no integers, stay).
   * 'bool' is true for everything but 0.
   */
  astype(dtype: DType): ChunkedArray {
    checkName('astype: dtype', dtype, DTYPES);
    return new ChunkedArray(convert(nodeOf('astype', this), dtype));
  }

  /**
   * The sum. Of bools and integers it is exact up to 2^53. Floats are added as float64: four partial sums a block of
   * 65 536, blocks in order, chunks as a tree. It is off by at most
   * (16 386 + blocks a chunk + log2 chunks) * 2^-53 * the sum of |x|.
   */
  sum(): LazyNumber {
    return numberOf('sum', this);
  }
  /** How many elements are true, or not 0. Exact up to 2^53. */
  count(): LazyNumber {
    return numberOf('count', this);
  }
  /** sum / length, with the error bound of sum. */
  mean(): LazyNumber {
    return numberOf('mean', this);
  }
  /** The least element; NaN if one is NaN. */
  min(): LazyNumber {
    return numberOf('min', this);
  }
  /** The greatest element; NaN if one is NaN. */
  max(): LazyNumber {
    return numberOf('max', this);
  }

  toString(): string {
    const length = Number.isNaN(this.length) ? 'unknown length' : `length ${this.length}`;
    return `array ${this.key}: ${this.dtype}, ${length}, ${describeChunks(this.chunks)}, not computed yet`;
  }
}

/**
 * where(condition) gives the indices of the true elements. Only compute can use it: it has no length before.
 * where(condition, a, b) gives a where the condition is true, and b elsewhere.
 */
export function where(condition: ChunkedArray): ChunkedArray;
export function where(condition: ChunkedArray, a: Operand, b: Operand): ChunkedArray;
export function where(condition: ChunkedArray, ...operands: Operand[]): ChunkedArray {
  const node = nodeOf('where', condition);
  if (node.dtype !== 'bool')
    throw new InvalidArgumentError(
      `where: the condition must be a bool array, got ${node.dtype}. Compare first, as in x.less(1).`,
    );
  if (operands.length > 0) return apply('where', condition, operands[0], operands[1]);
  return new ChunkedArray(reductionOf('where', 'indices', 'integer', node));
}

function apply(name: ElementwiseName, ...operands: readonly Operand[]): ChunkedArray {
  const nodes = operands.map((operand) => (typeof operand === 'number' ? operand : nodeOf(name, operand)));
  return new ChunkedArray(elementwise(name, nodes));
}

function numberOf(name: ReductionName, array: ChunkedArray): LazyNumber {
  const node = nodeOf(name, array);
  const reduce = name !== 'sum' && name !== 'mean' ? name : node.dtype === 'bool' ? 'count' : 'sum';
  if (node.chunks.length > 0 || name === 'sum' || name === 'count')
    return new LazyNumber(reductionOf(name, reduce, node.dtype, node));
  throw new InvalidArgumentError(
    `${name}: ${node.key} has no elements, and the ${name} of an empty array is undefined. Ask for its sum() or count().`,
  );
}

function reductionOf(name: string, reduce: Reduction, dtype: DType, node: ArrayNode): ArrayNode {
  return newNode({ op: 'reduction', name, reduce, dtype, chunks: node.chunks, args: [node] });
}

function nodeOf(caller: string, operand: unknown): ArrayNode {
  if (!(operand instanceof ChunkedArray)) {
    const remedy = operand instanceof LazyNumber ? 'Compute it first.' : 'Make one with fromArray.';
    throw new InvalidArgumentError(
      `${caller}: an operand must be a chunked array or a number, got ${show(operand)}. ${remedy}`,
    );
  }
  if (!isSelection(operand.node)) return operand.node;
  throw new InvalidArgumentError(
    `${caller}: the length of ${operand.key} is not known before a computation. Compute it, then use fromArray.`,
  );
}

function isSelection(node: ArrayNode): boolean {
  return node.op === 'reduction';
}
