import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { philox4x32, type Words } from '../../lib/sampling/philox.js';
import type { Key } from '../../lib/sampling/seed.js';
import { philoxReference } from '../support/reference.js';

describe('philox 4x32-10', () => {
  // The published vectors: file kat_vectors of Random123 (D. E. Shaw Research).
  test.each<[Words, Key, Words]>([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('gives the published words for counter %j and key %j', (counter, key, words) => {
    expect(philox4x32(counter, key)).toEqual(words);
  });

  test('equals a version in whole numbers of any size, for any counter and key', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(philox4x32([...counter], key)).toEqual(philoxReference(counter, key));
      }),
    );
  });
});
