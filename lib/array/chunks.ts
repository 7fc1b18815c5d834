// How an array is cut: chunks of known sizes, or of sizes that only a computation tells.
import { InvalidArgumentError, checkInteger, show } from '../errors.js';
import { BLOCK } from '../sampling/stream.js';

/** The pieces of an array. Sizes, starts and length are NaN where they are not known before a computation. */
export interface Chunks {
  readonly length: number;
  readonly sizes: readonly number[];
  /** The index of each chunk's first element. */
  readonly starts: readonly number[];
  /** Where sizes are not known: chunks that are as large at least. */
  readonly atMost?: Chunks;
}

/** How a reader asks for chunks: a size, the list of all sizes, -1 for one chunk, or 'auto' (see cut). */
export type ChunkSpec = number | readonly number[] | 'auto';

/** As many chunks as a graph may have: each costs its caller some tens of bytes and microseconds. */
const MOST_CHUNKS = 1e6;
/** 'auto' never makes a chunk larger (bytes): the bound of dask, and 25 to 200 ms of work for a fused random stream. */
const AUTO_BYTES = 128 * 2 ** 20;
/** 'auto' makes no smaller chunks, of which handing out costs more than the work (elements). */
const AUTO_LEAST = 2 ** 20;
/** Between the two, 'auto' makes so many chunks: enough to keep the threads of one machine busy to the end. */
const AUTO_CHUNKS = 32;

/**
 * Cuts `length` elements into chunks.
 *
 * 'auto' takes a 32nd of the array, but not less than 2^20 elements nor more than 128 MiB (a millionth of the array, if
 * that is more), in whole blocks of samples.
 * It looks at nothing else, so the chunks (and the rounding of float sums) are alike on every machine.
 * @param caller what a message names, as in 'random.uniform'
 * @throws InvalidArgumentError for chunks that cannot be meant, by name and with the remedy
 */
export function cut(caller: string, length: number, spec: ChunkSpec, itemBytes: number): Chunks {
  checkInteger(`${caller}: length`, length, 0, 'Give a whole number of elements.');
  if (Array.isArray(spec)) return cutByList(caller, length, spec);
  const size = spec === 'auto' ? autoSize(length, itemBytes) : spec === -1 ? Math.max(1, length) : spec;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) {
    throw new InvalidArgumentError(
      `${caller}: chunks must be an integer >= 1, a list of sizes, -1 (one chunk) or 'auto', got ${show(spec)}. Take 'auto' if in doubt.`,
    );
  }
  const count = Math.ceil(length / size);
  if (count > MOST_CHUNKS) {
    throw new InvalidArgumentError(
      `${caller}: chunks of ${size} cut ${length} elements into ${count} chunks, more than ${MOST_CHUNKS}. Take chunks of at least ${Math.ceil(length / MOST_CHUNKS)}, or 'auto'.`,
    );
  }
  return chunksOf(Array.from({ length: count }, (_, c) => Math.min(size, length - c * size)));
}

function autoSize(length: number, itemBytes: number): number {
  const share = Math.min(AUTO_BYTES / itemBytes, Math.max(AUTO_LEAST, length / AUTO_CHUNKS));
  const size = Math.max(share, length / MOST_CHUNKS);
  return Math.ceil(size / BLOCK) * BLOCK;
}

function cutByList(caller: string, length: number, sizes: readonly number[]): Chunks {
  sizes.forEach((size, c) =>
    checkInteger(`${caller}: chunks[${c}]`, size, 1, 'Leave out chunks without elements.'),
  );
  const chunks = chunksOf([...sizes]);
  if (chunks.length === length) return chunks;
  throw new InvalidArgumentError(
    `${caller}: chunks must sum to the length, ${length}, got sizes that sum to ${chunks.length}. Mend the list, or give one size.`,
  );
}

/** Chunks of these sizes, 0 among them where a selection found nothing. */
export function chunksOf(sizes: readonly number[]): Chunks {
  let length = 0;
  const starts = sizes.map((size) => (length += size) - size);
  return { length, sizes, starts };
}

const unknown = new WeakMap<object, Chunks>();

/** Chunks of unknown sizes. What one condition selects has the same chunks from any array, so that it can be combined. */
export function selectedBy(condition: { readonly chunks: Chunks }): Chunks {
  const known = unknown.get(condition);
  if (known) return known;
  const nan = condition.chunks.sizes.map(() => NaN);
  const chunks = { length: NaN, sizes: nan, starts: nan, atMost: largest(condition.chunks) };
  unknown.set(condition, chunks);
  return chunks;
}

/** The chunks themselves, or what they may grow to where that is all one knows. */
export function largest(chunks: Chunks): Chunks {
  return chunks.atMost ?? chunks;
}

/** Whether two arrays are cut at the same places. NaN equals nothing: unknown sizes are alike only by their condition. */
export function sameChunks(a: Chunks, b: Chunks): boolean {
  return a === b || (a.sizes.length === b.sizes.length && a.sizes.every((size, c) => size === b.sizes[c]));
}

/** The chunks, by place, that have elements from `start` to `end` - 1. */
export function overlapping({ starts, sizes }: Chunks, start: number, end: number): readonly number[] {
  let first = 0;
  for (let after = starts.length; first < after;) {
    const middle = (first + after) >>> 1;
    if (starts[middle] + sizes[middle] > start) after = middle;
    else first = middle + 1;
  }
  const found: number[] = [];
  for (let c = first; c < starts.length && starts[c] < end; c++) found.push(c);
  return found;
}

/** Chunks as a message shows them: '10 chunks of 1000', '3 chunks of 4, 4, 2'. */
export function describeChunks({ sizes, length }: Chunks): string {
  const count = `${sizes.length} ${sizes.length === 1 ? 'chunk' : 'chunks'}`;
  if (sizes.length === 0) return count;
  if (Number.isNaN(length)) return `${count} of unknown sizes`;
  if (sizes.every((size) => size === sizes[0])) return `${count} of ${sizes[0]}`;
  return `${count} of ${sizes.slice(0, 4).join(', ')}${sizes.length > 4 ? ', ...' : ''}`;
}
