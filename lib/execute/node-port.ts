// Opens a worker thread of Node. Needs Node.
import { Worker } from 'node:worker_threads';
import { toErrorRecord } from '../errors.js';
import type { Port } from './thread.js';

/**
 * Starts a thread.
 * @param onPosted called with all that it posts: also what a task posts by itself
 * @param onEnded called when it has ended by itself, with the reason
 */
export function openPort(onPosted: (posted: unknown) => void, onEnded: (reason: string) => void): Port {
  // A thread inherits the program's flags, but refuses --input-type, and any list that holds a flag of the whole process.
  const execArgv = process.execArgv.some((flag) => flag.startsWith('--input-type')) ? [] : undefined;
  const worker = new Worker(new URL('./node-entry.js', import.meta.url), { execArgv });
  let reason: string | undefined;
  worker.on('message', onPosted);
  worker.on('error', (error) => (reason = toErrorRecord(error).message));
  worker.on('exit', (code) => onEnded(reason ?? `worker exited with code: ${code}`));
  return {
    post: (message, moved) => {
      worker.ref();
      worker.postMessage(message, moved);
    },
    rest: () => worker.unref(),
    end: () => {
      worker.ref(); // who waits for its end is kept alive until then
      return worker.terminate();
    },
  };
}
