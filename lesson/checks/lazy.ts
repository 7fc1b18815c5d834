// What checks of exercises with arrays share: whether a lazy number is what was asked for.
import { ChunkedArray, LazyNumber } from '../../lib/array/array.js';
import { show } from '../../lib/errors.js';

/** What a lazy number must come from: an array of so many elements, the first chunk with so many of them. */
export interface Wanted {
  /** The learner's function, and a method that ends it. */
  readonly name: string;
  readonly method: string;
  readonly length: number;
  readonly chunks: number;
}

/** What keeps a value from being that lazy number, if anything. */
export function wrongLazy(value: unknown, { name, method, length, chunks }: Wanted): string | undefined {
  if (value === undefined) return `${name} gives nothing. Does it end in a return?`;
  if (typeof value === 'number' || value instanceof Promise)
    return 'give the number before it is computed: leave compute to the caller.';
  if (value instanceof ChunkedArray)
    return 'that is the array of all of them. Which method makes one number of it?';
  if (!(value instanceof LazyNumber)) return `give what ${method} gives, not ${show(value)}.`;
  if (value.node.chunks.length !== length)
    return `the array has ${value.node.chunks.length} elements, and was to have ${length}.`;
  if (value.node.chunks.sizes[0] !== chunks) return 'the array is not cut as asked: pass chunks on.';
  return undefined;
}
