// The closed table of elementwise operations. A row is a name, an arity and two meanings: on numbers, for interpret.ts,
// and on vectors of four, for compile.ts. Tests hold them equal, bit for bit.
import type { ElementwiseName, Step } from './task.js';
import { ZERO, type Code } from '../simd/wasm.js';

/**
 * A row. `plain` is the meaning on numbers (a bool is 0 or 1); rounding to the step's dtype comes after it.
 * `simd` is the meaning on vectors of float32 or of bool (a true lane is all ones), each operand being code that pushes it.
 */
export interface Operation {
  readonly arity: 1 | 2 | 3;
  /** Whether the operation takes bools, numbers, or (where) a bool and then numbers. */
  readonly takes: 'number' | 'bool' | 'bool, then number' | 'any';
  readonly gives: 'number' | 'bool' | 'any';
  readonly plain: (a: number, b: number, c: number) => number;
  readonly simd: (a: Code, b: Code, c: Code) => Code;
}

const ARITHMETIC = { takes: 'number', gives: 'number' } as const;
const COMPARISON = { takes: 'number', gives: 'bool' } as const;
const LOGIC = { takes: 'bool', gives: 'bool' } as const;

/** Every operation there is. Data that names another is refused. */
export const ELEMENTWISE: { readonly [name in ElementwiseName]: Operation } = {
  add: { arity: 2, ...ARITHMETIC, plain: (a, b) => a + b, simd: (a, b) => [a, b, 'f32x4.add'] },
  subtract: { arity: 2, ...ARITHMETIC, plain: (a, b) => a - b, simd: (a, b) => [a, b, 'f32x4.sub'] },
  multiply: { arity: 2, ...ARITHMETIC, plain: (a, b) => a * b, simd: (a, b) => [a, b, 'f32x4.mul'] },
  divide: { arity: 2, ...ARITHMETIC, plain: (a, b) => a / b, simd: (a, b) => [a, b, 'f32x4.div'] },
  sqrt: { arity: 1, ...ARITHMETIC, plain: (a) => Math.sqrt(a), simd: (a) => [a, 'f32x4.sqrt'] },
  abs: { arity: 1, ...ARITHMETIC, plain: (a) => Math.abs(a), simd: (a) => [a, 'f32x4.abs'] },
  truncate: { arity: 1, ...ARITHMETIC, plain: (a) => Math.trunc(a) + 0, simd: truncated }, // + 0: integers have no -0
  less: { arity: 2, ...COMPARISON, plain: (a, b) => +(a < b), simd: (a, b) => [a, b, 'f32x4.lt'] },
  lessEqual: { arity: 2, ...COMPARISON, plain: (a, b) => +(a <= b), simd: (a, b) => [a, b, 'f32x4.le'] },
  greater: { arity: 2, ...COMPARISON, plain: (a, b) => +(a > b), simd: (a, b) => [a, b, 'f32x4.gt'] },
  greaterEqual: { arity: 2, ...COMPARISON, plain: (a, b) => +(a >= b), simd: (a, b) => [a, b, 'f32x4.ge'] },
  equal: { arity: 2, ...COMPARISON, plain: (a, b) => +(a === b), simd: (a, b) => [a, b, 'f32x4.eq'] },
  notEqual: { arity: 2, ...COMPARISON, plain: (a, b) => +(a !== b), simd: (a, b) => [a, b, 'f32x4.ne'] },
  and: { arity: 2, ...LOGIC, plain: (a, b) => a & b, simd: (a, b) => [a, b, 'v128.and'] },
  or: { arity: 2, ...LOGIC, plain: (a, b) => a | b, simd: (a, b) => [a, b, 'v128.or'] },
  not: { arity: 1, ...LOGIC, plain: (a) => a ^ 1, simd: (a) => [a, 'v128.not'] },
  where: {
    arity: 3,
    takes: 'bool, then number',
    gives: 'any',
    plain: (c, a, b) => (c ? a : b),
    simd: selected,
  },
  astype: { arity: 1, takes: 'any', gives: 'any', plain: (a) => a, simd: (a) => a }, // of dtypes alike; see convert
};

function truncated(a: Code): Code {
  return [a, 'f32x4.trunc', ZERO, 'f32x4.add'];
}

function selected(condition: Code, a: Code, b: Code): Code {
  return [a, b, condition, 'v128.bitselect'];
}

/**
 * The plain meaning of a step. That of its row; but astype to bool asks whether an element is not 0, and astype to integer
 * cuts off the fraction.
 */
export function plainOf({ op, dtype }: Step & { op: ElementwiseName }): Operation['plain'] {
  if (op !== 'astype' || (dtype !== 'bool' && dtype !== 'integer')) return ELEMENTWISE[op].plain;
  return dtype === 'bool' ? (a) => +(a !== 0) : ELEMENTWISE.truncate.plain;
}
