// A page’s threads where the browser collects a worker that nothing refers to, as Firefox does.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, test, vi } from 'vitest';
import { openPort } from '../../lib/execute/page-port.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const made: WeakRef<object>[] = [];

class QuietWorker {
  terminated = false;
  constructor() {
    made.push(new WeakRef(this));
  }
  postMessage(): void {}
  terminate(): void {
    this.terminated = true;
  }
}
vi.stubGlobal('Worker', QuietWorker);
afterAll(() => vi.unstubAllGlobals());

const open = () =>
  openPort(
    () => {},
    () => {},
  );

test('a thread is held until its end, and no longer, even where nothing refers to it', async () => {
  open();
  open().end();
  expect(made.map((worker) => (worker.deref() as QuietWorker).terminated)).toEqual([false, true]);
  await new Promise(setImmediate); // a WeakRef that was read holds until the end of the turn
  collect();
  expect(made.map((worker) => worker.deref() !== undefined)).toEqual([true, false]);
});
