// Ends a loop behind an `await`. There the signal waits for the very thread that loops, so this thread looks out for it: by a
// child in the kernel's process group, which Jupyter's signal ends as well. Where there is no `cat`, as on Windows, such a
// loop goes on until the kernel is restarted.
import { spawn } from 'node:child_process';
import { Session } from 'node:inspector';
import { workerData as running } from 'node:worker_threads';

const GRACE_MS = 1000; // a cell that waits and does not loop is over by then: the signal has reached its own thread
const watch = () =>
  spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
    .on('error', () => {})
    .on('exit', (_, signal) => {
      if (signal !== 'SIGINT') return;
      watch();
      const cell = running[0];
      setTimeout(() => cell !== 0 && running[0] === cell && endLoop(), GRACE_MS);
    });
watch();

function endLoop() {
  const main = new Session();
  main.connectToMainThread();
  main.post('Runtime.terminateExecution', () => main.disconnect());
}
