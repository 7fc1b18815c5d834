// Types of freshness.mjs, for the TypeScript that imports it.

/** The folders that are built. */
export const SOURCES: readonly string[];
/** The files below them. */
export function sourceFiles(root: string): string[];
/** Whether dist/ was built from the sources as they are now. */
export function built(root: string): 'yes' | 'no' | 'stale';

/** Name, size and time, and hash of all that the build reads, a line each. */
export function fingerprint(root: string): string;
