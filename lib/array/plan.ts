// From the expression of an array to tasks: one layer of tasks for each operation, or (fused) one layer for all of them.
import type { Expression, Step } from '../task/operations.js';
import { keep } from '../task/task.js';
import type { ArrayNode } from './node.js';

/** Tasks that are all alike, one for each chunk. Task c is called `${node.key}/${c}`. */
export interface Layer {
  /** What it computes. */
  readonly node: ArrayNode;
  /** All operations that its tasks do, for messages and pictures. */
  readonly operations: readonly string[];
  /** What each task computes. Its 'chunk' step number k reads the task's chunk of inputs[k]. */
  readonly expression: Expression;
  /** Values in memory, or what earlier layers compute. */
  readonly inputs: readonly ArrayNode[];
}

/**
 * The layers that compute a node, each after those it reads. The last one gives the node's values.
 *
 * Element i of an array comes from elements i of other arrays, so all operations of a chunk can be one task: the fused
 * plan is one layer, and its steps need no arrays in between. Unfused, every operation is a layer whose chunks are kept.
 * Values in memory need no layer.
 */
export function plan(root: ArrayNode, fused = true): readonly Layer[] {
  const isData = ({ op }: ArrayNode): boolean => op === 'data';
  if (fused && !isData(root)) return [layerOf(root, isData)];
  const operations = inOrder(root, isData).filter((node) => !isData(node));
  return operations.map((node) => layerOf(node, (other) => other !== node));
}

/** The layer of a node. Its expression goes back to the nodes that are inputs. */
function layerOf(root: ArrayNode, isInput: (node: ArrayNode) => boolean): Layer {
  const steps: Step[] = [];
  const inputs: ArrayNode[] = [];
  const operations: string[] = [];
  const places = new Map<ArrayNode, number>(); // of each node's step
  const add = (step: Step): number => steps.push(step) - 1;
  for (const node of inOrder(root, isInput)) {
    if (isInput(node)) {
      places.set(node, add({ op: 'chunk', chunk: inputs.push(node) - 1, dtype: node.dtype }));
      continue;
    }
    operations.push(node.name);
    if (node.op === 'source') places.set(node, add(node.step));
    if (node.op !== 'elementwise') continue;
    const { name, dtype, argType } = node;
    const args = node.args.map((arg) => {
      return typeof arg === 'number' ? add({ op: 'constant', value: arg, dtype: argType }) : places.get(arg)!;
    });
    places.set(node, add({ op: name, args, dtype }));
  }
  const reduce = root.op === 'reduction' ? root.reduce : 'none';
  return { node: root, operations, expression: keep<Expression>({ steps, reduce }), inputs };
}

/** Whether a layer gives a number for each chunk, and no array. */
export function isNumber({ expression: { reduce } }: Layer): boolean {
  return reduce !== 'none' && reduce !== 'indices';
}

/** The nodes from the inputs to the root, each once and after its arguments. A deep expression needs no deep stack. */
function inOrder(root: ArrayNode, isInput: (node: ArrayNode) => boolean): readonly ArrayNode[] {
  const done = new Set<ArrayNode>();
  const stack = [root];
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    const args = isInput(node) ? [] : node.args.filter((arg) => typeof arg !== 'number');
    const waiting = args.filter((arg) => !done.has(arg));
    if (waiting.length > 0) stack.push(...waiting.reverse());
    else done.add(stack.pop()!);
  }
  return [...done];
}

/** For the key of each input, the last layer that reads it: after that layer its values are not needed any more. */
export function lastReaders(layers: readonly Layer[]): ReadonlyMap<string, Layer> {
  return new Map(layers.flatMap((layer) => layer.inputs.map(({ key }) => [key, layer] as const)));
}
