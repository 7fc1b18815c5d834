// The closed table of elementwise operations: a row is a name, an arity, and what it means in plain TypeScript.
import type { ElementwiseName } from './task.js';

/** A row: `plain` is the meaning on numbers (a bool is 0 or 1). Rounding to the step's dtype comes after it. */
export interface Operation {
  readonly arity: 1 | 2 | 3;
  /** Whether the operation takes bools, numbers, or (where) a bool and then numbers. */
  readonly takes: 'number' | 'bool' | 'bool, then number' | 'any';
  readonly gives: 'number' | 'bool' | 'any';
  readonly plain: (a: number, b: number, c: number) => number;
}

/** Every operation there is. Data that names another is refused. */
export const ELEMENTWISE: { readonly [name in ElementwiseName]: Operation } = {
  add: { arity: 2, takes: 'number', gives: 'number', plain: (a, b) => a + b },
  subtract: { arity: 2, takes: 'number', gives: 'number', plain: (a, b) => a - b },
  multiply: { arity: 2, takes: 'number', gives: 'number', plain: (a, b) => a * b },
  divide: { arity: 2, takes: 'number', gives: 'number', plain: (a, b) => a / b },
  sqrt: { arity: 1, takes: 'number', gives: 'number', plain: (a) => Math.sqrt(a) },
  abs: { arity: 1, takes: 'number', gives: 'number', plain: (a) => Math.abs(a) },
  truncate: { arity: 1, takes: 'number', gives: 'number', plain: (a) => Math.trunc(a) + 0 }, // + 0: integers have no -0
  less: { arity: 2, takes: 'number', gives: 'bool', plain: (a, b) => +(a < b) },
  lessEqual: { arity: 2, takes: 'number', gives: 'bool', plain: (a, b) => +(a <= b) },
  greater: { arity: 2, takes: 'number', gives: 'bool', plain: (a, b) => +(a > b) },
  greaterEqual: { arity: 2, takes: 'number', gives: 'bool', plain: (a, b) => +(a >= b) },
  equal: { arity: 2, takes: 'number', gives: 'bool', plain: (a, b) => +(a === b) },
  notEqual: { arity: 2, takes: 'number', gives: 'bool', plain: (a, b) => +(a !== b) },
  and: { arity: 2, takes: 'bool', gives: 'bool', plain: (a, b) => a & b },
  or: { arity: 2, takes: 'bool', gives: 'bool', plain: (a, b) => a | b },
  not: { arity: 1, takes: 'bool', gives: 'bool', plain: (a) => a ^ 1 },
  where: { arity: 3, takes: 'bool, then number', gives: 'any', plain: (condition, a, b) => (condition ? a : b) },
  astype: { arity: 1, takes: 'any', gives: 'any', plain: (a) => a },
};
