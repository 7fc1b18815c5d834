import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeFromScheduler,
  decodeToScheduler,
  encode,
  type FromScheduler,
  type ToScheduler,
} from '../../lib/cluster/messages.js';
import { ProtocolError } from '../../lib/errors.js';
import type { Value } from '../../lib/task/task.js';
import { packTask, packValue, unpackTask, unpackValue } from '../../lib/task/pack.js';
import { MUTATIONS, mutatedBytes, onlyNamedErrors } from '../support/mutate.js';

const bytes = new Uint8Array([1, 2, 3]);
const ages = Float64Array.of(2, 1);
const error = { name: 'RangeError', message: 'no', stack: 'at', code: 'X' };
const hello = { op: 'hello', role: 'worker', name: 'w', threads: 2, instance: 'i' } as const;
const done = { op: 'done', batch: 1, thread: 0, count: 1, ages, values: bytes } as const;
const submit = {
  op: 'submit',
  kind: 'k',
  tasks: [{ id: 0, key: 'k', payload: bytes }],
} as const;
const finished = { op: 'finished', ids: [0, 7], worker: 'w', thread: 0, ages, values: bytes } as const;
const failed = { op: 'failed', id: 0, worker: 'w', thread: 0, retried: true } as const;
const status = { name: 'w', threads: 1, running: 1, finished: 9, leaving: false, memoryBytes: 2 ** 33 };

const UP = [
  hello,
  { ...hello, role: 'client', memoryBytes: 2 ** 40 },
  { ...hello, role: 'status' },
  submit,
  { op: 'cancel', ids: [1, 2 ** 50] },
  { op: 'started', batch: 2 ** 50, thread: 1023, age: 1.5 },
  { ...done, error, lost: { at: 0, ended: 'code 3' }, memoryBytes: 5 },
  { op: 'leave' },
] as unknown as ToScheduler[];
const DOWN = [
  { op: 'welcome', heartbeatMs: 1000, workers: [status], clients: 1, waiting: 2 },
  { op: 'bye', reason: 'because' },
  { op: 'assign', batch: 1, tasks: [{ key: 'k', payload: bytes }] },
  { op: 'stop', batch: 1 },
  { op: 'started', id: 0, worker: 'w', thread: 0, age: 0 },
  finished,
  { ...failed, error },
  { ...failed, ended: ['a', 'b'] },
  { op: 'workers', joined: [{ name: 'w', threads: 1 }], left: [{ name: 'v', reason: 'r' }] },
] as unknown as FromScheduler[];

const up = (message: unknown) => decodeToScheduler(encode(message as ToScheduler));
const down = (message: unknown) => decodeFromScheduler(encode(message as FromScheduler));

