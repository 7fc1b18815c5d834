// Elementwise operations on arrays: brings operands to one dtype, and refuses a mistake where it is made.
import { InvalidArgumentError, show } from '../errors.js';
import { ARRAY_OF } from '../task/interpret.js';
import { dtypeGiven } from '../task/operations.js';
import type { DType, ElementwiseName } from '../task/task.js';
import { describeChunks, sameChunks } from './chunks.js';
import { newNode, type ArrayNode } from './node.js';

/**
 * An elementwise operation on arrays and numbers, which are converted to one dtype first.
 * @throws InvalidArgumentError if the arrays are cut differently, or if the operation does not take such operands
 */
export function elementwise(name: ElementwiseName, operands: readonly (ArrayNode | number)[]): ArrayNode {
  const arrays = operands.filter((operand) => typeof operand !== 'number');
  for (const other of arrays.slice(1)) checkAlike(name, arrays[0], other);
  const argType = commonType(name, operands);
  const args = operands.map((operand) => {
    return typeof operand === 'number' || operand.dtype === 'bool' ? operand : convert(operand, argType);
  });
  const dtypes = args.map((arg) => (typeof arg === 'number' ? argType : arg.dtype));
  const shown = operands.map((operand) => (typeof operand === 'number' ? `${operand}` : operand.dtype));
  const dtype = dtypeGiven(name, name, dtypes, undefined, shown);
  return newNode({ op: 'elementwise', name, dtype, chunks: arrays[0].chunks, args, argType });
}

/** The widest dtype of the operands that are no bools. Plain numbers follow it, unless an integer would lose a fraction. */
function commonType(name: ElementwiseName, operands: readonly (ArrayNode | number)[]): DType {
  const isAll = (dtype: DType): boolean =>
    operands.every((operand) => typeof operand === 'number' || [dtype, 'bool'].includes(operand.dtype));
  if (isAll('float32')) return 'float32';
  const isWhole = operands.every((operand) => typeof operand !== 'number' || Number.isSafeInteger(operand));
  return isAll('integer') && isWhole && name !== 'divide' && name !== 'sqrt' ? 'integer' : 'float64';
}

/** The elements as another dtype. */
export function convert(node: ArrayNode, dtype: DType): ArrayNode {
  if (node.dtype === dtype) return node;
  const { chunks, dtype: argType } = node;
  return newNode({ op: 'elementwise', name: 'astype', dtype, chunks, args: [node], argType });
}

function checkAlike(caller: string, a: ArrayNode, b: ArrayNode): void {
  if (sameChunks(a.chunks, b.chunks)) return;
  const shown = [a, b].map(
    ({ key, chunks }) => `${key} (${chunks.length} elements in ${describeChunks(chunks.sizes)})`,
  );
  const isSameLength = a.chunks.length === b.chunks.length;
  const remedy = isSameLength
    ? 'Make both with the same chunks.'
    : 'Elementwise operations need equal lengths.';
  throw new InvalidArgumentError(
    `${caller}: operands are cut differently: ${shown.join(' and ')}. ${remedy}`,
  );
}

/** Refuses a dtype that is not one of `allowed`. */
export function checkDType(caller: string, dtype: DType, allowed = Object.keys(ARRAY_OF)): void {
  if (allowed.includes(dtype)) return;
  throw new InvalidArgumentError(
    `${caller}: dtype must be one of ${allowed.join(', ')}, got ${show(dtype)}.`,
  );
}
