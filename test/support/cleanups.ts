// What a test opens is closed after it, the last first.
import { afterEach } from 'vitest';
import { newFolder } from './cluster.js';

/** The cleanups of a test file: call it once, at its top. */
export function newCleanups(): (() => unknown)[] {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  return cleanups;
}

/** A folder that is removed after the test. @returns the path of a name in it */
export function folderFor(cleanups: (() => unknown)[]): (name: string) => string {
  const { path, remove } = newFolder();
  cleanups.push(remove);
  return path;
}
