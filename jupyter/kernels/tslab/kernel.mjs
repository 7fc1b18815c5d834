// tslab with all its messages. zeromq puts off a send now and then, and refuses further ones until that is done. tslab
// does not look, so what a cell printed was lost, or the note that it has ended. Without a time limit none is put off.
import ts from '@tslab/typescript-for-tslab';
import zeromq from 'zeromq';

// tslab's compiler watches all files that a notebook uses. If some change together, as an update or an install does, tslab
// fails, and so does every later cell. What is loaded stays loaded until a restart: there is nothing to watch.
ts.sys.watchFile = ts.sys.watchDirectory = () => ({ close: () => {} });

for (const { prototype } of [zeromq.Publisher, zeromq.Router]) {
  const { bind } = prototype;
  const bindUnlimited = function (address) {
    this.sendTimeout = 0;
    return bind.call(this, address);
  };
  Object.defineProperty(prototype, 'bind', { value: bindUnlimited });
}
// tslab gives up the cell that waits; what it waits for would go on for hours, on cores that the next cell measures with.
process.on('SIGINT', () => {
  import('../../../dist/lib/task/run.js').then(({ endAllRuns }) => endAllRuns()).catch(() => {});
});
await import('../../../node_modules/tslab/bin/tslab');
