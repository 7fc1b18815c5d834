import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { keyReference } from '../support/reference.js';

describe('a seed', () => {
  test('2017 has the key that everyone has', () => {
    expect(keyOfSeed(2017)).toEqual(keyReference('4:2017'));
    expect(keyOfSeed(2017)).toMatchInlineSnapshot(`
      [
        1295095032,
        3749566150,
      ]
    `);
  });

  test('is made text first: a number and its text are one seed, and none means 2017', () => {
    expect(keyOfSeed('2017')).toEqual(keyOfSeed(2017));
    expect(keyOfSeed()).toEqual(keyOfSeed(2017));
    expect(keyOfSeed(-0)).toEqual(keyOfSeed('0'));
    expect(keyOfSeed(-(2 ** 53 - 1))).toEqual(keyOfSeed('-9007199254740991'));
  });

  test('gives a key of its own, however short the text', () => {
    // seedrandom('1') and seedrandom('11') are one stream, and so are those of 'π' and 'À'.
    const repeated = [
      'a',
      'aa',
      'aaa',
      '1:1',
      '1:11:1',
      'π',
      'À',
      ' ',
      '  ',
      'x'.repeat(300),
      'x'.repeat(301),
    ];
    const seeds = [...Array.from({ length: 2000 }, (_, i) => i), ...repeated];
    expect(new Set(seeds.map((seed) => keyOfSeed(seed).join())).size).toBe(seeds.length);
  });

  test('any text has two words of 32 bits', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (seed) => {
        for (const word of keyOfSeed(seed)) expect(word).toBe(word >>> 0);
      }),
    );
  });

  test.each(['', 1.5, NaN, Infinity, 2 ** 53, null, {}, true, [1]])(
    '%j is refused by name, with the remedy',
    (seed) => {
      expect(() => keyOfSeed(seed as number)).toThrow(InvalidArgumentError);
      expect(() => keyOfSeed(seed as number)).toThrow(/^seed must be an integer .*Leave it out for 2017\.$/);
    },
  );
});
