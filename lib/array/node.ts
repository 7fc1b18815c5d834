// The nodes of an array's expression, as plain data, and the one place where their keys are minted.
import type { DType, ElementwiseName, Step, TypedArray } from '../task/task.js';
import { chunksOf, type Chunks } from './chunks.js';

interface Common {
  /** Names the node in tasks, events and errors; no other node of this process has it. */
  readonly key: string;
  readonly dtype: DType;
  readonly chunks: Chunks;
}

/** Where elements come from: a random stream, the index, or a constant. */
export type SourceNode = Common & { readonly op: 'source'; readonly step: Step };
/** Elements that are at hand, cut at their own places; `chunks` may cut them elsewhere. */
export type DataNode = Common & {
  readonly op: 'data';
  readonly pieces: readonly TypedArray[];
  readonly cut: Chunks;
};
/** A row of the table of operations; numbers among `args` have the type `argType`. */
export type ElementwiseNode = Common & {
  readonly op: 'elementwise';
  readonly name: ElementwiseName;
  readonly args: readonly (ArrayNode | number)[];
  readonly argType: DType;
};
/** What an array's elements select: the indices of the true ones, those of another array, or elements by their index. */
export type SelectNode = Common &
  (
    | { readonly op: 'indices'; readonly condition: ArrayNode }
    | { readonly op: 'compress'; readonly condition: ArrayNode; readonly from: ArrayNode }
    | { readonly op: 'take'; readonly indices: ArrayNode; readonly from: ArrayNode }
  );

/** An array as an expression: from what, and by which operation. */
export type ArrayNode = SourceNode | DataNode | ElementwiseNode | SelectNode;

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
export function mintKey(operation: string): string {
  return `${operation}-${++minted}`;
}

/** A node of values that are at hand. */
export function dataNode(name: string, dtype: DType, values: TypedArray, chunks: Chunks): DataNode {
  return { op: 'data', key: mintKey(name), dtype, chunks, pieces: [values], cut: chunksOf([values.length]) };
}

/** The nodes that a node is computed from. */
export function argsOf(node: ArrayNode): readonly ArrayNode[] {
  if (node.op === 'elementwise') return node.args.filter((arg): arg is ArrayNode => typeof arg !== 'number');
  if (node.op === 'indices') return [node.condition];
  if (node.op === 'compress') return [node.from, node.condition];
  return node.op === 'take' ? [node.indices, node.from] : [];
}

/** All nodes that the roots are computed from, each once and after its own arguments. Deep graphs need no deep stack. */
export function inOrder(roots: readonly ArrayNode[]): readonly ArrayNode[] {
  const done = new Set<ArrayNode>();
  const stack = [...roots].reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    const waiting = argsOf(node).filter((arg) => !done.has(arg));
    if (waiting.length > 0) stack.push(...waiting.reverse());
    else done.add(stack.pop()!);
  }
  return [...done];
}
