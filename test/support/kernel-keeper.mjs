// Starts a kernel and ends it, at the latest, when its own standard input ends: that is when the test run is gone,
// however it went. A kernel alone would live on, even in the middle of a loop.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder, ...kernelArgs] = process.argv.slice(2);
const kernel = spawn(process.execPath, kernelArgs, { stdio: ['ignore', 'inherit', 'inherit'] });
process.stdin.resume().on('end', () => kernel.kill('SIGKILL'));

kernel.on('exit', (code, signal) => {
  rmSync(folder, { recursive: true, force: true });
  // The keeper leads a group of processes, so this ends whatever the kernel has started, and the keeper.
  if (signal && process.platform !== 'win32') process.kill(-process.pid, signal);
  process.exit(code ?? 1);
});
