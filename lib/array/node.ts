// The nodes of an array's expression, as plain data, and the one place where their keys are minted.
import type { DType, ElementwiseName, Step, TypedArray } from '../task/task.js';
import { chunksOf, type Chunks } from './chunks.js';

interface Common {
  /** Names the node in tasks, events and errors; no other node of this process has it. */
  readonly key: string;
  /** The operation, in a word. */
  readonly name: string;
  readonly dtype: DType;
  readonly chunks: Chunks;
  /** What it is computed from, chunk by chunk; a number stands for an array of it. */
  readonly args: readonly (ArrayNode | number)[];
}

/**
 * An array as an expression: from what, and by which operation.
 * - source: a random stream, the index, or a constant
 * - data: elements that are at hand, in pieces cut at their own places; `chunks` may cut them elsewhere
 * - elementwise: a row of the table of operations, for which numbers among `args` have the type `argType`
 * - indices: where its argument is true; compress: the elements of the first for which the second is true
 * - take: elements of `from`, wherever they lie, at the indices that its argument gives
 */
export type ArrayNode = Common &
  (
    | { readonly op: 'source'; readonly step: Step }
    | { readonly op: 'data'; readonly pieces: readonly TypedArray[]; readonly cut: Chunks }
    | { readonly op: 'elementwise'; readonly name: ElementwiseName; readonly argType: DType }
    | { readonly op: 'indices' | 'compress' }
    | { readonly op: 'take'; readonly from: ArrayNode }
  );
/** A node of elements that are at hand. */
export type DataNode = Extract<ArrayNode, { op: 'data' }>;

/** Bytes of one element where it is kept. */
export const ITEM_BYTES: { readonly [dtype in DType]: number } = {
  float32: 4,
  float64: 8,
  integer: 8,
  bool: 1,
};

let minted = 0;

/**
 * A new key. By identity and nothing else: names built from operation and size have collided in the past, and two
 * streams that took one name gave a wrong pi.
 */
export function mintKey(name: string): string {
  return `${name}-${++minted}`;
}

/** A node of values that are at hand. */
export function dataNode(
  name: string,
  dtype: DType,
  pieces: readonly TypedArray[],
  chunks?: Chunks,
): DataNode {
  const cut = chunksOf(pieces.map(({ length }) => length));
  return { op: 'data', key: mintKey(name), name, dtype, chunks: chunks ?? cut, args: [], pieces, cut };
}

/** The arrays among a node's arguments. */
export function arraysOf(node: ArrayNode): readonly ArrayNode[] {
  return node.args.filter((arg): arg is ArrayNode => typeof arg !== 'number');
}

/** All nodes that the roots are computed from, each once and after its own arguments. Deep graphs need no deep stack. */
export function inOrder(roots: readonly ArrayNode[]): readonly ArrayNode[] {
  const done = new Set<ArrayNode>();
  const stack = [...roots].reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    const from = node.op === 'take' ? [node.from] : [];
    const waiting = [...arraysOf(node), ...from].filter((arg) => !done.has(arg));
    if (waiting.length > 0) stack.push(...waiting.reverse());
    else done.add(stack.pop()!);
  }
  return [...done];
}
