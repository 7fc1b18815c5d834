// Types of limits.mjs, for the TypeScript that imports it.
export function limitsHere(): string;
export function addressWarning(limits: string, cores: number): string | undefined;
export function filesAdvice(error: unknown): string | undefined;
