// The kernel's worker: it runs the cells that a page sends.
import { endAllRuns } from '../../dist/lib/task/run.js';
import { consoleOf } from './console.js';
import { load } from './modules.js';
import { installProcess } from './node.js';
import { outputs } from './place.js';
import type { FromKernel, ToKernel } from './protocol.js';
import { Session } from './session.js';
import { shownError } from './trace.js';

const post = (message: FromKernel) => self.postMessage(message);
const session = new Session(load, outputs);

self.onmessage = ({ data }: MessageEvent<ToKernel>) => {
  if (data.type === 'start') start(data.env);
  else if (data.type === 'interrupt') {
    session.interrupt();
    endAllRuns();
  } else void run(data.cell, data.code);
};
// What goes wrong outside of a cell's own flow, as in a timer, must not end the kernel.
self.onerror = (_, __, ___, ____, error) => {
  complain('UncaughtException', error);
  return true;
};
self.onunhandledrejection = (event) => {
  event.preventDefault();
  complain('UnhandledPromiseRejection', event.reason);
};

function start(env: Readonly<Record<string, string>>): void {
  Object.assign(console, consoleOf(outputs.write));
  installProcess(env, outputs.write);
  post({ type: 'ready' });
}

async function run(cell: string, code: string): Promise<void> {
  const ok = await session.run(cell, code);
  post({ type: 'done', cell, ok, count: session.count });
}

function complain(kind: string, reason: unknown): void {
  outputs.write('stderr', () => `${kind}: ${shownError(reason).traceback.join('\n')}\n`);
}
