// Where arrays begin: random streams, a constant, the index, or values in memory.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { keyOfSeed } from '../sampling/seed.js';
import { X, Y } from '../sampling/stream.js';
import { DTYPES, checkName } from '../task/evaluate.js';
import { newArray } from '../task/interpret.js';
import { holds, type DType, type Step, type TypedArray } from '../task/operations.js';
import { ChunkedArray } from './array.js';
import { cut, type ChunkSpec } from './chunks.js';
import { newNode, type Content } from './node.js';

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

type Values = TypedArray | readonly (number | boolean)[];

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
  checkName('random.uniform: dtype', dtype, ['float32', 'float64']);
  const number = stream === 'x' ? X : stream === 'y' ? Y : stream;
  const remedy = "Name it: 'x' for one array, 'y' for the next; arrays of one stream hold the same numbers.";
  checkInteger('random.uniform: stream', number, 0, remedy, 2 ** 32 - 1);
  const step: Step = { op: 'uniform', key: keyOfSeed(seed), stream: number, dtype };
  return begin('random.uniform', length, dtype, options, { op: 'source', step });
}

/**
 * An array of one value. The default dtype is float64 for a number, and bool for true and false.
 * @param length an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError
 */
export function full(length: number, given: number | boolean, options: ArrayOptions = {}): ChunkedArray {
  const { dtype = dtypeOf('full', [given]) } = options;
  checkName('full: dtype', dtype, DTYPES);
  const value = storedAs('full', dtype, [given])[0]; // rounded to the dtype
  return begin('full', length, dtype, options, { op: 'source', step: { op: 'constant', value, dtype } });
}

/**
 * 0, 1, 2, ..., length - 1. The default dtype is integer.
 * @param length an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError
 */
export function arange(length: number, options: ArrayOptions = {}): ChunkedArray {
  const { dtype = 'integer' } = options;
  checkName('arange: dtype', dtype, ['float32', 'float64', 'integer']);
  return begin('arange', length, dtype, options, { op: 'source', step: { op: 'index', dtype } });
}

/**
 * An array of values in memory. A typed array is not copied: do not change it before all is computed.
 * @param values Float32Array (float32), Float64Array (float64, or integer if you ask for it), Uint8Array of 0 and 1
 *   (bool), a list of numbers (float64 by default, so that no digit is lost) or of booleans (bool)
 * @throws InvalidArgumentError, also for values that the dtype cannot hold
 */
export function fromArray(values: Values, options: ArrayOptions = {}): ChunkedArray {
  const own = dtypeOf('fromArray', values);
  const { dtype = own } = options;
  checkName('fromArray: dtype', dtype, DTYPES);
  const isReady = dtype === own && dtype !== 'bool' && !Array.isArray(values);
  const stored = isReady ? (values as TypedArray) : storedAs('fromArray', dtype, values);
  return begin('fromArray', values.length, dtype, options, { op: 'data', values: stored });
}

function begin(
  caller: string,
  length: number,
  dtype: DType,
  { chunks = 'auto' }: ArrayOptions,
  content: Content,
): ChunkedArray {
  const name = caller.replace('random.', '');
  return new ChunkedArray(
    newNode({ name, dtype, chunks: cut(caller, length, chunks, dtype), args: [], ...content }),
  );
}

function dtypeOf(caller: string, values: Values): DType {
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
function storedAs(caller: string, dtype: DType, values: Values): TypedArray {
  const list = Array.from<unknown>(values);
  const wrong = list.findIndex((value) => typeof value !== 'boolean' && !holds(dtype, value));
  if (wrong >= 0)
    throw new InvalidArgumentError(
      `${caller}: element ${wrong} must fit dtype ${dtype}, got ${show(list[wrong])}. Choose another dtype, or fix the value.`,
    );
  const stored = newArray(dtype, list.length);
  stored.set(list.map(Number));
  return stored;
}
