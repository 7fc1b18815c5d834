// Files that flags name for results: refused before the work, written whole after it.
import { accessSync, closeSync, constants, openSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeAtomically } from '../../lib/atomic.js';
import { InvalidArgumentError } from '../../lib/errors.js';

/**
 * Checks that a file can be written, without touching it: until the result is there, an old one stays as it is.
 * @param flag the flag that names the file
 * @returns writes the result
 * @throws InvalidArgumentError, then and at the writing
 */
export function outputFile(flag: string, path: string): (text: string) => void {
  const attempt = (act: () => void) => {
    try {
      act();
    } catch (cause) {
      throw new InvalidArgumentError(
        `${flag}: cannot write '${path}': ${(cause as Error).message}. Name a file in a folder that exists.`,
      );
    }
  };
  const found = () => statSync(path, { throwIfNoEntry: false });
  attempt(() => {
    if (found()?.isDirectory()) throw new Error('it is a folder');
    accessSync(found() || path === '' ? path : `${dirname(path)}/.`, constants.W_OK); // the dot: a file is no folder
  });
  return (text) =>
    attempt(() => {
      if (found()?.isFile() !== false) return writeAtomically(found() ? realpathSync(path) : path, text);
      // A device, such as /dev/stdout, or a pipe: one that nobody reads fails here, and holds up nobody.
      const probe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      writeFileSync(path, text);
      closeSync(probe);
    });
}
