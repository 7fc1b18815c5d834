// What stands in for Node in a page: a `process` that has what a page can have, and refuses the rest by name.
import type { Write } from './console.js';

/** Something that only Node has was asked for. */
export class NeedsNodeError extends Error {
  override readonly name = 'NeedsNodeError';
  readonly code = 'NEEDS_NODE';

  constructor(what: string) {
    super(
      `${what} needs Node, and this is a page. Open this notebook in Jupyter to run it: see environment.md.`,
    );
  }
}

/** Gives cells and lib a `process`. */
export function installProcess(env: Readonly<Record<string, string>>, write: Write): void {
  const refused = (what: string) => () => {
    throw new NeedsNodeError(`process.${what}`);
  };
  const streamOf = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      write(name, () => text);
      return true;
    },
  });
  const process = {
    env: { ...env },
    argv: [],
    execArgv: [],
    versions: {},
    cpuUsage: () => ({ user: NaN, system: NaN }), // a page cannot read processor time
    stdout: streamOf('stdout'),
    stderr: streamOf('stderr'),
    ...Object.fromEntries(
      ['resourceUsage', 'getBuiltinModule', 'exit', 'memoryUsage', 'cwd', 'kill'].map((what) => [
        what,
        refused(what),
      ]),
    ),
  };
  Object.defineProperty(globalThis, 'process', { value: process, writable: true, configurable: true });
}

/** A module of Node's own, in which everything is there until it is used. */
export function stubOf(module: string): object {
  const get = (_: object, name: string | symbol) =>
    function refused() {
      throw new NeedsNodeError(`${String(name)} of '${module}'`);
    };
  return new Proxy({}, { get });
}
