// Files that flags name for results: refused before the work, written whole after it.
import { accessSync, constants, existsSync, realpathSync, statSync, writeFileSync } from 'node:fs';
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
  attempt(() => {
    if (existsSync(path) && statSync(path).isDirectory()) throw new Error('it is a folder');
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  });
  return (text) =>
    attempt(() => {
      const device = existsSync(path) && !statSync(path).isFile(); // such as /dev/stdout
      if (device) writeFileSync(path, text);
      else writeAtomically(existsSync(path) ? realpathSync(path) : path, text);
    });
}
