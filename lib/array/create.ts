// Where arrays begin: random streams, a constant, the index, or values that are at hand.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { keyOfSeed } from '../sampling/seed.js';
import { X, Y } from '../sampling/stream.js';
import { newArray } from '../task/interpret.js';
import type { DType, Step, TypedArray } from '../task/task.js';
import { ChunkedArray } from './array.js';
import { cut, type ChunkSpec } from './chunks.js';
import { ITEM_BYTES, dataNode, mintKey } from './node.js';
import { checkDType } from './rules.js';

/** What every array may be given. */
export interface ArrayOptions {
  /** A size, the list of all sizes, -1 (one chunk) or 'auto', which is taken where none is given (see cut). */
  readonly chunks?: ChunkSpec;
  readonly dtype?: DType;
}

/** What a random array may be given. */
export interface UniformOptions extends ArrayOptions {
  /** 'x' and 'y' are the coordinates that all stages count with; or an integer from 0 to 2^32 - 1 (x is 0, y is 1). */
  readonly stream: 'x' | 'y' | number;
  /** A safe integer or a text; absent means 2017. */
  readonly seed?: number | string;
  /** float32 (taken where none is given) or float64; the numbers are the same. */
  readonly dtype?: 'float32' | 'float64';
}

/** Arrays of random numbers. */
export const random = { uniform };

/**
 * Random numbers in [0, 1): element i is sample i of a stream (see sampling/stream.ts), however the array is cut.
 * The stream must be named: two arrays of one seed and stream hold the same numbers, and their pi would be wrong.
 * @param length an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError
 */
function uniform(length: number, options: UniformOptions): ChunkedArray {
  const { stream, seed, dtype = 'float32' } = options ?? {};
  checkDType('random.uniform', dtype, ['float32', 'float64']);
  const remedy =
    "Name it: 'x' for one array, 'y' for the next; two arrays of one stream hold the same numbers.";
  if (typeof stream === 'string' && stream !== 'x' && stream !== 'y') {
    throw new InvalidArgumentError(
      `random.uniform: stream must be 'x', 'y' or an integer, got ${show(stream)}. ${remedy}`,
    );
  }
  const number =
    stream === 'x'
      ? X
      : stream === 'y'
        ? Y
        : checkInteger('random.uniform: stream', stream, 0, remedy, 2 ** 32 - 1);
  return fromStep(
    'random.uniform',
    length,
    { op: 'uniform', key: keyOfSeed(seed), stream: number, dtype },
    options,
  );
}

/**
 * An array of one value; true and false make it bool.
 * @param length an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError
 */
export function full(length: number, value: number | boolean, options: ArrayOptions = {}): ChunkedArray {
  const { dtype = typeof value === 'boolean' ? 'bool' : 'float32' } = options;
  checkDType('full', dtype);
  const stored = newArray(dtype, 1);
  store('full', dtype, stored, [value]);
  return fromStep('full', length, { op: 'constant', value: stored[0], dtype }, options);
}

/**
 * 0, 1, 2, ..., length - 1; of dtype integer where none is given.
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
  const places = cut(caller, length, chunks, ITEM_BYTES[dtype]);
  return new ChunkedArray({ op: 'source', key: mintKey(name), name, dtype, chunks: places, args: [], step });
}

/**
 * An array of values that are at hand. A typed array is not copied: leave it as it is until all is computed.
 * @param values Float32Array (float32), Float64Array (float64, or integer where asked for), Uint8Array of 0 and 1
 *   (bool), a list of numbers (float32 where no dtype is given) or of booleans (bool)
 * @throws InvalidArgumentError, for values that the dtype cannot hold too
 */
export function fromArray(
  values: TypedArray | readonly (number | boolean)[],
  options: ArrayOptions = {},
): ChunkedArray {
  const own = dtypeOf(values);
  const { dtype = own, chunks = 'auto' } = options;
  checkDType('fromArray', dtype);
  let piece = values as TypedArray;
  if (Array.isArray(values) || dtype !== own) {
    piece = newArray(dtype, values.length);
    store('fromArray', dtype, piece, values);
  } else if (dtype === 'bool') store('fromArray', dtype, new Uint8Array(values.length), values);
  const places = cut('fromArray', values.length, chunks, ITEM_BYTES[dtype]);
  return new ChunkedArray(dataNode('fromArray', dtype, [piece], places));
}

function dtypeOf(values: TypedArray | readonly (number | boolean)[]): DType {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Float64Array) return 'float64';
  if (values instanceof Uint8Array) return 'bool';
  if (Array.isArray(values))
    return values.length > 0 && values.every((value) => typeof value === 'boolean') ? 'bool' : 'float32';
  throw new InvalidArgumentError(
    `fromArray: takes a Float32Array, Float64Array, Uint8Array or a list of numbers or booleans, got ${show(values)}.`,
  );
}

/** Copies values, rounded to the dtype; refuses what the dtype cannot hold. */
function store(caller: string, dtype: DType, to: TypedArray, values: ArrayLike<number | boolean>): void {
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    const number = Number(value);
    const fits =
      dtype === 'integer' ? Number.isSafeInteger(number) : dtype !== 'bool' || number === 0 || number === 1;
    if ((typeof value !== 'number' && typeof value !== 'boolean') || !fits) {
      throw new InvalidArgumentError(
        `${caller}: element ${k} must fit dtype ${dtype}, got ${show(value)}. Choose another dtype, or mend the value.`,
      );
    }
    to[k] = number;
  }
}
