// What cells can import in a page, beside 'tslab'.
import type { FromKernel, RoomRequest } from './protocol.js';

/** A module that needs Node, asked for in a page. */
export class UnknownModuleError extends Error {
  override readonly name = 'UnknownModuleError';
  readonly code = 'UNKNOWN_MODULE';
}

const MODULES: Readonly<Record<string, () => Promise<object>>> = {
  '../lib': () => import('../../dist/lib/index.js'),
  '../lesson': loadLesson,
  seedrandom: () => import('seedrandom'),
};

/** The lesson; what it tells a room goes to the page. */
async function loadLesson(): Promise<object> {
  const [lesson, { way }] = await Promise.all([
    import('../../dist/lesson/index.js'),
    import('../../dist/room/client.js'),
  ]);
  const ask = async (request: RoomRequest) =>
    self.postMessage({ type: 'room', request } satisfies FromKernel);
  way.join = (address, name) => ask({ do: 'join', address, name });
  way.leave = () => void ask({ do: 'leave' });
  way.send = (answer) => ask({ do: 'answer', answer });
  return lesson;
}

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
