// The checker's worker: TypeScript is 9 MB, so it loads last, on a thread of its own.
import files from 'virtual:types';
import { Checker } from './check.js';

const checker = new Checker(files);

self.onmessage = ({ data }: MessageEvent<{ id: number; code: string; ran: boolean } | 'reset'>) => {
  if (data === 'reset') checker.reset();
  else self.postMessage({ id: data.id, wrong: checker.check(data.code, data.ran) });
};
checker.check('1'); // the declarations of the language are read
self.postMessage('ready');
