// Stops a learner's function that never ends, so that a check always has a verdict. Needs Node; a page has page-limit.ts.
import { Script } from 'node:vm';
import { LIMIT_MS, tooLong } from './page-limit.js';

export { LIMIT_MS, tooLong };

const PLACE = Symbol.for('lola.limited');
/** A script's time limit also stops what the script calls, wherever that was defined. */
const call = new Script(`globalThis[Symbol.for('lola.limited')]()`);

/**
 * Calls a function and gives what it returns.
 * @throws tooLong(), if it takes longer than LIMIT_MS
 */
export function limited<R>(run: () => R): R {
  const scope = globalThis as { [PLACE]?: unknown };
  scope[PLACE] = run;
  try {
    return call.runInThisContext({ timeout: LIMIT_MS }) as R;
  } catch (error) {
    throw (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? tooLong() : error;
  } finally {
    delete scope[PLACE];
  }
}
