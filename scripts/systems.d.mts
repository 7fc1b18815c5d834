// Types of systems.mjs, for its tests.
export function jupyterFolder(
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
  home: () => string,
): string;
export function waysToJupyter(platform: string): string[][];
export function spawnable(
  platform: string,
  command: string,
  args: readonly string[],
  options?: object,
): [string, readonly string[], object];
export function endTree(
  platform: string,
  pid: number,
  by?: {
    readonly kill?: (pid: number, signal: string) => unknown;
    readonly run?: (command: string, words: readonly string[]) => unknown;
  },
): void;

export function goWhereTyped(script: string): void;
