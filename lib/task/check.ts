// Checks expressions where they come in: they may be data from another machine, and no engine looks twice.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { ARRAY_OF } from './interpret.js';
import { ELEMENTWISE } from './operations.js';
import type { DType, ElementwiseName, Expression, Kernel, Reduction, Step, TypedArray } from './task.js';

const REDUCTIONS: { readonly [name in Reduction]: true } = {
  none: true,
  count: true,
  sum: true,
  min: true,
  max: true,
};
const KERNELS: { readonly [name in Kernel]: true } = { reference: true, simd: true };
const WORD = 2 ** 32 - 1;

/**
 * Checks that data is an expression: known operations, each on earlier steps of fitting dtypes.
 * @throws InvalidArgumentError that names the step
 */
export function checkExpression(expression: Expression): void {
  const { steps, reduce } = (expression ?? {}) as Partial<Expression>;
  if (!Array.isArray(steps) || steps.length === 0) {
    throw new InvalidArgumentError(
      `expression: steps must be a list of at least one step, got ${show(steps)}. Give { steps, reduce }.`,
    );
  }
  checkName('expression: reduce', reduce, REDUCTIONS);
  for (let s = 0; s < steps.length; s++) checkStep(`expression: step ${s}`, steps as readonly Step[], s);
}

/**
 * Checks a range of elements and the chunks that a checked expression reads there.
 * @throws InvalidArgumentError
 */
export function checkRange(
  { steps }: Expression,
  start: number,
  length: number,
  chunks: readonly TypedArray[],
): void {
  checkInteger('evaluate: start', start, 0, 'Give the index of the first element.');
  checkInteger('evaluate: length', length, 0, 'Give how many elements to compute.');
  checkInteger('evaluate: start + length', start + length, 0, 'Sample 2^53 - 2 is the last.');
  if (!Array.isArray(chunks))
    throw new InvalidArgumentError(
      `evaluate: chunks must be a list, got ${show(chunks)}. Without any, give [].`,
    );
  for (const step of steps) {
    if (step.op !== 'chunk') continue;
    const chunk: unknown = chunks[step.chunk];
    const wanted = ARRAY_OF[step.dtype];
    if (chunk instanceof wanted && chunk.length === length) continue;
    const got =
      chunk instanceof wanted
        ? `one of ${chunk.length}`
        : ArrayBuffer.isView(chunk)
          ? `a ${chunk.constructor.name}`
          : show(chunk);
    throw new InvalidArgumentError(
      `evaluate: chunk ${step.chunk} must be a ${wanted.name} of ${length} elements, got ${got}. Cut it as the range is cut.`,
    );
  }
}

function checkStep(place: string, steps: readonly Step[], s: number): void {
  const step = steps[s];
  if (typeof step !== 'object' || step === null)
    throw new InvalidArgumentError(`${place} must be { op, dtype, ... }, got ${show(step)}.`);
  const { op, dtype } = step;
  checkName(`${place}: dtype`, dtype, ARRAY_OF);
  switch (op) {
    case 'uniform': {
      const { key, stream } = step;
      if (!Array.isArray(key) || key.length !== 2)
        throw new InvalidArgumentError(
          `${place}: key must be two words, got ${show(key)}. Make it with keyOfSeed.`,
        );
      for (const word of key)
        checkInteger(`${place}: a word of key`, word, 0, 'Make it with keyOfSeed.', WORD);
      checkInteger(`${place}: stream`, stream, 0, 'Number the streams from 0.', WORD);
      return checkDType(
        place,
        dtype,
        dtype === 'float32' || dtype === 'float64',
        'float32 or float64: samples are fractions',
      );
    }
    case 'index':
      return checkDType(place, dtype, dtype !== 'bool', 'that of a number');
    case 'constant':
      return checkConstant(place, step.value, dtype);
    case 'chunk':
      checkInteger(`${place}: chunk`, step.chunk, 0, "Number the task's chunks from 0.");
      return;
    default:
      checkName(`${place}: op`, op, ELEMENTWISE);
      return checkElementwise(place, step, steps, s);
  }
}

function checkConstant(place: string, value: unknown, dtype: DType): void {
  const fits =
    typeof value === 'number' &&
    (dtype === 'bool' ? value === 0 || value === 1 : dtype !== 'integer' || Number.isSafeInteger(value));
  if (!fits)
    throw new InvalidArgumentError(
      `${place}: value must be a number of dtype ${dtype}, got ${show(value)}. A bool is 0 or 1.`,
    );
}

function checkElementwise(
  place: string,
  { op, args, dtype }: Step & { op: ElementwiseName },
  steps: readonly Step[],
  s: number,
): void {
  const { arity, takes, gives } = ELEMENTWISE[op];
  if (!Array.isArray(args) || args.length !== arity) {
    throw new InvalidArgumentError(
      `${place}: args of '${op}' must be a list of ${arity}, got ${show(args)}.`,
    );
  }
  for (const arg of args) {
    if (Number.isInteger(arg) && arg >= 0 && arg < s) continue;
    throw new InvalidArgumentError(
      `${place}: an arg must be the number of an earlier step, got ${show(arg)}. Put the steps in order.`,
    );
  }
  if (op === 'astype') return;
  const dtypes = args.map((arg: number) => steps[arg].dtype);
  const like = dtypes[arity - 1]; // what the last operand is, all are; but where's condition is a bool
  const alike = dtypes.every((other, i) => other === (op === 'where' && i === 0 ? 'bool' : like));
  const taken = takes === 'number' ? like !== 'bool' : takes === 'bool' ? like === 'bool' : true;
  if (!alike || !taken) {
    const wanted = `${takes}${arity > 1 ? ', alike' : ''}`;
    throw new InvalidArgumentError(
      `${place}: '${op}' takes ${wanted}, got ${dtypes.join(', ')}. Use 'astype' first.`,
    );
  }
  if (gives === 'bool') checkDType(place, dtype, dtype === 'bool', `bool, as '${op}' gives`);
  else if (op === 'truncate')
    checkDType(
      place,
      dtype,
      dtype === like || dtype === 'integer',
      `${like} or integer, as 'truncate' gives`,
    );
  else checkDType(place, dtype, dtype === like, `${like}, as that of its operands`);
}

function checkDType(place: string, dtype: DType, fits: boolean, wanted: string): void {
  if (!fits) throw new InvalidArgumentError(`${place}: dtype must be ${wanted}, got ${show(dtype)}.`);
}

function checkName(place: string, name: unknown, table: object): void {
  if (typeof name === 'string' && Object.hasOwn(table, name)) return;
  throw new InvalidArgumentError(
    `${place} must be one of ${Object.keys(table).join(', ')}, got ${show(name)}.`,
  );
}

/** Checks the name of an engine. */
export function checkKernel(kernel: Kernel): void {
  checkName('evaluate: kernel', kernel, KERNELS);
}
