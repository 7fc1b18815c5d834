// Philox 4x32-10: four random words from a counter and a key, with no state in between.
// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, 'Parallel random numbers: as easy as 1, 2, 3', SC 2011.
import type { Key } from './seed.js';

/** Four unsigned 32-bit words. */
export type Words = [number, number, number, number];

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9; // the golden ratio
const WEYL_1 = 0xbb67ae85; // the square root of 3, less 1

/** Encrypts a counter with a key, in place: the same four words for the same two inputs, everywhere. */
export function philox4x32(words: Words, [k0, k1]: Key): Words {
  let [c0, c1, c2, c3] = words;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  [words[0], words[1], words[2], words[3]] = [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
  return words;
}

/** The upper 32 bits of a 32 x 32 bit product, by 16-bit halves: a double holds only 53 bits exactly. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) | 0;
}
