import { describe, expect, test } from 'vitest';
import { where } from '../../lib/array/array.js';
import { arange, fromArray, full, random } from '../../lib/array/create.js';
import { InvalidArgumentError } from '../../lib/errors.js';

const x = arange(10, { chunks: [4, 4, 2] });
const any = (value: unknown): never => value as never;

describe('chunks', () => {
  test.each([
    [10, 4, [4, 4, 2]],
    [10, 100, [10]],
    [10, -1, [10]],
    [10, [3, 7], [3, 7]],
    [10, 'auto', [10]],
    [0, 'auto', []],
    [0, 5, []],
    [0, [], []],
  ] as const)('%s elements in chunks of %s are cut into %s', (length, chunks, sizes) => {
    expect(arange(length, { chunks }).chunks).toEqual(sizes);
  });

  test('auto takes a 32nd, between 2^20 elements and 128 MiB, in whole blocks; and never more than a million', () => {
    const size = (length: number, dtype: 'float32' | 'float64' = 'float32'): number =>
      full(length, 1, { dtype }).chunks[0];
    expect([1e6, 2 ** 25, 2 ** 28, 2 ** 30, 2 ** 36].map((length) => size(length))).toEqual([
      1e6,
      2 ** 20,
      2 ** 23,
      2 ** 25,
      2 ** 25,
    ]);
    expect(size(2 ** 36, 'float64')).toBe(2 ** 24);
    expect(size(1e8) % 65_536).toBe(0);
    expect(full(2 ** 53 - 1, 1).chunks.length).toBeLessThanOrEqual(1e6);
  });

  test.each([0, -2, 1.5, NaN, Infinity, '1000', null, {}, true])('%s is refused by name', (chunks) => {
    const make = (): unknown => random.uniform(10, { stream: 'x', chunks: any(chunks) });
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(
      /^random\.uniform: chunks must be an integer >= 1, a list of sizes, -1 \(one chunk\) or 'auto', got /,
    );
  });

  test.each([
    [Array<number>(1_000_001).fill(1), /^arange: chunks lists 1000001 sizes, more than 1000000/],
    [[3, 3], /^arange: chunks must sum to the length, 10, got sizes that sum to 6/],
    [[5, 0, 5], /^arange: chunks\[1\] must be an integer from 1 .*, got 0/],
    [[5, 2.5, 2.5], /^arange: chunks\[1\] must be .*, got 2\.5/],
    [['5', 5], /^arange: chunks\[0\] must be .*, got '5'/],
  ])('the list %s is refused with the reason', (chunks, message) => {
    expect(() => arange(10, { chunks: any(chunks) })).toThrow(message);
  });

  test('more chunks than a graph can hold are refused with the size to take', () => {
    expect(() => arange(1e12, { chunks: 1 })).toThrow(
      /1000000000000 chunks, more than 1000000\. Take chunks of at least 1000000/,
    );
  });
});

describe('a mistake is refused at the call that made it', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['NaN as a length', () => full(NaN, 1), /^full: length must be an integer from 0 .* got NaN/],
    ['a fractional length', () => arange(1.5), /^arange: length must be .* got 1\.5/],
    [
      'a negative length',
      () => random.uniform(-1, { stream: 'x' }),
      /^random\.uniform: length must be .* got -1/,
    ],
    [
      'a random array without a stream',
      () => random.uniform(10, any(undefined)),
      /stream must be .* got nothing\. Name it/,
    ],
    [
      'an unknown stream',
      () => random.uniform(10, { stream: any('z') }),
      /stream must be an integer from 0 to 4294967295, got 'z'\. Name it: 'x' for one array/,
    ],
    ['an empty seed', () => random.uniform(10, { stream: 'x', seed: '' }), /^seed must be/],
    [
      'random bools',
      () => random.uniform(10, { stream: 'x', dtype: any('bool') }),
      /dtype must be one of float32, float64, got 'bool'/,
    ],
    [
      'an unknown dtype',
      () => full(3, 1, { dtype: any('int8') }),
      /^full: dtype must be one of float32, float64, integer, bool, got 'int8'/,
    ],
    ['an index as bool', () => arange(3, { dtype: 'bool' }), /^arange: dtype must be/],
    [
      'a fraction as integer',
      () => full(3, 0.5, { dtype: 'integer' }),
      /element 0 must fit dtype integer, got 0\.5/,
    ],
    [
      'a 2 among bools',
      () => fromArray(Uint8Array.of(0, 2)),
      /^fromArray: element 1 must fit dtype bool, got 2/,
    ],
    [
      'a text among numbers',
      () => fromArray(any([1, '2'])),
      /^fromArray: element 1 must fit dtype float64, got '2'/,
    ],
    ['a text for a list', () => fromArray(any('12')), /^fromArray: takes .* got '12'/],
    [
      'unlike lengths',
      () => x.add(arange(9, { chunks: [4, 4, 1] })),
      /^add: operands are cut differently: .*10 elements.*9 elements.*equal lengths/,
    ],
    [
      'unlike chunks',
      () => x.add(arange(10, { chunks: 5 })),
      /cut differently: .*3 chunks of 4, the last of 2.*2 chunks of 5.*same chunks/,
    ],
    [
      'the sum of indices',
      () => where(x.less(3)).sum(),
      /^sum: the length of where-\d+ is not known.*fromArray/,
    ],
    ['arithmetic on indices', () => where(x.less(3)).add(1), /^add: the length of where-\d+ is not known/],
    ['indices as floats', () => where(x.less(3)).astype('float32'), /^astype: the length of where-\d+/],
    [
      'arithmetic on bools',
      () => x.less(3).add(1),
      /^add: takes numbers of one dtype, got bool and 1\. Convert first, as in x\.astype/,
    ],
    [
      'logic on numbers',
      () => x.and(x),
      /^and: takes bools of one dtype, got integer and integer\. Compare first/,
    ],
    ['logic with a number', () => x.less(3).and(any(1)), /^and: takes bools of one dtype, got bool and 1/],
    [
      'an operand that is no array',
      () => x.add(any('1')),
      /^add: an operand must be a chunked array or a number, got '1'/,
    ],
    ['a number that is not computed', () => x.subtract(any(x.mean())), /^subtract: .* Compute it first/],
    ['where on numbers', () => where(x), /^where: the condition must be a bool array, got integer/],
    [
      'where with one operand',
      () => (where as (...given: unknown[]) => unknown)(x.less(3), x),
      /^where: an operand must be a chunked array or a number, got nothing/,
    ],
    ['astype to nothing', () => x.astype(any('int')), /^astype: dtype must be one of/],
    ...(['min', 'max', 'mean'] as const).map((name): [string, () => unknown, RegExp] => [
      `the ${name} of an empty array`,
      () => fromArray([])[name](),
      new RegExp(`^${name}: fromArray-\\d+ has no elements`),
    ]),
  ])('%s', (_name, call, message) => {
    expect(call).toThrow(InvalidArgumentError);
    expect(call).toThrow(message);
  });
});

test('arrays and numbers tell what they are', () => {
  expect(String(x)).toMatch(
    /^array arange-\d+: integer, length 10, 3 chunks of 4, the last of 2, not computed yet$/,
  );
  expect(String(where(x.less(3)))).toMatch(
    /^array where-\d+: integer, unknown length, 3 chunks of unknown sizes, not computed yet$/,
  );
  expect(String(x.sum())).toMatch(/^number sum-\d+ of arange-\d+, not computed yet$/);
});
