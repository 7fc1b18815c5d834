// The exit codes that all commands keep.
/** Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped by Ctrl-C. */
export const EXIT = { failed: 1, badInput: 2, interrupted: 130 } as const;
