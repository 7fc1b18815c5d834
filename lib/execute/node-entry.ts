// The first file that a worker thread of Node runs. Needs Node.
import { parentPort } from 'node:worker_threads';
import { receive, type Batch, type Setup } from './thread.js';

parentPort!.on('message', (message: Setup | Batch) =>
  receive(message, (posted, transfer) => parentPort!.postMessage(posted, transfer)),
);
