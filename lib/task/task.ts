// What crosses a boundary (thread, socket, file) is plain data: a task names an operation and carries its input.
import type { Key } from '../sampling/seed.js';

/** The arrays that may travel; always as binary, never as text. */
export type TypedArray = Float32Array | Float64Array | Uint8Array;

/** What a task takes and gives: a number, a typed array, or a plain record or list of such. */
export type Value =
  number | string | boolean | null | TypedArray | readonly Value[] | { readonly [name: string]: Value };

/** One piece of work. Tasks do not know of one another: any order, any place, any number of tries gives the same values. */
export interface Task {
  /** Names the task in events and errors; unique within a run. */
  readonly key: string;
  /** A name in TASK_OPERATIONS, or an export of a task module that the executor was started with. */
  readonly operation: string;
  readonly input: Value;
}

/** The type of an array's elements. 'integer' is exact up to 2^53 and kept in a Float64Array, 'bool' in a Uint8Array. */
export type DType = 'float32' | 'float64' | 'integer' | 'bool';

/**
 * One step of an expression. It computes element i from element i of earlier steps, which `args` name by their place.
 * - uniform: sample i of a stream (see sampling/stream.ts)
 * - index: i itself
 * - constant: a number, alike for every i
 * - chunk: element i - start of the task's chunk number `chunk`
 * - any other `op`: a row of ELEMENTWISE (see operations.ts)
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

/** The names of the closed table of operations. */
export type ElementwiseName =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'sqrt'
  | 'abs'
  | 'less'
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual'
  | 'equal'
  | 'notEqual'
  | 'and'
  | 'or'
  | 'not'
  | 'where'
  | 'astype';

/** Which engine runs expressions: plain TypeScript, or the machine code compiled from the same steps. */
export type Kernel = 'reference' | 'simd';
