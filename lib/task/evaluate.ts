// Runs an expression with the engine that was asked for. Both engines give the same value.
import { runCompiled } from '../simd/run-compiled.js';
import { covers } from '../simd/compile.js';
import { simdSupported } from '../simd/wasm.js';
import { checkExpression, checkKernel, checkRange } from './check.js';
import { interpret } from './interpret.js';
import type { Expression, Kernel, TypedArray } from './task.js';

/** The input of the operation 'evaluate': elements start, ..., start + length - 1 of an expression. */
export interface Evaluation {
  readonly expression: Expression;
  readonly start: number;
  readonly length: number;
  /** The chunks that the expression's 'chunk' steps read, each `length` elements long. */
  readonly chunks: readonly TypedArray[];
  /** 'simd' falls back to the interpreter without SIMD, and for an expression that cannot be compiled (see covers). */
  readonly kernel: Kernel;
}

/** Expressions that were checked, and whether they can be compiled. Many tasks with one expression check it once. */
const checked = new WeakMap<Expression, boolean>();

/**
 * Computes an expression on a range of elements.
 * @returns a number for a reduction, or the elements, or (reduce 'indices') where the elements are true
 * @throws InvalidArgumentError if this is no expression, or if range or chunks do not fit it
 */
export function evaluate(evaluation: Evaluation): number | TypedArray {
  const { expression, start, length, chunks, kernel } = evaluation ?? {};
  const covered = checkOnce(expression);
  checkKernel(kernel);
  checkRange(expression, start, length, chunks);
  const compute = kernel === 'simd' && covered && simdSupported() ? runCompiled : interpret;
  const { steps, reduce } = expression;
  if (reduce !== 'indices') return compute(expression, start, length, chunks);
  return indicesOf(compute({ steps, reduce: 'none' }, start, length, chunks) as Uint8Array, start);
}

function checkOnce(expression: Expression): boolean {
  const known = checked.get(expression);
  if (known !== undefined) return known;
  checkExpression(expression);
  const covered = covers(expression);
  checked.set(expression, covered);
  return covered;
}

function indicesOf(mask: Uint8Array, start: number): Float64Array {
  const indices = new Float64Array(mask.reduce((count, value) => count + value, 0));
  // Always storing, and moving on by 0 or 1, avoids a branch that no processor can predict.
  for (let k = 0, filled = 0; k < mask.length; k++) {
    indices[filled] = start + k;
    filled += mask[k];
  }
  return indices;
}
