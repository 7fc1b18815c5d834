// Types of freshness.mjs, for the TypeScript that imports it.

/** Whether dist/ was built from the sources as they are now. */
export function built(root: string): 'yes' | 'no' | 'stale';

/** Names, sizes and times of all that the build reads: if they are equal, nothing has changed. */
export function fingerprint(root: string): string;
