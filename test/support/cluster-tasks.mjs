// Operations for the cluster's tests that harm the process they run in.

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
