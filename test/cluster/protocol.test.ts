import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeFromScheduler,
  decodeToScheduler,
  encode,
  packTask,
  packValue,
  unpackTask,
  unpackValue,
  type FromScheduler,
  type ToScheduler,
} from '../../lib/cluster/protocol.js';
import { ProtocolError } from '../../lib/errors.js';
import type { Value } from '../../lib/task/task.js';

const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.double(),
    fc.integer(),
    fc.constant(-0),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.float32Array(),
    fc.float64Array(),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
})).value;

describe('the protocol', () => {
  test('every value travels unchanged, -0 and empty arrays too', () => {
    const travels = (given: Value) => {
      expect(unpackValue(packValue(given))).toEqual(given);
    };
    fc.assert(fc.property(value, travels), { numRuns: 500 });
  });

  test('a task travels unchanged, and its key in the clear', () => {
    const task = { key: 'count-1', operation: 'countInside', input: { key: [1, 2], start: 0, samples: 10 } };
    const packed = packTask(task);
    expect(packed.key).toBe('count-1');
    expect(unpackTask(packed)).toEqual(task);
  });

  test('every message reads as it was written', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const times = Float64Array.of(1, 2);
    const error = { name: 'RangeError', message: 'no', stack: 'at', code: 'X' };
    const up: ToScheduler[] = [
      { op: 'join', name: 'w', threads: 2, instance: 'i' },
      { op: 'started', batch: 2 ** 50, thread: 0, time: 1.5 },
      {
        op: 'done',
        batch: 1,
        thread: 0,
        count: 1,
        times,
        values: bytes,
        error,
        lost: { at: 0, ended: 'code 3' },
      },
      { op: 'returned', batch: 1 },
      { op: 'drain' },
      { op: 'connect', name: 'c' },
      {
        op: 'submit',
        run: 0,
        kind: 'k',
        retries: 1,
        watched: true,
        tasks: [{ index: 0, key: 'k', payload: bytes }],
      },
      { op: 'cancelRun', run: 0 },
      { op: 'ping', sent: 1.25, rttMs: 0 },
      { op: 'status' },
    ];
    const down: FromScheduler[] = [
      { op: 'welcome', heartbeatMs: 1000, workers: [{ name: 'w', threads: 1 }] },
      { op: 'bye', reason: 'because' },
      { op: 'pong', sent: 1 },
      {
        op: 'status',
        workers: [{ name: 'w', threads: 1, running: 1, ahead: 0, finished: 9, draining: false }],
        clients: 1,
        waiting: 2,
      },
      { op: 'assign', batch: 1, watched: false, tasks: [{ key: 'k', payload: bytes }] },
      { op: 'takeBack', batch: 1 },
      { op: 'cancel', batch: 1 },
      { op: 'started', run: 0, index: 0, worker: 'w', thread: 0, time: 1 },
      { op: 'finished', runs: [0], indices: [0], worker: 'w', thread: 0, times, values: bytes },
      { op: 'failed', run: 0, index: 0, worker: 'w', thread: 0, retried: true, ended: ['a'] },
      { op: 'joined', worker: 'w', threads: 1 },
      { op: 'left', worker: 'w', reason: 'r' },
    ];
    expect(up.map((message) => decodeToScheduler(encode(message)))).toEqual(up);
    expect(down.map((message) => decodeFromScheduler(encode(message)))).toEqual(down);
  });

  test('whatever bytes come, they are a message or refused by name', () => {
    const read = (data: Uint8Array) => {
      try {
        decodeToScheduler(data);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), read), { numRuns: 2000 });
    const message = encode({
      op: 'submit',
      run: 0,
      kind: 'k',
      retries: 0,
      watched: true,
      tasks: [{ index: 0, key: 'k', payload: packValue(1) }],
    });
    for (let length = 0; length < message.length; length++) read(message.slice(0, length));
    for (let at = 0; at < message.length; at++)
      read(message.map((byte, i) => (i === at ? byte ^ 0xff : byte)));
  });

  test('a packed value that is no plain data is refused', () => {
    expect(() => unpackValue(new Uint8Array([0xc1]))).toThrow(ProtocolError);
    expect(() => unpackValue(encode({ op: 'drain' }).slice(0, 3))).toThrow(ProtocolError);
  });
});
