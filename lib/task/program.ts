// Several results of one range of elements in one pass: what a fused task runs where one expression is not enough.
import { BLOCK } from '../sampling/stream.js';
import { evaluate } from './evaluate.js';
import { newArray } from './interpret.js';
import type { DType, Expression, Kernel, TypedArray } from './task.js';

/**
 * Expressions that share what they have in common. Each of `arrays` gives an array that later ones and the outputs may
 * read: as 'chunk' step number (inputs of the task) + (its place in `arrays`).
 */
export interface Program {
  readonly arrays: readonly Expression[];
  readonly outputs: readonly ProgramOutput[];
}

/**
 * One result. `from` and `by` are places in `arrays`.
 * - an expression with a reduction: its number
 * - elements: the array itself
 * - moments: how many, their mean, and the sum of squared deviations from it
 * - indices: where the array is true, counted from element 0 of the whole
 * - compress: the elements for which array `by` is true
 */
export type ProgramOutput =
  | { readonly gives: 'number'; readonly expression: Expression }
  | { readonly gives: 'elements' | 'moments' | 'indices'; readonly from: number }
  | { readonly gives: 'compress'; readonly from: number; readonly by: number };

/** The input of the operation 'runProgram': the program for elements start, ..., start + length - 1. */
export interface ProgramRun {
  readonly program: Program;
  readonly start: number;
  readonly length: number;
  readonly chunks: readonly TypedArray[];
  readonly kernel: Kernel;
}

/** What one output has so far; `add` takes the arrays of the next block. */
interface Gatherer {
  add(start: number, length: number, arrays: readonly TypedArray[]): void;
  value(): number | TypedArray;
}

/**
 * Runs a program block by block, so that its arrays stay in the second-level cache however long the chunk is.
 * @returns the outputs' values: a list, or where there is one output, that
 */
export function runProgram(run: ProgramRun): number | TypedArray | readonly (number | TypedArray)[] {
  const gatherers = run.program.outputs.map((output) => gathererOf(output, run));
  eachBlock(run, run.program.arrays, (start, length, arrays) => {
    for (const gatherer of gatherers) gatherer.add(start, length, arrays);
  });
  const values = gatherers.map((gatherer) => gatherer.value());
  return values.length === 1 ? values[0] : values;
}

/** Calls `visit` for each block of the run, with the task's chunks and then the program's arrays for that block. */
function eachBlock(
  { start, length, chunks, kernel }: ProgramRun,
  expressions: readonly Expression[],
  visit: (start: number, length: number, arrays: readonly TypedArray[]) => void,
): void {
  for (let i = start; i < start + length;) {
    const size = Math.min(BLOCK - (i % BLOCK), start + length - i);
    const arrays = chunks.map((chunk) => chunk.subarray(i - start, i - start + size));
    for (const expression of expressions) {
      arrays.push(evaluate({ expression, start: i, length: size, chunks: arrays, kernel }) as TypedArray);
    }
    visit(i, size, arrays);
    i += size;
  }
}

function gathererOf(output: ProgramOutput, run: ProgramRun): Gatherer {
  const { program, length, chunks, kernel } = run;
  if (output.gives === 'number') return new NumberGatherer(output.expression, kernel);
  const from = chunks.length + output.from;
  if (output.gives === 'moments') return new MomentsGatherer(from);
  if (output.gives === 'elements') return new SelectingGatherer(dtypeOf(program, output.from), length, from);
  const [dtype, by] =
    output.gives === 'compress'
      ? [dtypeOf(program, output.from), output.by]
      : ['integer' as const, output.from];
  return new SelectingGatherer(
    dtype,
    countTrue(run, by),
    output.gives === 'compress' ? from : undefined,
    chunks.length + by,
  );
}

function dtypeOf(program: Program, array: number): DType {
  const { steps } = program.arrays[array];
  return steps[steps.length - 1].dtype;
}

