// How an array is cut into chunks.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { BLOCK } from '../sampling/stream.js';
import { ARRAY_OF } from '../task/interpret.js';
import type { DType } from '../task/operations.js';

/** The pieces of an array. */
export interface Chunks {
  readonly length: number;
  readonly sizes: readonly number[];
  /** The index of each chunk's first element. */
  readonly starts: readonly number[];
}

/** The chunks a caller asks for: a size, the list of all sizes, -1 for one chunk, or 'auto' (see cut). */
export type ChunkSpec = number | readonly number[] | 'auto';

const MOST_CHUNKS = 1e6; // each costs its caller some tens of bytes and microseconds
const AUTO_MOST_BYTES = 128 * 2 ** 20; // as in dask: 25 to 200 ms of work for a random stream
const AUTO_LEAST = 2 ** 20; // elements; smaller tasks cost more to hand out than to compute
const AUTO_CHUNKS = 32; // between the two: enough to keep the threads of one machine busy to the end

/**
 * Cuts `length` elements into chunks.
 *
 * 'auto' takes a 32nd of the array in whole blocks of samples, at least 2^20 elements and at most 128 MiB (or a millionth
 * of the array, if that is more). It looks at nothing else, so the chunks, and the rounding of float sums, are the same
 * on every machine.
 * @param caller opens the message, as in 'random.uniform'
 * @throws InvalidArgumentError for invalid chunks
 */
export function cut(caller: string, length: number, spec: ChunkSpec, dtype: DType): Chunks {
  checkInteger(`${caller}: length`, length, 0, 'Give a whole number of elements.');
  if (Array.isArray(spec)) return cutByList(caller, length, spec);
  const size = spec === 'auto' ? autoSize(length, dtype) : spec === -1 ? Math.max(1, length) : spec;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1)
    throw new InvalidArgumentError(
      `${caller}: chunks must be an integer >= 1, a list of sizes, -1 (one chunk) or 'auto', got ${show(spec)}. If in doubt, use 'auto'.`,
    );
  const count = Math.ceil(length / size);
  if (count > MOST_CHUNKS)
    throw new InvalidArgumentError(
      `${caller}: chunks of ${size} cut ${length} elements into ${count} chunks, more than ${MOST_CHUNKS}. Take chunks of at least ${Math.ceil(length / MOST_CHUNKS)}, or 'auto'.`,
    );
  return chunksOf(Array.from({ length: count }, (_, c) => Math.min(size, length - c * size)));
}

function autoSize(length: number, dtype: DType): number {
  const most = AUTO_MOST_BYTES / ARRAY_OF[dtype].BYTES_PER_ELEMENT;
  const share = Math.min(most, Math.max(AUTO_LEAST, length / AUTO_CHUNKS));
  return Math.ceil(Math.max(share, length / MOST_CHUNKS) / BLOCK) * BLOCK;
}

function cutByList(caller: string, length: number, sizes: readonly number[]): Chunks {
  const remedy = 'Leave out chunks without elements.';
  if (sizes.length > MOST_CHUNKS)
    throw new InvalidArgumentError(
      `${caller}: chunks lists ${sizes.length} sizes, more than ${MOST_CHUNKS}. Take larger ones, or 'auto'.`,
    );
  sizes.forEach((size, c) => checkInteger(`${caller}: chunks[${c}]`, size, 1, remedy));
  const chunks = chunksOf([...sizes]);
  if (chunks.length === length) return chunks;
  throw new InvalidArgumentError(
    `${caller}: chunks must sum to the length, ${length}, got sizes that sum to ${chunks.length}. Fix the list, or give one size.`,
  );
}

function chunksOf(sizes: readonly number[]): Chunks {
  let length = 0;
  const starts = sizes.map((size) => (length += size) - size);
  return { length, sizes, starts };
}

/** Whether two arrays are cut at the same places. */
export function sameChunks(a: Chunks, b: Chunks): boolean {
  return a === b || (a.sizes.length === b.sizes.length && a.sizes.every((size, c) => size === b.sizes[c]));
}

/** Chunks as a message shows them: '10 chunks of 1000', '3 chunks of 4, the last of 2'. */
export function describeChunks(sizes: readonly number[]): string {
  const count = `${sizes.length} ${sizes.length === 1 ? 'chunk' : 'chunks'}`;
  if (sizes.length === 0) return count;
  if (Number.isNaN(sizes[0])) return `${count} of unknown sizes`;
  const [first, last] = [sizes[0], sizes.at(-1)];
  if (sizes.slice(0, -1).every((size) => size === first))
    return `${count} of ${first}${last === first ? '' : `, the last of ${last}`}`;
  return `${count} of ${sizes.slice(0, 4).join(', ')}${sizes.length > 4 ? ', ...' : ''}`;
}
