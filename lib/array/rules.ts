// What may be combined with what, and the type of the result; refused where the mistake is made, not when it is computed.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { ELEMENTWISE } from '../task/operations.js';
import type { DType, ElementwiseName, TypedArray } from '../task/task.js';
import { describeChunks, sameChunks, type Chunks } from './chunks.js';
import { ITEM_BYTES, arraysOf, inOrder, mintKey, type ArrayNode } from './node.js';

/** An elementwise operation on arrays and numbers, which are brought to one type first. */
export function elementwise(name: ElementwiseName, operands: readonly (ArrayNode | number)[]): ArrayNode {
  const [first, ...others] = operands.filter((operand) => typeof operand !== 'number');
  for (const other of others) checkAlike(name, first, other);
  const { takes, gives } = ELEMENTWISE[name];
  const hasCondition = takes === 'bool, then number';
  const argType = commonType(name, takes === 'bool', hasCondition ? operands.slice(1) : operands);
  const args = operands.map((operand, i) => {
    return typeof operand === 'number' || (hasCondition && i === 0) ? operand : converted(operand, argType);
  });
  return newNode(name, args, argType, gives === 'bool' ? 'bool' : argType, first.chunks);
}

/** The widest type of the arrays; numbers follow it, unless an integer would lose its fraction. */
function commonType(name: ElementwiseName, bool: boolean, operands: readonly (ArrayNode | number)[]): DType {
  const types = operands.map((operand) => (typeof operand === 'number' ? undefined : operand.dtype));
  const given = operands.map((operand, i) => types[i] ?? String(operand as number)).join(' and ');
  const isAll = (...dtypes: readonly DType[]): boolean =>
    types.every((type) => !type || dtypes.includes(type));
  if (types.every((type) => type === 'bool') && (bool || name === 'where')) return 'bool';
  const wrong = bool ? 'takes bool arrays' : types.includes('bool') ? 'takes numbers' : undefined;
  if (wrong) {
    const remedy = bool ? 'Compare first, as in x.less(1).' : "Use astype('float32'), or sum() to count.";
    throw new InvalidArgumentError(`${name}: ${wrong}, got ${given}. ${remedy}`);
  }
  if (isAll('float32')) return 'float32';
  const whole = operands.every((operand) => typeof operand !== 'number' || Number.isSafeInteger(operand));
  return isAll('integer') && whole && name !== 'divide' && name !== 'sqrt' ? 'integer' : 'float64';
}

function newNode(
  name: ElementwiseName,
  args: ArrayNode['args'],
  argType: DType,
  dtype: DType,
  chunks: Chunks,
): ArrayNode {
  return { op: 'elementwise', key: mintKey(name), name, dtype, chunks, args, argType };
}

/** The elements as another type. */
export function converted(node: ArrayNode, dtype: DType): ArrayNode {
  const convert = (name: ElementwiseName, ...others: readonly number[]): ArrayNode =>
    newNode(name, [node, ...others], node.dtype, dtype, node.chunks);
  if (node.dtype === dtype) return node;
  if (dtype === 'bool') return convert('notEqual', 0);
  return convert(dtype === 'integer' && node.dtype !== 'bool' ? 'truncate' : 'astype');
}

/** The same elements in other chunks: the whole expression again, cut elsewhere, down to its streams and its data. */
export function recut(root: ArrayNode, chunks: Chunks): ArrayNode {
  const nodes = inOrder([root]);
  const aligned = new Set([root]); // the array that a take looks into is none: it keeps its chunks
  for (const node of [...nodes].reverse()) {
    if (!aligned.has(node)) continue;
    if (node.op === 'indices' || node.op === 'compress') checkKnown('rechunk', node);
    for (const arg of arraysOf(node)) aligned.add(arg);
  }
  const anew = new Map<ArrayNode, ArrayNode>();
  for (const node of nodes) {
    const args = node.args.map((arg) => (typeof arg === 'number' ? arg : anew.get(arg)!));
    if (aligned.has(node)) anew.set(node, { ...node, key: mintKey(node.name), chunks, args });
  }
  return anew.get(root)!;
}

/** Refuses two arrays that are not cut at the same places. */
export function checkAlike(caller: string, a: ArrayNode, b: ArrayNode): void {
  if (sameChunks(a.chunks, b.chunks)) return;
  const shown = [a, b].map(
    ({ key, chunks }) => `${key} (${chunks.length} elements in ${describeChunks(chunks)})`,
  );
  const sameLength = a.chunks.length === b.chunks.length;
  const remedy = Number.isNaN(a.chunks.length + b.chunks.length)
    ? 'Sizes that are not known fit only what the same condition selected: persist them first.'
    : sameLength
      ? 'Call rechunk on one, as in b.rechunk(a.chunks).'
      : 'Elementwise operations need equal lengths.';
  throw new InvalidArgumentError(
    `${caller}: operands are cut differently: ${shown.join(' and ')}. ${remedy}`,
  );
}

/** Refuses an array of which only a computation tells the chunk sizes. */
export function checkKnown(caller: string, { key, chunks }: ArrayNode): void {
  if (!Number.isNaN(chunks.length)) return;
  throw new InvalidArgumentError(
    `${caller}: the chunk sizes of ${key} are not known before a computation. Call persist on it, then use what that gives.`,
  );
}

/** Refuses a dtype that is not one of `allowed`. */
export function checkDType(caller: string, dtype: DType, allowed = Object.keys(ITEM_BYTES)): void {
  if (allowed.includes(dtype)) return;
  throw new InvalidArgumentError(
    `${caller}: dtype must be one of ${allowed.join(', ')}, got ${show(dtype)}.`,
  );
}

/** Refuses indices outside 0 to length - 1. */
export function checkIndices(caller: string, indices: TypedArray, length: number): void {
  const remedy = `The array has ${length} elements, the first at 0.`;
  for (const index of indices) checkInteger(`${caller}: index`, index, 0, remedy, length - 1);
}
