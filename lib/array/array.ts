// One-dimensional arrays that know their chunks and compute nothing until asked: what readers of stage 3 work with.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { ELEMENTWISE } from '../task/operations.js';
import type { DType, ElementwiseName, TypedArray } from '../task/task.js';
import { cut, describeChunks, sameChunks, selectedBy, type ChunkSpec, type Chunks } from './chunks.js';
import { ITEM_BYTES, dataNode, inOrder, mintKey, type ArrayNode, type ElementwiseNode } from './node.js';

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
    this.key = mintKey(reduction);
  }

  toString(): string {
    return `number ${this.key} of ${this.node.key}, not computed yet`;
  }
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
    return elementwise('add', [this, other]);
  }
  subtract(other: Operand): ChunkedArray {
    return elementwise('subtract', [this, other]);
  }
  multiply(other: Operand): ChunkedArray {
    return elementwise('multiply', [this, other]);
  }
  divide(other: Operand): ChunkedArray {
    return elementwise('divide', [this, other]);
  }
  square(): ChunkedArray {
    return elementwise('multiply', [this, this]);
  }
  sqrt(): ChunkedArray {
    return elementwise('sqrt', [this]);
  }
  abs(): ChunkedArray {
    return elementwise('abs', [this]);
  }
  less(other: Operand): ChunkedArray {
    return elementwise('less', [this, other]);
  }
  lessEqual(other: Operand): ChunkedArray {
    return elementwise('lessEqual', [this, other]);
  }
  greater(other: Operand): ChunkedArray {
    return elementwise('greater', [this, other]);
  }
  greaterEqual(other: Operand): ChunkedArray {
    return elementwise('greaterEqual', [this, other]);
  }
  equal(other: Operand): ChunkedArray {
    return elementwise('equal', [this, other]);
  }
  notEqual(other: Operand): ChunkedArray {
    return elementwise('notEqual', [this, other]);
  }
  /** True where both are; of two bool arrays. */
  and(other: ChunkedArray): ChunkedArray {
    return elementwise('and', [this, other]);
  }
  /** True where one is or both are; of two bool arrays. */
  or(other: ChunkedArray): ChunkedArray {
    return elementwise('or', [this, other]);
  }
  not(): ChunkedArray {
    return elementwise('not', [this]);
  }

  /** The elements as another type: to 'integer' cuts the fraction off, to 'bool' is true for all but 0. */
  astype(dtype: DType): ChunkedArray {
    checkDType('astype', dtype);
    return dtype === this.dtype ? this : new ChunkedArray(converted(this.node, dtype));
  }

  /**
   * The same elements in other chunks: a size, a list of sizes (another array's `chunks`), -1 or 'auto'. What the array
   * is made from is cut anew, down to its random streams, so no element is moved from chunk to chunk.
   */
  rechunk(chunks: ChunkSpec): ChunkedArray {
    refuseUnknown('rechunk', this);
    return new ChunkedArray(recut(this.node, cut('rechunk', this.length, chunks, ITEM_BYTES[this.dtype])));
  }

  /** The elements for which `condition` is true, in as many chunks, whose sizes are not known before a computation. */
  compress(condition: ChunkedArray): ChunkedArray {
    checkBool('compress', condition);
    checkAlike('compress', [this, condition]);
    const chunks = selectedBy(condition.node);
    const key = mintKey('compress');
    return new ChunkedArray({
      op: 'compress',
      key,
      dtype: this.dtype,
      chunks,
      from: this.node,
      condition: condition.node,
    });
  }

  /** The elements at the given indices (0 to length - 1): a list, or an integer array such as where(condition) gives. */
  take(indices: ChunkedArray | readonly number[]): ChunkedArray {
    refuseUnknown('take', this);
    const places = indices instanceof ChunkedArray ? indices.node : listed(indices);
    if (places.dtype !== 'integer')
      throw new InvalidArgumentError(
        `take: indices must be of dtype integer, got ${places.dtype}. Use astype('integer').`,
      );
    // What is at hand is checked here; other indices are once they are computed.
    if (places.op === 'data') for (const piece of places.pieces) checkIndices('take', piece, this.length);
    const { dtype, node: from } = this;
    return new ChunkedArray({
      op: 'take',
      key: mintKey('take'),
      dtype,
      chunks: places.chunks,
      from,
      indices: places,
    });
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
    return this.reduceSome('mean');
  }
  /** The standard deviation of these elements (divided by n, as in NumPy), from deviations from the mean: no cancellation. */
  std(): LazyNumber {
    return this.reduceSome('std');
  }
  /** The least element; NaN if one is NaN. */
  min(): LazyNumber {
    return this.reduceSome('min');
  }
  /** The greatest element; NaN if one is NaN. */
  max(): LazyNumber {
    return this.reduceSome('max');
  }

  toString(): string {
    const length = Number.isNaN(this.length) ? 'unknown length' : `length ${this.length}`;
    return `array ${this.key}: ${this.dtype}, ${length}, ${describeChunks(this.node.chunks)}, not computed yet`;
  }

  private reduceSome(reduction: ReductionName): LazyNumber {
    if (this.length === 0) throw new InvalidArgumentError(emptyMessage(reduction, this.key));
    return new LazyNumber(this.node, reduction);
  }
}

