// The first file that a worker thread of Node runs. Needs Node.
import { parentPort } from 'node:worker_threads';
import { receive, type Batch, type Setup } from './thread.js';

const port = parentPort!;
port.on('message', (message: Setup | Batch) => {
  void receive(message, (posted, transfer) => port.postMessage(posted, transfer));
});
