// Types of freshness.mjs, for the TypeScript that imports it.

/** Names, sizes and times of all that the build reads: if they are equal, nothing has changed. */
export function fingerprint(root: string): string;
