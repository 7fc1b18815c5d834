// The machine this runs on, as far as results and timings depend on it; no host, user or path.
import { availableParallelism } from 'node:os';

/** Cores this process may use. */
export function allottedCores(): number {
  return availableParallelism();
}
