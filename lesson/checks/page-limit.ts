// The page's version of limit.ts. A page's kernel stops what does not end: see site/kernel/stands/limit.ts.

/** How long a learner's function may take (ms); those of the lesson take less than one. Tests shorten it. */
export const limit = { ms: 5000 };

/** What stopped it. */
export class TooLong extends Error {
  override message = `it had not ended after ${limit.ms / 1000} s`;
}

/** A question about a learner's code that did not end, with the loops in it. */
export function doesItEnd(code: unknown): string {
  const loops = typeof code === 'function' ? [...String(code).matchAll(/^.*\b(?:for|while) ?\(.*$/gm)] : [];
  const which = loops.map(([line]) => `\`${line.trim()}\``).join(' or ');
  return which === '' ? 'Does it call itself again and again?' : `Does ${which} ever end?`;
}

/** Calls a function and gives what it returns. */
export function limited<R>(run: () => R, _code?: unknown): R {
  return run();
}
