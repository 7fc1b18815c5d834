/** What the checker of types reads, by path. */
export function declarations(): Readonly<Record<string, string>>;
