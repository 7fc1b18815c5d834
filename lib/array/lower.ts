// From an expression of arrays to a graph of tasks: one task for each node and chunk, as plain data.
import type { DType, Expression, Kernel, Reduction, Step, Task, TypedArray } from '../task/task.js';
import type { Program } from '../task/program.js';
import type { ChunkedArray, LazyNumber, ReductionName } from './array.js';
import type { Chunks } from './chunks.js';
import { inOrder, type ArrayNode, type DataNode } from './node.js';

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

/** What the caller asked for: an array's chunks, or a number from the partial results of all chunks. */
export interface Root {
  readonly input: Input;
  readonly node: ArrayNode;
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
    const input = inputOf(node);
    if (!('reduction' in lazy)) return { node, input };
    const { key, reduction } = lazy;
    const { dtype, chunks } = node;
    const steps: Step[] = [{ op: 'chunk', chunk: 0, dtype }];
    const outputs = [{ gives: partialOf(reduction, dtype), step: 0, dtype }];
    layers.set(key, {
      key,
      operations: [reduction],
      chunks,
      level: levelOf(input),
      steps,
      inputs: [input],
      outputs,
    });
    return { node, input: { layer: key, output: 0 }, reduction };
  });
  return { layers: [...layers.values()], roots };
}

function partialOf(reduction: ReductionName, dtype: DType): Reduction | 'moments' {
  if (reduction === 'min' || reduction === 'max') return reduction;
  if (reduction === 'std') return 'moments';
  return reduction === 'countNonzero' || dtype === 'bool' ? 'count' : 'sum';
}

function layerOf(node: Exclude<ArrayNode, DataNode>, inputOf: (node: ArrayNode) => Input): Layer {
  const { key, dtype, chunks } = node;
  const common = { key, chunks, level: 0 };
  const read = (arg: ArrayNode, chunk: number): Step => ({ op: 'chunk', chunk, dtype: arg.dtype });
  switch (node.op) {
    case 'source':
      return {
        ...common,
        operations: [node.step.op],
        steps: [node.step],
        inputs: [],
        outputs: [{ gives: 'none', step: 0, dtype }],
      };
    case 'elementwise': {
      const arrays = [...new Set(node.args.filter((arg): arg is ArrayNode => typeof arg !== 'number'))];
      const steps: Step[] = arrays.map(read);
      const args = node.args.map((arg) => {
        if (typeof arg !== 'number') return arrays.indexOf(arg);
        return steps.push({ op: 'constant', value: arg, dtype: node.argType }) - 1;
      });
      steps.push({ op: node.name, args, dtype });
      const outputs = [{ gives: 'none' as const, step: steps.length - 1, dtype }];
      return { ...common, operations: [node.name], steps, inputs: arrays.map(inputOf), outputs };
    }
    case 'indices': {
      const { condition } = node;
      const steps = [read(condition, 0)];
      const outputs = [{ gives: 'indices' as const, step: 0, dtype }];
      return {
        ...common,
        chunks: condition.chunks,
        operations: ['where'],
        steps,
        inputs: [inputOf(condition)],
        outputs,
      };
    }
    case 'compress': {
      const { condition, from } = node;
      const steps = [read(from, 0), read(condition, 1)];
      const outputs = [{ gives: 'compress' as const, step: 0, by: 1, dtype }];
      return {
        ...common,
        chunks: condition.chunks,
        operations: ['compress'],
        steps,
        inputs: [inputOf(from), inputOf(condition)],
        outputs,
      };
    }
    case 'take': {
      const { indices, from } = node;
      return {
        ...common,
        operations: ['take'],
        steps: [],
        inputs: [inputOf(indices)],
        outputs: [{ gives: 'none', step: 0, dtype }],
        from: inputOf(from),
      };
    }
  }
}

/** Names an output, or a piece of data, for maps. */
export function nameOf(input: Input): string {
  return 'data' in input ? input.data.key : `${input.layer}.${input.output}`;
}

/** How a layer's tasks run: as one expression, or as a program where there are several results or arrays to gather. */
export type Work = { readonly expression: Expression } | { readonly program: Program };

/**
 * What all tasks of a layer are sent. Where outputs share costly steps, these become an array of the program, which
 * lives for one block at a time.
 */
