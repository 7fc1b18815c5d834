// The page's version of limit.ts. A page's kernel stops what does not end: see site/kernel/stands/limit.ts.

/** How long a learner's function may take (ms); those of the lesson take less than one. Tests shorten it. */
export const limit = { ms: 5000 };

/** What stopped it. */
export class TooLong extends Error {
  constructor(why = `it had not ended after ${limit.ms / 1000} s`) {
    super(why);
  }
}

/** The head of a loop, with two levels of parentheses in it. */
const LOOP = /\b(?:for|while) ?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g;

/** A question about a learner's code that did not end, with the loops in it, as the learner wrote them. */
export function doesItEnd(code: unknown): string {
  const written = String(typeof code === 'function' ? code : '').replace(/\(0, (\w+\.\w+)\)/g, '$1');
  const heads = written.replace(/(?:\$names|exports|lib_\d+)\./g, '').match(LOOP) ?? [];
  const which = heads.map((head) => `\`${head.replace(/\s+/g, ' ').replace(/; ;/, ';;')}\``).join(' or ');
  return which === ''
    ? 'Does it call itself again and again?'
    : `Does ${which} ever end? Or does it take billions of steps?`;
}

/** Calls a function in which no list is pushed beyond a million elements: for ever, it would end the whole kernel. */
export function limited<R>(run: () => R, _code?: unknown): R {
  const { push } = Array.prototype;
  Array.prototype.push = function (...items: unknown[]): number {
    if (this.length >= 1e6) throw new TooLong('a list had a million elements, and was still growing');
    return push.apply(this, items);
  };
  try {
    return run();
  } finally {
    Array.prototype.push = push;
  }
}
