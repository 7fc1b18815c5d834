// What cells can import in a page. All of it is in the worker's one script: in WebKit, a module that imports the script of
// its worker gets a second copy of it, with names and outputs of its own.
import * as seedrandom from 'seedrandom';
import * as lesson from '../../dist/lesson/index.js';
import * as lib from '../../dist/lib/index.js';
import { way } from '../../dist/room/client.js';
import { tslab } from './place.js';
import type { FromKernel, RoomRequest } from './protocol.js';

/** A module that needs Node, asked for in a page. */
export class UnknownModuleError extends Error {
  override readonly name = 'UnknownModuleError';
  readonly code = 'UNKNOWN_MODULE';
}

const MODULES: Readonly<Record<string, object>> = { '../lib': lib, '../lesson': lesson, seedrandom, tslab };

// What the lesson tells a room goes to the page.
const ask = async (request: RoomRequest) => self.postMessage({ type: 'room', request } satisfies FromKernel);
way.join = (address, name) => ask({ do: 'join', address, name });
way.leave = () => void ask({ do: 'leave' });
way.send = (answer) => ask({ do: 'answer', answer });

/** Finds a module by the path that a cell gives. @throws UnknownModuleError */
export async function load(path: string): Promise<object> {
  if (Object.hasOwn(MODULES, path)) return MODULES[path];
  const known = Object.keys(MODULES).join("', '");
  const why = /^(node:|fs$|os$|path$|child_process$)/.test(path)
    ? 'needs Node, and this is a page'
    : 'is not here';
  throw new UnknownModuleError(`'${path}' ${why}. In a page cells import from '${known}'.`);
}
