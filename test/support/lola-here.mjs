// `lola` commands in this process, one after the other: for claims of which a process of its own is no part. As a
// program it takes command lines, and prints what each of them gave as JSON.
import { fileURLToPath } from 'node:url';
import { main } from '../../dist/tools/cli/main.js';

/** Runs a command to its end: not `lola worker` in a test, since it hangs up on the process that started it. */
export async function lolaHere(...words) {
  const given = { stdout: '', stderr: '' };
  const undo = Object.keys(given).flatMap((name) => {
    const stream = process[name];
    const { write } = stream;
    const listeners = stream.listeners('error');
    stream.write = (text) => (given[name] += String(text)) !== undefined;
    return () => {
      stream.write = write;
      for (const added of stream.listeners('error'))
        if (!listeners.includes(added)) stream.removeListener('error', added);
    };
  });
  try {
    await main(words);
    return { status: process.exitCode ?? 0, ...given };
  } finally {
    for (const each of undo) each();
    process.exitCode = undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = [];
  for (const line of process.argv.slice(2)) all.push(await lolaHere(...line.split(' ')));
  process.stdout.write(JSON.stringify(all));
}
