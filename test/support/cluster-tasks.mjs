// Operations for the cluster's tests: some harm the process they run in, one lasts until a test releases it.
import { existsSync } from 'node:fs';

/** Waits until this file exists: see `gate` in cluster.ts. */
export async function hold(file) {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
  return 0;
}

/** Takes 20 ms, and for ever in a process that is slow by now: one whose mark, the file and its id, is there. */
export async function dawdle(file) {
  do await new Promise((resolve) => setTimeout(resolve, 20));
  while (existsSync(`${file}-${process.pid}`));
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

/** Prints a text, and a word of warning. */
export function talk(text) {
  console.log(text);
  console.error('careful');
  return 1;
}
