// What cells can import in a page, beside 'tslab'.

/** A module that needs Node, asked for in a page. */
export class UnknownModuleError extends Error {
  override readonly name = 'UnknownModuleError';
  readonly code = 'UNKNOWN_MODULE';
}

const MODULES: Readonly<Record<string, () => Promise<object>>> = {
  '../lib': () => import('../../dist/lib/index.js'),
  '../lesson': () => import('../../dist/lesson/index.js'),
  seedrandom: () => import('seedrandom'),
};

/** Loads a module by the path that a cell gives. @throws UnknownModuleError */
export function load(path: string): Promise<object> {
  const find = Object.hasOwn(MODULES, path) ? MODULES[path] : undefined;
  if (find) return find();
  const known = [...Object.keys(MODULES), 'tslab'].map((name) => `'${name}'`).join(', ');
  const why = /^(node:|fs$|os$|path$|child_process$)/.test(path)
    ? 'needs Node, and this is a page'
    : 'is not here';
  return Promise.reject(new UnknownModuleError(`'${path}' ${why}. In a page cells import from ${known}.`));
}
