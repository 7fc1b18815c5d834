/** What the checker of types reads, by path. */
export function declarations(): Readonly<Record<string, string>>;
/** Assignments that let the functions of bundled code print themselves as they were written. */
export function asWritten(code: string): string;
