// The first file that a worker thread of Node runs. Needs Node.
import { parentPort } from 'node:worker_threads';
import { receive, type Batch, type Setup } from './thread.js';

const port = parentPort!;
port.on('message', (message: Setup | Batch) => {
  void receive(message, async (posted, transfer) => {
    // What tasks have printed goes ahead of the answer: the program's own thread shows it, and may end this one then.
    for (const stream of posted.answer ? [process.stdout, process.stderr] : [])
      if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
    port.postMessage(posted, transfer);
  });
});
