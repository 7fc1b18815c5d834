// `lola` commands in this process, one after the other: for claims of which a process of its own is no part. As a
// program it takes command lines, and prints what each of them gave as JSON.
import { fileURLToPath } from 'node:url';
import { main } from '../../dist/tools/cli/main.js';

/** Runs a command that ends by itself. It finds this process as it was, and leaves it so. */
export async function lolaHere(...words) {
  const given = { stdout: '', stderr: '' };
  const undo = Object.keys(given).map((name) => {
    const { write } = process[name];
    process[name].write = (text) => {
      given[name] += String(text);
      return true;
    };
    return () => (process[name].write = write);
  });
  for (const [emitter, event] of [
    [process.stdout, 'error'],
    [process.stderr, 'error'],
    [process, 'message'],
    [process, 'disconnect'],
  ]) {
    const before = emitter.listeners(event);
    const added = () => emitter.rawListeners(event).filter((one) => !before.includes(one.listener ?? one));
    undo.push(() => added().forEach((one) => emitter.removeListener(event, one)));
  }
  const { disconnect } = process; // a worker hangs up on the process that started it
  process.disconnect &&= () => {};
  try {
    await main(words);
    return { status: process.exitCode ?? 0, ...given };
  } finally {
    for (const each of undo) each();
    if (disconnect) process.disconnect = disconnect;
    process.exitCode = undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = [];
  for (const line of process.argv.slice(2)) all.push(await lolaHere(...line.split(' ')));
  process.stdout.write(JSON.stringify(all));
}
