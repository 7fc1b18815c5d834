// In a page, a worker cannot stop its own loop: the page ends the kernel that exceeds the time limit of a check.
import { TooLong, doesItEnd, limit, limited as bounded } from '../../../dist/lesson/checks/page-limit.js';
import { outputs } from '../place.js';

export { TooLong, doesItEnd, limit };

let depth = 0;

/** Calls a function and gives what it returns. If that takes too long, the page shows the verdict and ends the kernel. */
export function limited<R>(run: () => R, code?: unknown): R {
  const verdict = `not yet: your code was stopped: ${new TooLong().message}. ${doesItEnd(code)}`;
  if (depth++ === 0) outputs.limit(limit.ms, verdict);
  try {
    return bounded(run);
  } finally {
    if (--depth === 0) outputs.limit();
  }
}
