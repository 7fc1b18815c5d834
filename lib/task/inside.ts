// pi's own expression: how many samples lie inside the quarter circle.
import type { Key } from '../sampling/seed.js';
import { X, Y } from '../sampling/stream.js';
import type { Expression } from './operations.js';
import { keep } from './task.js';

/** count(x*x + y*y <= 1) over the streams x and y: of any range, the integer that countInside gives. */
export function insideExpression(key: Key): Expression {
  return keep({
    steps: [
      { op: 'uniform', key, stream: X, dtype: 'float32' },
      { op: 'uniform', key, stream: Y, dtype: 'float32' },
      { op: 'multiply', args: [0, 0], dtype: 'float32' },
      { op: 'multiply', args: [1, 1], dtype: 'float32' },
      { op: 'add', args: [2, 3], dtype: 'float32' },
      { op: 'constant', value: 1, dtype: 'float32' },
      { op: 'lessEqual', args: [4, 5], dtype: 'bool' },
    ],
    reduce: 'count',
  });
}
