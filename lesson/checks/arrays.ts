// What checks of exercises with arrays share: whether a learner's function gives the lazy number it should.
import { ChunkedArray, LazyNumber, compute, type Executor } from '../../lib/index.js';
import { show } from '../../lib/errors.js';
import { called, type Wrong } from './check.js';
import { limited } from './limit.js';

/**
 * Says what is wrong with the lazy numbers that a learner's function gives, for two lengths and two cuts.
 * @param name what the function is called
 * @param wrong judges a number once it is computed
 */
export async function wrongLazy(
  name: string,
  lazyOf: (length: number, chunks: number) => unknown,
  executor: Executor,
  wrong: (value: number, length: number) => Promise<Wrong>,
  code: unknown = lazyOf,
): Promise<Wrong> {
  for (const [length, chunks] of [
    [1000, 300],
    [70_001, 9999],
  ]) {
    const lazy = limited(() => called(lazyOf, length, chunks), code);
    if (lazy === undefined) return `${name} returns nothing. Does it end in a return?`;
    if (lazy instanceof Promise) lazy.catch(() => {}); // how it ends is no news any more
    if (lazy instanceof Promise)
      return 'return the number before it is computed: leave out `async` and `compute`.';
    if (Number.isNaN(lazy)) return 'a length that is not computed yet is NaN. Count with sum().';
    if (typeof lazy === 'number')
      return 'that is a plain number. Return what a method such as mean() gives, before it is computed.';
    if (lazy instanceof ChunkedArray)
      return 'that is the array of all of them. Which method makes one number of it?';
    if (!(lazy instanceof LazyNumber)) return `return what a method such as sum() gives, not ${show(lazy)}.`;
    const cut = lazy.node.chunks;
    if (cut.length !== length) return `the array has ${cut.length} elements, and should have ${length}.`;
    if (cut.sizes[0] !== chunks) return 'the array is not cut as asked: pass chunks on.';
    const text = await wrong((await compute(lazy, { executor }))[0], length);
    if (text) return text;
  }
  return undefined;
}
