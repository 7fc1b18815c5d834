// The kernel's worker: it runs the cells that a page sends.
import type { FromKernel, ToKernel } from './protocol.js';

const post = (message: FromKernel) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<ToKernel>) => {
  if (data.type === 'start') post({ type: 'ready' });
};
