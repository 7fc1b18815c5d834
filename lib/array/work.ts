// What the tasks of a layer are sent: one expression, or a program where there is more than one number to bring back.
import type { Program } from '../task/program.js';
import type { Expression, Kernel, Reduction, Step, Task, TypedArray } from '../task/task.js';
import type { Layer, Output } from './lower.js';

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