export function workOf({ steps, outputs, inputs }: Layer): Work {
  const [only] = outputs;
  if (outputs.length === 1 && isReduction(only))
    return { expression: expressionOf(steps, only.step, only.gives, new Map()) };
  const places = new Map<number, number>(); // the steps that become arrays, and the chunk numbers they get
  const arrays: Expression[] = [];
  for (const step of stepsToKeep(steps, outputs)) {
    arrays.push(expressionOf(steps, step, 'none', places));
    places.set(step, inputs.length + arrays.length - 1);
  }
  const from = (step: number): number => places.get(step)! - inputs.length;
  const results = outputs.map((output): Program['outputs'][number] => {
    if (output.gives === 'compress')
      return { gives: output.gives, from: from(output.step), by: from(output.by) };
    if (output.gives === 'moments' || output.gives === 'indices')
      return { gives: output.gives, from: from(output.step) };
    if (output.gives === 'none') return { gives: 'elements', from: from(output.step) };
    return { gives: 'number', expression: expressionOf(steps, output.step, output.gives, places) };
  });
  return { program: { arrays, outputs: results } };
}

function isReduction(output: Output): output is Output & { gives: Reduction } {
  return output.gives !== 'moments' && output.gives !== 'indices' && output.gives !== 'compress';
}

/** Steps that more than one output is computed from, at the last place before their ways part; and those outputs gather. */
function stepsToKeep(steps: readonly Step[], outputs: readonly Output[]): readonly number[] {
  const users = steps.map(() => new Set<number>()); // the outputs that need the step
  const keep = new Set<number>();
  outputs.forEach((output, o) => {
    users[output.step].add(o);
    if (output.gives === 'compress') users[output.by].add(o);
    if (output.gives === 'compress') keep.add(output.by);
    if (!isReduction(output) || output.gives === 'none') keep.add(output.step);
  });
  for (let s = steps.length - 1; s >= 0; s--)
    for (const arg of argsOf(steps[s])) users[s].forEach((o) => users[arg].add(o));
  const isCheap = (step: Step): boolean =>
    step.op === 'chunk' || step.op === 'constant' || step.op === 'index';
  const parts = (s: number, among: ReadonlySet<number>): boolean =>
    !isCheap(steps[s]) && users[s].size > among.size;
  steps.forEach((step, s) => argsOf(step).forEach((arg) => parts(arg, users[s]) && keep.add(arg)));
  outputs.forEach((output, o) => parts(output.step, new Set([o])) && keep.add(output.step));
  return [...keep].sort((a, b) => a - b);
}

function argsOf(step: Step): readonly number[] {
  return 'args' in step ? step.args : [];
}

/** The steps that lead to one, as an expression of their own; those in `places` are read as chunks. */
function expressionOf(
  steps: readonly Step[],
  last: number,
  reduce: Reduction,
  places: ReadonlyMap<number, number>,
): Expression {
  const needed = new Set([last]);
  for (let s = last; s >= 0; s--)
    if (needed.has(s) && !places.has(s)) argsOf(steps[s]).forEach((arg) => needed.add(arg));
  const order = [...needed].sort((a, b) => a - b);
  const place = new Map(order.map((s, i) => [s, i]));
  const renumbered = order.map((s): Step => {
    const step = steps[s];
    const chunk = places.get(s);
    if (chunk !== undefined) return { op: 'chunk', chunk, dtype: step.dtype };
    return 'args' in step ? { ...step, args: step.args.map((arg) => place.get(arg)!) } : step;
  });
  return { steps: renumbered, reduce };
}

/** Task c of a layer, with the chunks it reads. Over chunks of unknown sizes no step asks for an index: they start at 0. */
export function taskOf(
  layer: Layer,
  work: Work,
  c: number,
  chunks: readonly TypedArray[],
  kernel: Kernel,
): Task {
  const { sizes, starts } = layer.chunks;
  const [length, start] = Number.isNaN(sizes[c]) ? [chunks[0].length, 0] : [sizes[c], starts[c]];
  const input = { ...work, start, length, chunks, kernel };
  return {
    key: `${layer.key}/${c}`,
    operation: 'expression' in work ? 'evaluate' : 'runProgram',
    input: input as unknown as Task['input'],
  };
}