describe('the messages', () => {
  test('read as they were written', () => {
    expect(UP.map(up)).toEqual(UP);
    expect(DOWN.map(down)).toEqual(DOWN);
  });

  test('of one side are none of the other', () => {
    for (const message of UP.filter(({ op }) => op !== 'started'))
      expect(() => down(message)).toThrow(ProtocolError);
    for (const message of DOWN.filter(({ op }) => op !== 'started'))
      expect(() => up(message)).toThrow(ProtocolError);
  });

  test('lose what they should not hold', () => {
    expect(up({ op: 'leave', more: 1 })).toEqual({ op: 'leave' });
  });

  test.each([NaN, Infinity, -Infinity, -1, 1e12, '1', null, undefined])('no age is %s', (age) => {
    expect(() => up({ op: 'started', batch: 0, thread: 0, age })).toThrow(/'started' is malformed.*age/);
    expect(() => down({ op: 'started', id: 0, worker: 'w', thread: 0, age })).toThrow(
      /'started' is malformed.*age/,
    );
    const list = Float64Array.of(1, Number(age ?? NaN));
    if (list[1] === 1) return; // a text that reads as an age has become one
    expect(() => up({ ...done, ages: list })).toThrow(/'done' is malformed.*ages/);
    expect(() => down({ ...finished, ages: list })).toThrow(/'finished' is malformed.*ages/);
  });

  test.each([NaN, Infinity, -1, 0.5, 2 ** 53, '1', null])('no count is %s', (count) => {
    for (const field of ['batch', 'count', 'thread'])
      expect(() => up({ ...done, [field]: count })).toThrow(new RegExp(`'done' is malformed.*${field}`));
    expect(() => up({ op: 'cancel', ids: [count] })).toThrow(/'cancel' is malformed.*ids.0/);
    expect(() => up({ ...hello, threads: count })).toThrow(/'hello' is malformed.*threads/);
    expect(() => up({ ...done, lost: { at: count, ended: '' } })).toThrow(/'done' is malformed.*lost.at/);
    expect(() => down({ op: 'stop', batch: count })).toThrow(/'stop' is malformed.*batch/);
  });

  test.each([
    ['a worker of no thread', { ...hello, threads: 0 }, /threads/],
    ['a worker of 1025 threads', { ...hello, threads: 1025 }, /threads/],
    ['thread number 1024', { ...done, thread: 1024 }, /thread/],
    ['a name that is empty', { ...hello, name: '' }, /name/],
    ['a name of 201 characters', { ...hello, name: 'x'.repeat(201) }, /name/],
    [
      'a key of 1001 characters',
      { ...submit, tasks: [{ id: 0, key: 'x'.repeat(1001), payload: bytes }] },
      /key/,
    ],
    ['a role that is none', { ...hello, role: 'king' }, /role/],
    ['a payload that is no bytes', { ...submit, tasks: [{ id: 0, key: 'k', payload: [1] }] }, /payload/],
    ['values that are no bytes', { ...done, values: 'x' }, /values/],
    ['an error that is a text', { ...done, error: 'no' }, /error/],
  ])('%s is refused, by the name of its field', (_name, message, words) => {
    expect(() => up(message)).toThrow(ProtocolError);
    expect(() => up(message)).toThrow(words);
  });

  test.each([
    [null],
    [5],
    ['leave'],
    [[]],
    [{}],
    [{ op: 5 }],
    [{ op: 'toString' }],
    [{ op: '__proto__' }],
    [new Date(0)],
  ])('%j is no message', (given) => {
    expect(() => up(given)).toThrow(/is malformed or unknown.*Use the same version on both sides/);
  });

  test('a head of 20 MB of empty maps is refused before any of them is made', () => {
    const head = new Uint8Array(20_000_000).fill(0x80);
    head.set([0xdd, 0x01, 0x31, 0x2c, 0xfb]); // a list of 19 999 995 of them
    const before = process.memoryUsage().heapUsed;
    for (const decode of [decodeToScheduler, decodeFromScheduler])
      expect(() => decode(head)).toThrow(ProtocolError);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6); // made, they take more than 1 GB
  });

  test('whatever bytes come, they are a message or refused by name', () => {
    const read = (data: Uint8Array) => {
      for (const decode of [decodeToScheduler, decodeFromScheduler])
        try {
          decode(data);
        } catch (problem) {
          expect(problem).toBeInstanceOf(ProtocolError);
        }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), read), { numRuns: 2000 });
    for (const each of [...UP, ...DOWN]) {
      const message = encode(each).slice();
      for (let length = 0; length < message.length; length++) read(message.slice(0, length));
      for (let at = 0; at < message.length; at++)
        read(message.map((byte, i) => (i === at ? byte ^ 0xff : byte)));
    }
    read(packValue(1));
  });

  test('bytes on which a native reader of text never ended are refused', () => {
    const hex = `de0006a26f70a4646f6e65a5626174636801a674687265616400a5636f756e7401a461676573c71174080000000000000040${'91'.repeat(788)}c6ffffffc6ffffffff`;
    const script = `import { decodeToScheduler } from ${JSON.stringify(new URL('../../dist/lib/cluster/messages.js', import.meta.url))};
      try { decodeToScheduler(new Uint8Array(Buffer.from('${hex}', 'hex'))); } catch ({ name }) { console.log(name); }`;
    // Elsewhere, where it can be stopped.
    const seen = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 60_000 });
    expect(String(seen.stdout)).toBe('ProtocolError\n');
  });

  test(
    `${MUTATIONS} mutated messages, tasks and values give a named error at most, in bounded time`,
    { timeout: 3_600_000 },
    async () => {
      const seed = Date.now() % 2 ** 31;
      const messages = [...UP, ...DOWN].map((each) => encode(each).slice());
      const task = packTask({
        key: 'k',
        operation: 'countInside',
        input: { key: [1, 2], start: 0, samples: 9 },
      });
      const plain: Value[] = [[1, -0, 'x'], { a: new Float64Array(3), b: null }, { c: [[[]], true] }];
      const values = plain.map((value) => packValue(value));
      await onlyNamedErrors(
        mutatedBytes([...messages, task.payload, ...values], MUTATIONS, seed),
        (data) => {
          const reads = [
            () => decodeToScheduler(data),
            () => decodeFromScheduler(data),
            () => unpackValue(data),
            () => unpackTask({ key: 'k', payload: data }),
          ];
          // Each reader has its turn, whatever the one before says.
          const problems = reads
            .map(problemOf)
            .filter((problem) => problem && !(problem instanceof ProtocolError));
          if (problems.length > 0) throw problems[0] as Error;
        },
        seed,
      );
    },
  );
});

function problemOf(act: () => unknown): unknown {
  try {
    return void act();
  } catch (problem) {
    return problem;
  }
}
