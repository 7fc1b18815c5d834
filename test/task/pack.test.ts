import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../../lib/errors.js';
import { pack, packTask, packValue, unpack, unpackTask, unpackValue } from '../../lib/task/pack.js';
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

test('every value travels unchanged, -0 and empty arrays too', () => {
  const travels = (given: Value) => {
    expect(unpackValue(packValue(given))).toEqual(given);
  };
  fc.assert(fc.property(value, travels), { numRuns: 500 });
  const special: readonly Value[] = [
    -0,
    [-0, 0],
    { a: { b: [-0] } },
    Float64Array.of(-0, NaN),
    [],
    {},
    new Uint8Array(0),
  ];
  for (const given of special) expect(unpackValue(packValue(given))).toStrictEqual(given);
});

test('a task travels unchanged, and its key in the clear', () => {
  const task = { key: 'count-1', operation: 'countInside', input: { key: [1, 2], start: -0, samples: 10 } };
  const packed = packTask(task);
  expect(packed.key).toBe('count-1');
  expect(unpackTask(packed)).toEqual(task);
});

test('a packed value has bytes of its own: packing another one does not change it', () => {
  const first = packValue('first');
  const copy = first.slice();
  packValue('other');
  expect(first).toEqual(copy);
  expect(first.buffer.byteLength).toBe(first.length);
});

test('what is no packed data, or no plain data, is refused', () => {
  expect(() => unpack(new Uint8Array([0xd9, 9]))).toThrow(ProtocolError);
  expect(() => unpackValue(new Uint8Array([0xc1]))).toThrow(ProtocolError);
  expect(() => unpackValue(pack({ op: 'leave' }).slice(0, 3))).toThrow(ProtocolError);
  for (const given of [new Date(0), new Set([1]), /x/, new Error('no'), [new Date(0)]])
    expect(() => unpackValue(pack(given).slice())).toThrow(ProtocolError);
});
