// The first file that a Web Worker of a page runs.
import { place, receive, type Batch, type Posted, type Setup } from './thread.js';

/** What a page's worker posts when it closes itself: no event says so. */
export interface Closed {
  readonly closedAt: number;
}

/** As much of a worker's own scope as is used here. */
declare const self: {
  onmessage: (event: { readonly data: Setup | Batch }) => void;
  postMessage(message: Posted | Closed, transfer?: ArrayBuffer[]): void;
  close(): void;
};

self.onmessage = ({ data }) => {
  void receive(data, (posted, transfer = []) => self.postMessage(posted, transfer));
};

// The task that runs is lost with its worker.
const close = self.close.bind(self);
self.close = () => {
  self.postMessage({ closedAt: place[0] });
  close();
};
