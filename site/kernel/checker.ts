// The checker's worker: TypeScript itself is 9 MB, so it has a thread of its own and comes after all else.
import files from 'virtual:types';
import { Checker } from './check.js';

const checker = new Checker(files);

self.onmessage = ({ data }: MessageEvent<{ id: number; code: string; ran: boolean } | 'reset'>) => {
  if (data === 'reset') checker.reset();
  else self.postMessage({ id: data.id, wrong: checker.check(data.code, data.ran) });
};
checker.check('1'); // the declarations of the language are read
self.postMessage('ready');
