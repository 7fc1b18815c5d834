// Stops a learner's function that never ends, so that a check always has a verdict. Needs Node; a page has page-limit.ts.
import { Script } from 'node:vm';
import { TooLong, limit, limited as bounded } from './page-limit.js';

export { TooLong, doesItEnd, limit } from './page-limit.js';

/** A script's time limit also stops what the script calls, wherever that was defined. */
const call = new Script('lolaLimited()');

/**
 * Calls a function and gives what it returns.
 * @throws TooLong, if it takes longer than limit.ms
 */
export function limited<R>(run: () => R, _forPages?: unknown): R {
  const scope = globalThis as { lolaLimited?: unknown };
  scope.lolaLimited = run;
  try {
    return bounded(() => call.runInThisContext({ timeout: limit.ms }) as R);
  } catch (error) {
    throw (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
      ? new TooLong()
      : error;
  } finally {
    delete scope.lolaLimited;
  }
}
