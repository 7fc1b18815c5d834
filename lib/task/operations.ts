// What an expression is, as data, and the closed table of elementwise operations: what each takes and gives, and its two
// meanings. Tests hold the two meanings equal, bit for bit.
import { InvalidArgumentError } from '../errors.js';
import type { Key } from '../sampling/seed.js';

/** The arrays that may travel; always as binary, never as text. */
export type TypedArray = Float32Array | Float64Array | Uint8Array;

/** The type of an array's elements. 'integer' is exact up to 2^53 and kept in a Float64Array, 'bool' in a Uint8Array. */
export type DType = 'float32' | 'float64' | 'integer' | 'bool';

/**
 * One step of an expression. It computes element i from element i of earlier steps, which `args` name by their place.
 * - uniform: sample i of a stream (see sampling/stream.ts)
 * - index: i itself
 * - constant: a number, alike for every i
 * - chunk: element i - start of the task's chunk number `chunk`
 * - any other `op`: a row of ELEMENTWISE
 */
export type Step =
  | { readonly op: 'uniform'; readonly key: Key; readonly stream: number; readonly dtype: DType }
  | { readonly op: 'index'; readonly dtype: DType }
  | { readonly op: 'constant'; readonly value: number; readonly dtype: DType }
  | { readonly op: 'chunk'; readonly chunk: number; readonly dtype: DType }
  | { readonly op: ElementwiseName; readonly args: readonly number[]; readonly dtype: DType };

/** How the elements of the last step become the expression's value; 'none' gives all of them, 'indices' where they are true. */
export type Reduction = 'none' | 'count' | 'sum' | 'min' | 'max' | 'indices';

/** An elementwise expression and its reduction, as plain data: steps in order, each from those before it. */
export interface Expression {
  readonly steps: readonly Step[];
  readonly reduce: Reduction;
}

/** Which engine runs expressions: plain TypeScript, or the machine code compiled from the same steps. */
export type Kernel = 'reference' | 'simd';

/** A row of the table. */
export interface Operation {
  readonly arity: 1 | 2 | 3;
  /** What its operands are, all of one dtype. (The first operand of `where` is a bool besides.) */
  readonly takes: 'numbers' | 'bools' | 'numbers or bools';
  /** 'same' is the dtype of the operands, 'any' the dtype that the step asks for. */
  readonly gives: 'same' | 'bool' | 'any';
  /** The meaning on numbers, where a bool is 0 or 1. The result is then rounded to the step's dtype. */
  readonly plain: (a: number, b: number, c: number) => number;
  /** The instruction for four float32, or four bools (a true lane is all ones). None for `astype`, see compile.ts. */
  readonly simd?: string;
}

const ARITHMETIC = { takes: 'numbers', gives: 'same' } as const;
const COMPARISON = { takes: 'numbers', gives: 'bool' } as const;
const LOGIC = { takes: 'bools', gives: 'same' } as const;
const ANY = 'numbers or bools';

/** Every operation there is. Data that names another one is refused. */
export const ELEMENTWISE = {
  add: { arity: 2, ...ARITHMETIC, plain: (a, b) => a + b, simd: 'f32x4.add' },
  subtract: { arity: 2, ...ARITHMETIC, plain: (a, b) => a - b, simd: 'f32x4.sub' },
  multiply: { arity: 2, ...ARITHMETIC, plain: (a, b) => a * b, simd: 'f32x4.mul' },
  divide: { arity: 2, ...ARITHMETIC, plain: (a, b) => a / b, simd: 'f32x4.div' },
  sqrt: { arity: 1, ...ARITHMETIC, plain: (a) => Math.sqrt(a), simd: 'f32x4.sqrt' },
  abs: { arity: 1, ...ARITHMETIC, plain: (a) => Math.abs(a), simd: 'f32x4.abs' },
  less: { arity: 2, ...COMPARISON, plain: (a, b) => +(a < b), simd: 'f32x4.lt' },
  lessEqual: { arity: 2, ...COMPARISON, plain: (a, b) => +(a <= b), simd: 'f32x4.le' },
  greater: { arity: 2, ...COMPARISON, plain: (a, b) => +(a > b), simd: 'f32x4.gt' },
  greaterEqual: { arity: 2, ...COMPARISON, plain: (a, b) => +(a >= b), simd: 'f32x4.ge' },
  equal: { arity: 2, ...COMPARISON, plain: (a, b) => +(a === b), simd: 'f32x4.eq' },
  notEqual: { arity: 2, ...COMPARISON, plain: (a, b) => +(a !== b), simd: 'f32x4.ne' },
  and: { arity: 2, ...LOGIC, plain: (a, b) => a & b, simd: 'v128.and' },
  or: { arity: 2, ...LOGIC, plain: (a, b) => a | b, simd: 'v128.or' },
  not: { arity: 1, ...LOGIC, plain: (a) => a ^ 1, simd: 'v128.not' },
  where: { arity: 3, takes: ANY, gives: 'same', plain: (c, a, b) => (c ? a : b), simd: 'v128.bitselect' },
  astype: { arity: 1, takes: ANY, gives: 'any', plain: (a) => a },
} as const satisfies { readonly [name: string]: Operation };

/** The names of the closed table of operations. */
export type ElementwiseName = keyof typeof ELEMENTWISE;

/** Whether a dtype holds a value: any number, but a bool is 0 or 1, and an integer is safe. Floats may be rounded. */
export function holds(dtype: DType, value: unknown): boolean {
  if (dtype === 'bool') return value === 0 || value === 1;
  return dtype === 'integer' ? Number.isSafeInteger(value) : typeof value === 'number';
}

/** The meaning of a step on numbers. That of its row, but `astype` depends on what it converts to. */
export function plainOf({ op, dtype }: Step & { op: ElementwiseName }): Operation['plain'] {
  if (op === 'astype' && dtype === 'bool') return (a) => +(a !== 0);
  if (op === 'astype' && dtype === 'integer') return (a) => Math.trunc(a) + 0; // + 0: integers have no -0
  return ELEMENTWISE[op].plain;
}

/**
 * The dtype that an operation gives: the one rule for operand types, for arrays and for expressions.
 * @param place opens the message, as in 'add' or 'expression: step 3: add'
 * @param operands their dtypes, as many as the operation's arity
 * @param wanted the dtype that `astype` converts to
 * @param shown the operands as the message shows them (default: their dtypes)
 * @throws InvalidArgumentError if the operation does not take such operands
 */
export function dtypeGiven(
  place: string,
  op: ElementwiseName,
  operands: readonly DType[],
  wanted?: DType,
  shown: readonly string[] = operands,
): DType {
  const { takes, gives } = ELEMENTWISE[op];
  const values = op === 'where' ? operands.slice(1) : operands;
  const [first] = values;
  const fits = takes === ANY || (takes === 'bools') === (first === 'bool');
  if (!fits || values.some((dtype) => dtype !== first) || (op === 'where' && operands[0] !== 'bool')) {
    const what = op === 'where' ? `a bool, then ${takes}` : takes;
    const remedy =
      takes === 'bools' ? 'Compare first, as in x.less(1).' : "Convert first, as in x.astype('float32').";
    throw new InvalidArgumentError(
      `${place}: takes ${what} of one dtype, got ${shown.join(' and ')}. ${remedy}`,
    );
  }
  if (gives === 'any') return wanted ?? first;
  return gives === 'bool' ? 'bool' : first;
}
