// Sample i of a stream is a function of (key, stream, i): block by block, four lanes each.
//
// A block is 65 536 samples; its sample j comes from lane j mod 4. A lane is a xoshiro128+ generator (D. Blackman,
// S. Vigna, 'Scrambled linear pseudorandom number generators', ACM TOMS 47, 2021), whose state is
// philox(counter = [lane, stream, block], key). So a block can be computed anywhere, in any order, with no other.
import { philox4x32, type Words } from './philox.js';
import type { Key } from './seed.js';

/** Samples in a block. */
export const BLOCK = 65_536;
/** Generators that take turns in a block: as many as a SIMD instruction has 32-bit lanes. */
export const LANES = 4;
/** 2^-24: the step of the coordinates, which are exact in float32. */
export const STEP = 2 ** -24;
/** The stream of x, and of y. */
export const X = 0;
export const Y = 1;

/** The state that lane `lane` (0 to 3) of block `block` (0 to 2^37 - 1) of a stream starts from. */
export function laneState(key: Key, stream: number, block: number, lane: number, into: Words = [0, 0, 0, 0]) {
  [into[0], into[1], into[2], into[3]] = [lane, stream, block >>> 0, Math.floor(block / 2 ** 32)];
  return philox4x32(into, key);
}

/**
 * Fills `out` with samples `start`, `start + 1`, ... of a stream: numbers in [0, 1), multiples of 2^-24.
 * @param out its length says how many
 * @param start index of the first, an integer >= 0
 */
export function fillUniform(out: Float32Array, key: Key, stream: number, start: number): void {
  let done = 0;
  while (done < out.length) {
    const block = Math.floor((start + done) / BLOCK);
    const from = start + done - block * BLOCK;
    const to = Math.min(BLOCK, from + out.length - done);
    for (let lane = 0; lane < LANES; lane++)
      fillLane(out, done - from, laneState(key, stream, block, lane), lane, from, to);
    done += to - from;
  }
}

/** Writes one lane's samples j (from <= j < to, j mod 4 = lane) of a block to out[at + j]. */
function fillLane(out: Float32Array, at: number, state: Words, lane: number, from: number, to: number): void {
  let [s0, s1, s2, s3] = state;
  for (let j = lane; j < to; j += LANES) {
    if (j >= from) out[at + j] = ((s0 + s3) >>> 8) * STEP;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = (s3 << 11) | (s3 >>> 21);
  }
}
