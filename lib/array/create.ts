// Where arrays begin: random streams, a constant, the index, or values in memory.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { keyOfSeed } from '../sampling/seed.js';
import { X, Y } from '../sampling/stream.js';
import { newArray } from '../task/interpret.js';
import { holds } from '../task/operations.js';
import type { DType, Step, TypedArray } from '../task/task.js';
import { ChunkedArray } from './array.js';
import { cut, type ChunkSpec } from './chunks.js';
import { checkDType } from './elementwise.js';
import { newNode } from './node.js';

/** Options of every array. */
export interface ArrayOptions {
  /** A size, the list of all sizes, -1 (one chunk) or 'auto' (the default, see cut). */
  readonly chunks?: ChunkSpec;
  readonly dtype?: DType;
}

/** Options of a random array. */
export interface UniformOptions extends ArrayOptions {
  /** 'x' and 'y' are the coordinates of all stages; or an integer from 0 to 2^32 - 1 (x is 0, y is 1). */
  readonly stream: 'x' | 'y' | number;
  /** A safe integer or a text (default 2017). */
  readonly seed?: number | string;
  /** float32 (the default) or float64. The numbers are the same. */
  readonly dtype?: 'float32' | 'float64';
}

/** Arrays of random numbers. */
export const random = { uniform };

/**
 * Random numbers in [0, 1): element i is sample i of a stream (see sampling/stream.ts), however the array is cut.
 * You must name the stream: two arrays of one seed and stream hold the same numbers, and their pi would be wrong.
 * @param length an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError
 */
function uniform(length: number, options: UniformOptions): ChunkedArray {
  const { stream, seed, dtype = 'float32' } = options ?? {};
  checkDType('random.uniform', dtype, ['float32', 'float64']);
  const number = stream === 'x' ? X : stream === 'y' ? Y : stream;
  const remedy = "Name it: 'x' for one array, 'y' for the next; arrays of one stream hold the same numbers.";
  checkInteger('random.uniform: stream', number, 0, remedy, 2 ** 32 - 1);
  const step: Step = { op: 'uniform', key: keyOfSeed(seed), stream: number, dtype };
  return fromStep('random.uniform', length, step, options);
}

/**
 * An array of one value. The default dtype is float64 for a number, and bool for true and false.
 * @param length an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError
 */
export function full(length: number, value: number | boolean, options: ArrayOptions = {}): ChunkedArray {
  const { dtype = dtypeOf('full', [value]) } = options;
  checkDType('full', dtype);
  const [stored] = storedAs('full', dtype, [value]);
  return fromStep('full', length, { op: 'constant', value: stored, dtype }, options);
}

/**
 * 0, 1, 2, ..., length - 1. The default dtype is integer.
 * @param length an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError
 */
export function arange(length: number, options: ArrayOptions = {}): ChunkedArray {
  const { dtype = 'integer' } = options;
  checkDType('arange', dtype, ['float32', 'float64', 'integer']);
  return fromStep('arange', length, { op: 'index', dtype }, options);
}

function fromStep(
  caller: string,
  length: number,
  step: Step,
  { chunks = 'auto' }: ArrayOptions,
): ChunkedArray {
  const { dtype } = step;
  const name = step.op === 'uniform' ? 'uniform' : caller;
  const pieces = cut(caller, length, chunks, dtype);
  return new ChunkedArray(newNode({ op: 'source', name, dtype, chunks: pieces, args: [], step }));
}

/**
 * An array of values in memory. A typed array is not copied: do not change it before all is computed.
 * @param values Float32Array (float32), Float64Array (float64, or integer if you ask for it), Uint8Array of 0 and 1
 *   (bool), a list of numbers (float64 by default, so that no digit is lost) or of booleans (bool)
 * @throws InvalidArgumentError, also for values that the dtype cannot hold
 */
export function fromArray(
  values: TypedArray | readonly (number | boolean)[],
  options: ArrayOptions = {},
): ChunkedArray {
  const own = dtypeOf('fromArray', values);
  const { dtype = own, chunks = 'auto' } = options;
  checkDType('fromArray', dtype);
  const isReady = dtype === own && dtype !== 'bool' && !Array.isArray(values);
  const stored = isReady ? (values as TypedArray) : storedAs('fromArray', dtype, values);
  const pieces = cut('fromArray', values.length, chunks, dtype);
  return new ChunkedArray(
    newNode({ op: 'data', name: 'fromArray', dtype, chunks: pieces, args: [], values: stored }),
  );
}

function dtypeOf(caller: string, values: TypedArray | readonly (number | boolean)[]): DType {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Float64Array) return 'float64';
  if (values instanceof Uint8Array) return 'bool';
  if (Array.isArray(values))
    return values.length > 0 && values.every((value) => typeof value === 'boolean') ? 'bool' : 'float64';
  throw new InvalidArgumentError(
    `${caller}: takes a Float32Array, Float64Array, Uint8Array or a list of numbers or booleans, got ${show(values)}.`,
  );
}

/** A copy of the values in an array of the dtype. Refuses what the dtype cannot hold. */
function storedAs(
  caller: string,
  dtype: DType,
  values: TypedArray | readonly (number | boolean)[],
): TypedArray {
  const list = Array.from<unknown>(values);
  const wrong = list.findIndex((value) => typeof value !== 'boolean' && !holds(dtype, value));
  if (wrong >= 0) {
    throw new InvalidArgumentError(
      `${caller}: element ${wrong} must fit dtype ${dtype}, got ${show(list[wrong])}. Choose another dtype, or fix the value.`,
    );
  }
  const stored = newArray(dtype, list.length);
  stored.set(list.map(Number));
  return stored;
}