/** What to say of the mean, std, min or max of nothing. */
export function emptyMessage(reduction: ReductionName, key: string): string {
  return `${reduction}: ${key} has no elements, and nothing has no ${reduction}. Ask for its sum() or countNonzero(), or for more elements.`;
}

/**
 * where(condition) gives the indices of the true elements, in chunks of sizes that only a computation tells.
 * where(condition, a, b) gives a where it is true and else b.
 */
export function where(condition: ChunkedArray): ChunkedArray;
export function where(condition: ChunkedArray, a: Operand, b: Operand): ChunkedArray;
export function where(condition: ChunkedArray, ...[a, b]: Operand[]): ChunkedArray {
  checkBool('where', condition);
  if (a !== undefined && b !== undefined) return elementwise('where', [condition, a, b]);
  if (a !== undefined)
    throw new InvalidArgumentError(
      'where: takes a condition, or a condition and two operands, got one. Add the operand for false.',
    );
  refuseUnknown('where', condition);
  const chunks = selectedBy(condition.node);
  return new ChunkedArray({
    op: 'indices',
    key: mintKey('where'),
    dtype: 'integer',
    chunks,
    condition: condition.node,
  });
}

function elementwise(name: ElementwiseName, operands: readonly Operand[]): ChunkedArray {
  const arrays = operands.filter((operand): operand is ChunkedArray => operand instanceof ChunkedArray);
  for (const operand of operands) {
    if (typeof operand === 'number' || operand instanceof ChunkedArray) continue;
    const remedy =
      (operand as unknown) instanceof LazyNumber ? 'Compute it first.' : 'Make one with fromArray.';
    throw new InvalidArgumentError(
      `${name}: an operand must be a number or a chunked array, got ${show(operand)}. ${remedy}`,
    );
  }
  checkAlike(name, arrays);
  const { takes, gives } = ELEMENTWISE[name];
  const values = name === 'where' ? operands.slice(1) : operands;
  const argType = commonType(name, takes === 'bool', values);
  const args = operands.map((operand, i) => {
    if (typeof operand === 'number') return operand;
    return name === 'where' && i === 0 ? operand.node : converted(operand.node, argType);
  });
  const dtype = gives === 'bool' ? 'bool' : argType;
  return new ChunkedArray(newElementwise(name, args, argType, dtype, arrays[0].node.chunks));
}

/** The type that operands are brought to: the widest of the arrays'; numbers follow, unless an integer would lose its fraction. */
function commonType(name: ElementwiseName, wantsBool: boolean, operands: readonly Operand[]): DType {
  const types = operands.flatMap((operand) => (typeof operand === 'number' ? [] : [operand.dtype]));
  const bools = types.filter((type) => type === 'bool').length;
  if (wantsBool || (name === 'where' && bools === operands.length)) {
    if (bools < operands.length)
      throw new InvalidArgumentError(
        `${name}: takes bool arrays, got ${describe(operands)}. Compare first, as in x.less(1).`,
      );
    return 'bool';
  }
  if (bools > 0)
    throw new InvalidArgumentError(
      `${name}: takes numbers, got ${describe(operands)}. Use astype('float32') on bools, or sum() to count them.`,
    );
  if (types.length === 0) return 'float32';
  if (types.every((type) => type === 'integer')) {
    const whole = operands.every((operand) => typeof operand !== 'number' || Number.isSafeInteger(operand));
    return whole && name !== 'divide' && name !== 'sqrt' ? 'integer' : 'float64';
  }
  return types.every((type) => type === 'float32') ? 'float32' : 'float64';
}

function describe(operands: readonly Operand[]): string {
  return operands
    .map((operand) => (typeof operand === 'number' ? String(operand) : operand.dtype))
    .join(' and ');
}

function newElementwise(
  name: ElementwiseName,
  args: ElementwiseNode['args'],
  argType: DType,
  dtype: DType,
  chunks: Chunks,
): ElementwiseNode {
  return { op: 'elementwise', key: mintKey(name), dtype, chunks, name, args, argType };
}