/** A pass of its own, which costs less than the memory of a result that must grow. */
function countTrue(run: ProgramRun, condition: number): number {
  let count = 0;
  eachBlock(run, run.program.arrays.slice(0, condition + 1), (_start, _length, arrays) => {
    const mask = arrays[run.chunks.length + condition];
    for (let k = 0; k < mask.length; k++) count += mask[k];
  });
  return count;
}

class NumberGatherer implements Gatherer {
  private total: number;

  constructor(
    private readonly expression: Expression,
    private readonly kernel: Kernel,
  ) {
    this.total = { none: 0, count: 0, sum: 0, min: Infinity, max: -Infinity }[expression.reduce];
  }

  add(start: number, length: number, chunks: readonly TypedArray[]): void {
    const { expression, kernel } = this;
    const value = evaluate({ expression, start, length, chunks, kernel }) as number;
    if (expression.reduce === 'min') this.total = Math.min(this.total, value);
    else if (expression.reduce === 'max') this.total = Math.max(this.total, value);
    else this.total += value;
  }

  value(): number {
    return this.total;
  }
}

/** Copies elements, or their indices where `from` is absent: all of them, or those for which array `by` is true. */
class SelectingGatherer implements Gatherer {
  private readonly result: TypedArray;
  private filled = 0;

  constructor(
    dtype: DType,
    size: number,
    private readonly from?: number,
    private readonly by?: number,
  ) {
    this.result = newArray(dtype, size);
  }

  add(start: number, length: number, arrays: readonly TypedArray[]): void {
    const elements = this.from === undefined ? undefined : arrays[this.from];
    const mask = this.by === undefined ? undefined : arrays[this.by];
    const { result } = this;
    let { filled } = this;
    if (!mask && elements) {
      result.set(elements, filled);
      filled += length;
    } else if (mask) {
      // Storing always and stepping on by 0 or 1 spares a branch that no processor can guess.
      for (let k = 0; k < length; k++) {
        result[filled] = elements ? elements[k] : start + k;
        filled += mask[k];
      }
    }
    this.filled = filled;
  }

  value(): TypedArray {
    return this.result;
  }
}

/** Count, mean and squared deviations of two shares of the data, from those of each. */
export function mergeMoments(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  // T. Chan, G. Golub, R. LeVeque, 'Updating formulae and a pairwise algorithm for computing sample variances', 1979.
  const count = a[0] + b[0];
  if (a[0] === 0 || b[0] === 0) return Float64Array.from(a[0] === 0 ? b : a);
  const delta = b[1] - a[1];
  return Float64Array.of(
    count,
    a[1] + (delta * b[0]) / count,
    a[2] + b[2] + (delta * delta * a[0] * b[0]) / count,
  );
}

class MomentsGatherer implements Gatherer {
  private moments: Float64Array = new Float64Array(3);

  constructor(private readonly from: number) {}

  add(_start: number, length: number, arrays: readonly TypedArray[]): void {
    const elements = arrays[this.from];
    let sum = 0;
    for (let k = 0; k < length; k++) sum += elements[k];
    const mean = sum / length;
    let squares = 0;
    for (let k = 0; k < length; k++) squares += (elements[k] - mean) ** 2;
    this.moments = mergeMoments(this.moments, [length, mean, squares]);
  }

  value(): TypedArray {
    return this.moments;
  }
}

/** The input of the operation 'take': where to look, and elements `start`, `start + 1`, ... of an array. */
export interface Taking {
  readonly indices: TypedArray;
  readonly elements: TypedArray;
  readonly start: number;
}

/** The elements at the given indices, all of which are at hand. */
export function take({ indices, elements, start }: Taking): TypedArray {
  const taken = new (elements.constructor as Float64ArrayConstructor)(indices.length) as TypedArray;
  for (let k = 0; k < indices.length; k++) taken[k] = elements[indices[k] - start];
  return taken;
}
