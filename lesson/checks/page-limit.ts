// The page's version of limit.ts: in a page, the reader interrupts the cell.

/** How long a learner's function may take (ms); those of the lesson take less than one. Tests shorten it. */
export const limit = { ms: 5000 };

/** What stopped it. */
export class TooLong extends Error {
  override message = `it had not ended after ${limit.ms / 1000} s`;
}

/** Calls a function and gives what it returns. */
export function limited<R>(run: () => R): R {
  return run();
}
