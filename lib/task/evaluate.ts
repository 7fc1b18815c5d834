// Runs an expression on the engine that was asked for; the same value from either.
import { interpret } from './interpret.js';
import type { Expression, Kernel, TypedArray } from './task.js';

/** The input of the operation 'evaluate': elements start, ..., start + length - 1 of an expression. */
export interface Evaluation {
  readonly expression: Expression;
  readonly start: number;
  readonly length: number;
  /** What the expression's 'chunk' steps name, each `length` elements long. */
  readonly chunks: readonly TypedArray[];
  readonly kernel: Kernel;
}

/** Computes an expression on a range of elements: a number for a reduction, else the elements. */
export function evaluate({ expression, start, length, chunks }: Evaluation): number | TypedArray {
  return interpret(expression, start, length, chunks);
}
