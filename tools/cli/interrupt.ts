// What asks a command to end, and what follows.
import { EXIT } from './exit.js';

/** If npm started the program, one press arrives twice: from the terminal, and from npm. A later one is another press (ms). */
const SAME_PRESS_MS = 1000;

/** Ctrl-C, Ctrl-Break (Windows), and the end of the terminal or its ssh session: all of a terminal's processes get them. */
export const OF_TERMINAL = ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const;

/** What ends a command: its terminal, and `kill`. If another process started it, the terminal is that one's matter. */
export function endingSignals(started = process.connected) {
  return [...(started ? [] : OF_TERMINAL), 'SIGTERM'] as const;
}

/** Acts when the process that started this one is gone, or if it went while this one was loading. */
export function whenOrphaned(act: () => void): void {
  if (process.connected === false) act();
  else process.once('disconnect', act);
}

/** Resolves at such a signal, or when this process is orphaned. */
export function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of endingSignals()) process.once(signal, () => resolve());
    whenOrphaned(resolve);
  });
}

/** Whether a signal has asked the run to stop: what fails after it may be its consequence. */
export let wasInterrupted = false;

/** The first signal asks the run to stop and keep what it has, a later one ends the program; `release` undoes this. */
export function interruptible(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  let first: number | undefined;
  const stop = () => {
    first ??= performance.now();
    wasInterrupted = true;
    controller.abort();
    if (performance.now() - first > SAME_PRESS_MS) process.exit(EXIT.interrupted);
  };
  for (const signal of endingSignals()) process.on(signal, stop);
  const release = () => endingSignals().forEach((signal) => process.removeListener(signal, stop));
  return { signal: controller.signal, release };
}
