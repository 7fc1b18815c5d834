// Opens a Web Worker of a page. Bundlers for browsers take this file instead of node-port.ts (see package.json).
import type { Batch, Port, Setup } from './thread.js';

/** As much of Web Workers as is used here: lib is compiled without the types of a page. */
interface WebWorker {
  onmessage: (event: { readonly data: unknown }) => void;
  onerror: (event: { readonly message?: string }) => void;
  postMessage(message: Setup | Batch, moved?: ArrayBuffer[]): void;
  terminate(): void;
}
declare const Worker: new (url: URL, options: { type: 'module' }) => WebWorker;
/** Each one until its end: Firefox collects a worker that nothing refers to, even while it starts, and no event says so. */
const held = new Set<WebWorker>();

/** Starts a thread, as in node-port.ts. */
export function openPort(onPosted: (posted: unknown) => void, onEnded: (reason: string) => void): Port {
  const worker = new Worker(new URL('./page-entry.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => onPosted(data);
  worker.onerror = ({ message }) => onEnded(message?.slice(0, 1000) ?? 'the worker did not start');
  held.add(worker);
  const end = () => held.delete(worker) && worker.terminate();
  return { post: (message, moved) => worker.postMessage(message, moved), rest: () => {}, end };
}
