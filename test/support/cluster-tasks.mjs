// Operations for the cluster's tests: some harm the process they run in, one lasts until a test releases it.
import { existsSync } from 'node:fs';

/** Waits until this file exists: see `gate` in cluster.ts. */
export async function hold(file) {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
  return 0;
}

/** Kills its whole process, as a crash of the machine's memory killer does. */
export function killProcess() {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

/** Takes more memory than its thread may have. */
export function exhaustMemory() {
  const kept = [];
  for (;;) kept.push(new Array(100_000).fill({}));
}
