// Types of lola-here.mjs.

/** What a command gave: its exit code, and what it wrote. */
export interface Given {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function lolaHere(...words: string[]): Promise<Given>;
