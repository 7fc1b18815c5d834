// Limits of a shell that end Node itself, before a program can say what is wrong: so the `lola` command says it first.
import { readFileSync } from 'node:fs';

/** What Node takes of addresses: by itself, and for each thread (bytes). Measured: 0.75 to 1.2 GB, 0.6 to 0.85 GB. */
const OF_NODE = 1.5e9;
const OF_THREAD = 1e9;

/** What this process may have, as Linux says it; elsewhere nothing. */
export function limitsHere() {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/**
 * A warning if the shell allows fewer addresses than Node reserves for one thread on each core.
 * @param {string} limits the text of /proc/self/limits
 * @returns {string | undefined}
 */
export function addressWarning(limits, cores) {
  const allowed = Number(/^Max address space +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  const wanted = OF_NODE + cores * OF_THREAD;
  if (allowed >= wanted) return undefined;
  const gb = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  return `this shell allows ${gb(allowed)} of addresses (ulimit -v), and Node may reserve ${gb(wanted)} for ${cores} threads. If it ends with 'OOM' or 'Out of memory', run ulimit -v unlimited, or take fewer workers.`;
}

/** What to do about a file that the system refuses, by its code. @type {{ [code: string]: string | undefined }} */
const REMEDIES = {
  EMFILE: 'This shell allows too few open files: see ulimit -n.',
  ENFILE: 'This shell allows too few open files: see ulimit -n.',
  EROFS: 'That file system is read-only: go to a folder that you may write to.',
  ENOSPC: 'The disk is full: make room, or go to another one.',
  EDQUOT: 'Your quota is used up: make room, or go to another disk.',
};

/** The same for an error of files; undefined for other errors. @param {unknown} error */
export function filesAdvice(error) {
  const { code = '', path, message } = /** @type {NodeJS.ErrnoException} */ (error ?? {});
  const remedy = REMEDIES[code] ?? (path && 'Look whose it is, and what you may do there: ls -ld shows it.');
  return remedy && `${message}. ${remedy}`;
}
