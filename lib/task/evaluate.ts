// Checks an expression, which may be data from another machine, and runs it with the engine that was asked for. Both
// engines give the same value.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { covers } from '../simd/compile.js';
import { runCompiled } from '../simd/run-compiled.js';
import { simdSupported } from '../simd/wasm.js';
import { ARRAY_OF, EMPTY, interpret } from './interpret.js';
import { ELEMENTWISE, dtypeGiven, holds } from './operations.js';
import type { ElementwiseName, Expression, Kernel, Step, TypedArray } from './operations.js';

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

/** The names of all dtypes. */
export const DTYPES = Object.keys(ARRAY_OF);
const LARGEST_WORD = 2 ** 32 - 1;

/**
 * Checks that data is an expression: known operations, each on earlier steps of fitting dtypes.
 * @throws InvalidArgumentError that names the step
 */
function checkExpression(expression: Expression): void {
  const { steps, reduce } = (expression ?? {}) as Partial<Expression>;
  const isList = Array.isArray(steps) && steps.length > 0;
  demand(isList, 'expression: steps', 'a list of at least one step', steps);
  checkName('expression: reduce', reduce, Object.keys(EMPTY));
  const list = steps as readonly Step[];
  for (let s = 0; s < list.length; s++) checkStep(`expression: step ${s}`, list, s);
  const { dtype } = list[list.length - 1];
  if (reduce === 'indices') demand(dtype === 'bool', 'expression: the last dtype', 'bool for indices', dtype);
}

/**
 * Checks the range of elements, and the chunks that a checked expression reads there.
 * @throws InvalidArgumentError
 */
function checkRange(
  { steps }: Expression,
  start: number,
  length: number,
  chunks: readonly TypedArray[],
): void {
  checkInteger('evaluate: start', start, 0, 'Give the index of the first element.');
  checkInteger('evaluate: length', length, 0, 'Give how many elements to compute.');
  checkInteger('evaluate: start + length', start + length, 0, 'Sample 2^53 - 2 is the last.');
  demand(Array.isArray(chunks), 'evaluate: chunks', 'a list', chunks);
  for (const step of steps) if (step.op === 'chunk') checkChunk(step, chunks[step.chunk], length);
}

function checkChunk(step: Step & { op: 'chunk' }, chunk: unknown, length: number): void {
  const ArrayType = ARRAY_OF[step.dtype];
  const isTyped = chunk instanceof ArrayType;
  if (isTyped && chunk.length === length) return;
  const other = ArrayBuffer.isView(chunk) ? chunk.constructor.name : show(chunk);
  const got = isTyped ? `one of ${chunk.length}` : other;
  throw new InvalidArgumentError(
    `evaluate: chunk ${step.chunk} must be a ${ArrayType.name} of ${length} elements, got ${got}. Give the range's own elements.`,
  );
}

/** Checks the name of an engine. */
export function checkKernel(kernel: Kernel): void {
  checkName('evaluate: kernel', kernel, ['reference', 'simd']);
}

function checkStep(place: string, steps: readonly Step[], s: number): void {
  const step = steps[s];
  demand(typeof step === 'object' && step !== null, place, '{ op, dtype, ... }', step);
  const { op, dtype } = step;
  checkName(`${place}: dtype`, dtype, DTYPES);
  if (op === 'uniform') {
    checkUniform(place, step);
  } else if (op === 'index') {
    demand(dtype !== 'bool', `${place}: dtype`, 'that of a number', dtype);
  } else if (op === 'constant') {
    const wanted = `a number of dtype ${dtype} (a bool is 0 or 1)`;
    demand(holds(dtype, step.value), `${place}: value`, wanted, step.value);
  } else if (op === 'chunk') {
    checkInteger(`${place}: chunk`, step.chunk, 0, "Number the task's chunks from 0.");
  } else {
    checkName(`${place}: op`, op, Object.keys(ELEMENTWISE));
    checkElementwise(place, step, steps, s);
  }
}

function checkUniform(place: string, { key, stream, dtype }: Step & { op: 'uniform' }): void {
  demand(Array.isArray(key) && key.length === 2, `${place}: key`, 'two words (use keyOfSeed)', key);
  for (const word of key) checkInteger(`${place}: a word of key`, word, 0, 'Use keyOfSeed.', LARGEST_WORD);
  checkInteger(`${place}: stream`, stream, 0, 'Number the streams from 0.', LARGEST_WORD);
  const isFraction = dtype === 'float32' || dtype === 'float64';
  demand(isFraction, `${place}: dtype`, 'float32 or float64 (samples are fractions)', dtype);
}

function checkElementwise(
  place: string,
  { op, args, dtype }: Step & { op: ElementwiseName },
  steps: readonly Step[],
  s: number,
): void {
  const { arity } = ELEMENTWISE[op];
  const isList = Array.isArray(args) && args.length === arity;
  demand(isList, `${place}: args of '${op}'`, `a list of ${arity}`, args);
  for (const arg of args) {
    const isEarlier = Number.isInteger(arg) && arg >= 0 && arg < s;
    demand(isEarlier, `${place}: an arg`, 'the number of an earlier step', arg);
  }
  const operands = args.map((arg) => steps[arg].dtype);
  const given = dtypeGiven(`${place}: '${op}'`, op, operands, dtype);
  demand(dtype === given, `${place}: dtype`, `${given}, as '${op}' gives here`, dtype);
}

function demand(fits: boolean, what: string, wanted: string, got: unknown): void {
  if (!fits) throw new InvalidArgumentError(`${what} must be ${wanted}, got ${show(got)}.`);
}

/** Refuses a name that is not one of `allowed`. */
export function checkName(what: string, name: unknown, allowed: readonly string[]): void {
  demand(typeof name === 'string' && allowed.includes(name), what, `one of ${allowed.join(', ')}`, name);
}
