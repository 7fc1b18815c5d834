// From an expression of arrays to a graph of tasks: one task for each node and chunk, as plain data.
import type { DType, Reduction, Step } from '../task/task.js';
import type { ChunkedArray, LazyNumber, ReductionName } from './array.js';
import type { Chunks } from './chunks.js';
import { arraysOf, inOrder, type ArrayNode, type DataNode } from './node.js';

/** What a layer's chunks become. `step` and `by` are places in its steps; `dtype` that of the elements, if it gives such. */
export type Output = { readonly step: number; readonly dtype: DType } & (
  { readonly gives: Reduction | 'moments' | 'indices' } | { readonly gives: 'compress'; readonly by: number }
);

/** An output of another layer, or values that are at hand. */
export type Input = { readonly layer: string; readonly output: number } | { readonly data: DataNode };

/**
 * The tasks of one node (after fusion: of several), one a chunk and all alike, so they are described once. Task c runs
 * the steps over chunk c; its 'chunk' steps number k read chunk c of inputs[k].
 */
export interface Layer {
  /** The node's key; a task's is `${key}/${c}`. */
  readonly key: string;
  /** What it does, in words for messages and pictures. */
  readonly operations: readonly string[];
  /** Where the elements lie that its steps run over. */
  readonly chunks: Chunks;
  /** How many takes lie before it: a take reads any chunk of its array, so all of them must be there. */
  readonly level: number;
  readonly steps: readonly Step[];
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  /** The array that a take looks into; such a layer has no steps and its input is the indices. */
  readonly from?: Input;
}

/** What the caller asked for: the chunks of the array `key`, or a number from their partial results. */
export interface Root {
  readonly key: string;
  readonly dtype: DType;
  readonly chunks: Chunks;
  readonly input: Input;
  readonly reduction?: ReductionName;
}

/** A graph as plain data: layers, each after those it reads. */
export interface Graph {
  readonly layers: readonly Layer[];
  readonly roots: readonly Root[];
}

/** What a caller may ask for. */
export type Lazy = ChunkedArray | LazyNumber;

/** Lowers arrays and numbers: a layer for each node, and nothing fused yet. */
export function lower(wanted: readonly Lazy[]): Graph {
  const layers = new Map<string, Layer>();
  const inputOf = (node: ArrayNode): Input =>
    node.op === 'data' ? { data: node } : { layer: node.key, output: 0 };
  const levelOf = (input: Input): number => ('data' in input ? 0 : layers.get(input.layer)!.level);
  for (const node of inOrder(wanted.map(({ node }) => node))) {
    if (node.op === 'data') continue;
    const layer = layerOf(node, inputOf);
    const level = Math.max(0, ...layer.inputs.map(levelOf), ...(layer.from ? [levelOf(layer.from) + 1] : []));
    layers.set(node.key, { ...layer, level });
  }
  const roots = wanted.map((lazy): Root => {
    const { node } = lazy;
    const { key, dtype, chunks } = node;
    const input = inputOf(node);
    if (!('reduction' in lazy)) return { key, dtype, chunks, input };
    const { reduction } = lazy;
    const steps: Step[] = [{ op: 'chunk', chunk: 0, dtype }];
    const outputs = [{ gives: partialOf(reduction, dtype), step: 0, dtype }];
    const layer = {
      key: lazy.key,
      operations: [reduction],
      level: levelOf(input),
      steps,
      inputs: [input],
      outputs,
    };
    layers.set(lazy.key, { ...layer, chunks });
    return { key, dtype, chunks, input: { layer: lazy.key, output: 0 }, reduction };
  });
  return { layers: [...layers.values()], roots };
}

function partialOf(reduction: ReductionName, dtype: DType): Reduction | 'moments' {
  if (reduction === 'min' || reduction === 'max') return reduction;
  if (reduction === 'std') return 'moments';
  return reduction === 'countNonzero' || dtype === 'bool' ? 'count' : 'sum';
}

function layerOf(node: Exclude<ArrayNode, DataNode>, inputOf: (node: ArrayNode) => Input): Layer {
  const { key, name, dtype, args } = node;
  const arrays = [...new Set(arraysOf(node))];
  const steps: Step[] = arrays.map(({ dtype }, chunk) => ({ op: 'chunk', chunk, dtype }));
  const places = args.map((arg) =>
    typeof arg === 'number' ? addConstant(steps, arg, node) : arrays.indexOf(arg),
  );
  const chunks = arrays.length > 0 ? arrays[0].chunks : node.chunks; // a selection's own are not those it runs over
  const layer = { key, operations: [name], chunks, level: 0, steps, inputs: arrays.map(inputOf) };
  const output = (gives: 'none' | 'indices', step: number): Layer => ({
    ...layer,
    outputs: [{ gives, step, dtype }],
  });
  switch (node.op) {
    case 'source':
      return output('none', steps.push(node.step) - 1);
    case 'elementwise':
      return output('none', steps.push({ op: node.name, args: places, dtype }) - 1);
    case 'indices':
      return output('indices', places[0]);
    case 'compress':
      return { ...layer, outputs: [{ gives: 'compress', step: places[0], by: places[1], dtype }] };
    case 'take':
      return { ...output('none', 0), steps: [], from: inputOf(node.from) };
  }
}

function addConstant(steps: Step[], value: number, node: ArrayNode): number {
  return (
    steps.push({ op: 'constant', value, dtype: node.op === 'elementwise' ? node.argType : node.dtype }) - 1
  );
}

/** Names an output, or a piece of data, for maps. */
export function nameOf(input: Input): string {
  return 'data' in input ? input.data.key : `${input.layer}.${input.output}`;
}
