// Runs an expression on the engine that was asked for; the same value from either.
import { checkExpression, checkKernel, checkRange } from './check.js';
import { covers } from '../simd/compile.js';
import { interpret } from './interpret.js';
import { runCompiled, simdSupported } from '../simd/run-compiled.js';
import type { Expression, Kernel, TypedArray } from './task.js';

/** The input of the operation 'evaluate': elements start, ..., start + length - 1 of an expression. */
export interface Evaluation {
  readonly expression: Expression;
  readonly start: number;
  readonly length: number;
  /** What the expression's 'chunk' steps name, each `length` elements long. */
  readonly chunks: readonly TypedArray[];
  /** Where there is no SIMD, or an expression cannot be compiled (see covers), 'simd' is interpreted too. */
  readonly kernel: Kernel;
}

/** Expressions that were checked, and whether they can be compiled: a task of many with one expression pays nothing. */
const checked = new WeakMap<Expression, boolean>();

/**
 * Computes an expression on a range of elements: a number for a reduction, else the elements.
 * @throws InvalidArgumentError where it is no expression, or range or chunks do not fit it
 */
export function evaluate(evaluation: Evaluation): number | TypedArray {
  const { expression, start, length, chunks, kernel } = evaluation ?? {};
  let covered = checked.get(expression);
  if (covered === undefined) {
    checkExpression(expression);
    checked.set(expression, (covered = covers(expression)));
  }
  checkKernel(kernel);
  checkRange(expression, start, length, chunks);
  if (kernel === 'simd' && covered && simdSupported()) return runCompiled(expression, start, length, chunks);
  return interpret(expression, start, length, chunks);
}
