// What happens beside a run, such as a report: it may fail, and the run's result is printed all the same.
import { EXIT } from './exit.js';
import { warn } from './whereabouts.js';

/** Does what must not cost the run its result: if it fails, a warning says so, and the exit code tells. */
export async function beside(what: string, act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (error) {
    tellFailure(what, error);
  }
}

/** Warns, and lets the exit code tell. */
export function tellFailure(what: string, error: unknown): void {
  warn(`${what}: ${(error as Error).message.replace(`${what}: `, '')}`);
  process.exitCode ??= EXIT.failed;
}
