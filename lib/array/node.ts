// An array as an expression, in plain data: each node is an operation, and names the nodes that it reads.
import { InvalidArgumentError } from '../errors.js';
import { ARRAY_OF } from '../task/interpret.js';
import { dtypeGiven } from '../task/operations.js';
import type { DType, ElementwiseName, Reduction, Step, TypedArray } from '../task/operations.js';
import { describeChunks, sameChunks, type Chunks } from './chunks.js';

interface Common {
  /** Names the node in tasks, events and errors. No other node of this process has this key. */
  readonly key: string;
  /** The operation, in a word. */
  readonly name: string;
  readonly dtype: DType;
  readonly chunks: Chunks;
  /** What it is computed from, chunk by chunk. A number stands for an array of it. */
  readonly args: readonly (ArrayNode | number)[];
}

/** What makes a source or data node. */
export type Content =
  { readonly op: 'source'; readonly step: Step } | { readonly op: 'data'; readonly values: TypedArray };

/**
 * A node of an expression.
 * - source: a random stream, the index, or a constant
 * - data: values in memory
 * - elementwise: a row of the table of operations; numbers among `args` have the dtype `argType`
 * - reduction: a number from all elements, or the indices of the true ones; `chunks` are those of its argument
 */
export type ArrayNode = Common &
  (
    | Content
    | { readonly op: 'elementwise'; readonly name: ElementwiseName; readonly argType: DType }
    | { readonly op: 'reduction'; readonly reduce: Reduction }
  );

/** Bytes of `length` elements in memory. */
export function bytesOf(dtype: DType, length: number): number {
  return ARRAY_OF[dtype].BYTES_PER_ELEMENT * length;
}

let minted = 0;
type WithoutKey<T> = T extends unknown ? Omit<T, 'key'> : never;

/**
 * A node with a new key. The key comes from a counter, never from operation and size: two streams that once shared such
 * a name gave a wrong pi.
 */
export function newNode(node: WithoutKey<ArrayNode>): ArrayNode {
  return { ...node, key: `${node.name}-${++minted}` };
}

/**
 * An elementwise operation on arrays and numbers, which are converted to one dtype first.
 * @throws InvalidArgumentError if the arrays are cut differently, or if the operation does not take such operands
 */
export function elementwise(name: ElementwiseName, operands: readonly (ArrayNode | number)[]): ArrayNode {
  const arrays = operands.filter((operand) => typeof operand !== 'number');
  for (const other of arrays.slice(1)) checkAlike(name, arrays[0], other);
  const argType = commonType(name, operands);
  const args = operands.map((operand) => {
    return typeof operand === 'number' || operand.dtype === 'bool' ? operand : convert(operand, argType);
  });
  const dtypes = args.map((arg) => (typeof arg === 'number' ? argType : arg.dtype));
  const shown = operands.map((operand) => (typeof operand === 'number' ? `${operand}` : operand.dtype));
  const dtype = dtypeGiven(name, name, dtypes, undefined, shown);
  return newNode({ op: 'elementwise', name, dtype, chunks: arrays[0].chunks, args, argType });
}

/** The widest dtype of the operands that are no bools. Plain numbers follow it, unless an integer would lose a fraction. */
function commonType(name: ElementwiseName, operands: readonly (ArrayNode | number)[]): DType {
  const isAll = (dtype: DType): boolean =>
    operands.every((operand) => typeof operand === 'number' || [dtype, 'bool'].includes(operand.dtype));
  if (isAll('float32')) return 'float32';
  const isWhole = operands.every((operand) => typeof operand !== 'number' || Number.isSafeInteger(operand));
  return isAll('integer') && isWhole && name !== 'divide' && name !== 'sqrt' ? 'integer' : 'float64';
}

/** The elements as another dtype. */
export function convert(node: ArrayNode, dtype: DType): ArrayNode {
  if (node.dtype === dtype) return node;
  const { chunks, dtype: argType } = node;
  return newNode({ op: 'elementwise', name: 'astype', dtype, chunks, args: [node], argType });
}

function checkAlike(caller: string, a: ArrayNode, b: ArrayNode): void {
  if (sameChunks(a.chunks, b.chunks)) return;
  const [one, other] = [a, b].map(({ key, chunks }) => {
    return `${key} (${chunks.length} elements in ${describeChunks(chunks.sizes)})`;
  });
  throw new InvalidArgumentError(
    `${caller}: operands are cut differently: ${one} and ${other}. Give both equal lengths and the same chunks.`,
  );
}
