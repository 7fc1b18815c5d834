// tslab with all its messages. zeromq puts off a send now and then, and refuses further ones until that is done. tslab
// does not look, so what a cell printed was lost, or the note that it has ended. Without a time limit none is put off.
import zeromq from 'zeromq';

for (const { prototype } of [zeromq.Publisher, zeromq.Router]) {
  const { bind } = prototype;
  const bindUnlimited = function (address) {
    this.sendTimeout = 0;
    return bind.call(this, address);
  };
  Object.defineProperty(prototype, 'bind', { value: bindUnlimited });
}
await import('../../../node_modules/tslab/bin/tslab');
