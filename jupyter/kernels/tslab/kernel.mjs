// tslab with all its messages. zeromq puts off a send now and then, and refuses further ones until that is done; and it
// drops what a busy machine has not carried away once 1 000 messages wait. tslab does not look, so what a cell printed was
// lost, or the note that it has ended. Here no send is put off, and any number may wait.
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import zeromq from 'zeromq';

const require = createRequire(import.meta.url);
for (const { prototype } of [zeromq.Publisher, zeromq.Router]) {
  const { bind } = prototype;
  const bindUnlimited = function (address) {
    this.sendTimeout = 0;
    this.sendHighWaterMark = 0;
    return bind.call(this, address);
  };
  Object.defineProperty(prototype, 'bind', { value: bindUnlimited });
}
// The compiler has two timers: for files that changed, and for those that were looked for in vain. tslab keeps one, and each
// cell failed once both were due, as after a build. The first one does the other's work, too: that one need not be kept.
const { sys } = require('@tslab/typescript-for-tslab');
const { setTimeout: own } = sys;
const keep = function (timer) {
  const value = (act) => (act.name === 'invalidateResolutionsOfFailedLookup' ? undefined : timer(act));
  Object.defineProperty(this, 'setTimeout', { value });
};
Object.defineProperty(sys, 'setTimeout', { get: () => own, set: keep });
// tslab prints what is wrong with a cell line by line, all in one go. Unknown names are many where the set-up has not run.
const { inShort } = await import('../../../dist/lesson/refusal.js').catch(() => ({
  inShort: (lines) => lines,
}));
const { error } = console;
let wrong = [];
console.error = (format, ...values) => {
  // An interrupt is no mistake: where in tslab it came through is of no use to a learner.
  if (format?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED' || format?.message === 'Interrupted asynchronously')
    return error('Interrupted. What this cell defines is not there.');
  if (format !== '%s%d:%d - %s') return error(format, ...values);
  const [file, line, column, text] = values;
  if (wrong.push(`${file}${line}:${column} - ${text}`) > 1) return;
  void Promise.resolve().then(() => {
    error(inShort(wrong).join('\n'));
    wrong = [];
  });
};
// A cell that loops behind an `await` hears no signal: interrupt.mjs is told which cell waits, and ends the loop. What waits
// in the same queue of promises ends with it, so such a cell begins once tslab's own have had their turn.
const vm = require('node:vm');
const { runInThisContext } = vm;
const waiting = new Int32Array(new SharedArrayBuffer(4));
let cells = 0;
vm.runInThisContext = (code, options) => {
  if (!code.startsWith('(async ')) return runInThisContext(code, options);
  const cell = ++cells;
  Atomics.store(waiting, 0, cell);
  return new Promise((go) => setImmediate(go))
    .then(() => runInThisContext(code, options))
    .finally(() => Atomics.compareExchange(waiting, 0, cell, 0));
};
new Worker(new URL('interrupt.mjs', import.meta.url), { workerData: waiting }).unref();
// tslab gives up the cell that waits; what it waits for would go on for hours, on cores that the next cell measures with.
process.on('SIGINT', () => {
  Atomics.store(waiting, 0, 0);
  import('../../../dist/lib/task/run.js').then(({ endAllRuns }) => endAllRuns()).catch(() => {});
});
await import('../../../node_modules/tslab/bin/tslab');
