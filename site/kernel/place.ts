// Where the kernel of this worker shows things: one place for cells and for what stands in for Node.
import { Outputs } from './outputs.js';
import { tslabOf } from './tslab.js';

export const outputs = new Outputs((message) => self.postMessage(message));
export const tslab = tslabOf(outputs);