function converted(node: ArrayNode, dtype: DType): ArrayNode {
  if (node.dtype === dtype) return node;
  const { chunks } = node;
  if (dtype === 'bool') return newElementwise('notEqual', [node, 0], node.dtype, 'bool', chunks);
  if (dtype === 'integer' && node.dtype !== 'bool')
    return newElementwise('truncate', [node], node.dtype, 'integer', chunks);
  return newElementwise('astype', [node], node.dtype, dtype, chunks);
}

/** The same elements in other chunks: the whole expression again, cut elsewhere. */
function recut(root: ArrayNode, chunks: Chunks): ArrayNode {
  const cutAnew = new Map<ArrayNode, ArrayNode>();
  const again = (node: ArrayNode): ArrayNode => cutAnew.get(node) ?? node;
  const aligned = new Set([root]);
  const nodes = inOrder([root]);
  // From the root down: an argument is cut like its dependent, but the array that a take looks into keeps its chunks.
  for (const node of [...nodes].reverse()) {
    if (!aligned.has(node)) continue;
    if (node.op === 'indices' || node.op === 'compress') refuseUnknown('rechunk', new ChunkedArray(node));
    if (node.op === 'elementwise') for (const arg of node.args) if (typeof arg !== 'number') aligned.add(arg);
    if (node.op === 'take') aligned.add(node.indices);
  }
  for (const node of nodes) {
    if (!aligned.has(node)) continue;
    const common = { ...node, key: mintKey(node.op === 'elementwise' ? node.name : node.op), chunks };
    if (common.op === 'elementwise') {
      const args = common.args.map((arg) => (typeof arg === 'number' ? arg : again(arg)));
      cutAnew.set(node, { ...common, args });
    } else if (common.op === 'take') cutAnew.set(node, { ...common, indices: again(common.indices) });
    else cutAnew.set(node, common);
  }
  return again(root);
}

function checkAlike(name: string, [first, ...others]: readonly ChunkedArray[]): void {
  if (first === undefined)
    throw new InvalidArgumentError(
      `${name}: takes at least one array, got numbers only. Use full(length, value).`,
    );
  for (const other of others) {
    if (sameChunks(first.node.chunks, other.node.chunks)) continue;
    const [a, b] = [first, other].map(
      (array) => `${array.key} (${array.length} elements in ${describeChunks(array.node.chunks)})`,
    );
    const unknown = Number.isNaN(first.length) || Number.isNaN(other.length);
    const remedy = unknown
      ? 'Sizes that are not known fit only what the same condition selected: persist them first.'
      : first.length === other.length
        ? `Call rechunk on one, as in b.rechunk(a.chunks).`
        : 'Elementwise operations need equal lengths.';
    throw new InvalidArgumentError(`${name}: operands are cut differently: ${a} and ${b}. ${remedy}`);
  }
}

function checkBool(name: string, condition: ChunkedArray): void {
  if (condition instanceof ChunkedArray && condition.dtype === 'bool') return;
  const given = condition instanceof ChunkedArray ? condition.dtype : show(condition);
  throw new InvalidArgumentError(
    `${name}: the condition must be a bool array, got ${given}. Compare first, as in x.less(1).`,
  );
}

function refuseUnknown(name: string, array: ChunkedArray): void {
  if (!Number.isNaN(array.length)) return;
  throw new InvalidArgumentError(
    `${name}: the chunk sizes of ${array.key} are not known before a computation. Call persist on it, then use what that gives.`,
  );
}

function listed(indices: readonly number[]): ArrayNode {
  if (!Array.isArray(indices))
    throw new InvalidArgumentError(`take: indices must be a list or an integer array, got ${show(indices)}.`);
  return dataNode(
    'indices',
    'integer',
    Float64Array.from(indices),
    cut('take', indices.length, 'auto', ITEM_BYTES.integer),
  );
}

/** Refuses a dtype that is not one. */
export function checkDType(caller: string, dtype: DType): void {
  if (Object.hasOwn(ITEM_BYTES, dtype)) return;
  throw new InvalidArgumentError(
    `${caller}: dtype must be one of ${Object.keys(ITEM_BYTES).join(', ')}, got ${show(dtype)}.`,
  );
}

/** Refuses indices outside 0 to length - 1. */
export function checkIndices(caller: string, indices: TypedArray, length: number): void {
  for (const index of indices)
    checkInteger(
      `${caller}: index`,
      index,
      0,
      `The array has ${length} elements, the first at 0.`,
      length - 1,
    );
}
