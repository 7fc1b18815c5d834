// Ctrl-C: the first asks the run to stop and keep what it has, the second ends the program at once.

/** A signal that aborts at the first Ctrl-C (or SIGTERM); `release` gives the keys back to the system. */
export function interruptible(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stop = () => {
    release();
    controller.abort();
  };
  const release = () => {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return { signal: controller.signal, release };
}
