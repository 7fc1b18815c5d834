// The first file that a Web Worker of a page runs.
import { lastWords, receive, type Batch, type Posted, type Setup } from './thread.js';

/** As much of a worker's own scope as is used here. */
declare const self: {
  addEventListener(type: 'message', listener: (event: { readonly data: Setup | Batch }) => void): void;
  postMessage(message: Posted, transfer?: ArrayBuffer[]): void;
  close(): void;
};

self.addEventListener('message', ({ data }) => {
  void receive(data, (posted, transfer = []) => self.postMessage(posted, transfer));
});

const close = self.close.bind(self);
self.close = () => {
  self.postMessage(lastWords()); // no event says that a worker has closed itself
  close();
};
