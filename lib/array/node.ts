// An array as an expression, in plain data: the operation it comes from, and the arrays that this operation reads.
import { ARRAY_OF } from '../task/interpret.js';
import type { DType, ElementwiseName, Reduction, Step, TypedArray } from '../task/task.js';
import type { Chunks } from './chunks.js';

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

/**
 * A node of an expression.
 * - source: a random stream, the index, or a constant
 * - data: values in memory
 * - elementwise: a row of the table of operations; numbers among `args` have the dtype `argType`
 * - reduction: a number from all elements, or the indices of the true ones; `chunks` are those of its argument
 */
export type ArrayNode = Common &
  (
    | { readonly op: 'source'; readonly step: Step }
    | { readonly op: 'data'; readonly values: TypedArray }
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
