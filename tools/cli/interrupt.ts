// Ctrl-C: the first asks the run to stop and keep what it has, a later one ends the program at once.
import { EXIT } from './exit.js';

/** If npm started the program, one press arrives twice: from the terminal, and from npm. A later one is another press (ms). */
const SAME_PRESS_MS = 1000;

/** A signal that aborts at the first Ctrl-C (or SIGTERM); `release` gives the keys back to the system. */
export function interruptible(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  let first: number | undefined;
  const stop = () => {
    first ??= performance.now();
    controller.abort();
    if (performance.now() - first > SAME_PRESS_MS) process.exit(EXIT.interrupted);
  };
  const release = () => {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return { signal: controller.signal, release };
}
