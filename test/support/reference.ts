// The sampling scheme once more, in BigInt, from its description alone: what lib is checked against.
import seedrandom from 'seedrandom';

const MASK = 0xffffffffn;

function philox(counter: readonly bigint[], key: readonly number[]): bigint[] {
  let [a, b, c, d] = counter;
  let [k, l] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const first = 0xd2511f53n * a;
    const second = 0xcd9e8d57n * c;
    [a, b, c, d] = [(second >> 32n) ^ b ^ k, second & MASK, (first >> 32n) ^ d ^ l, first & MASK];
    k = (k + 0x9e3779b9n) & MASK;
    l = (l + 0xbb67ae85n) & MASK;
  }
  return [a, b, c, d];
}

/** Philox 4x32-10 in whole numbers of any size. */
export function philoxReference(counter: readonly number[], key: readonly number[]): number[] {
  return philox(counter.map(BigInt), key).map(Number);
}

/** The key of a seed: two words of seedrandom's stream for the text 'LENGTH:SEED'. */
export function keyReference(seed: string): [number, number] {
  const random = seedrandom(seed);
  return [
    Number(BigInt.asUintN(32, BigInt(random.int32()))),
    Number(BigInt.asUintN(32, BigInt(random.int32()))),
  ];
}

/** Sample `index` of a stream as a whole number from 0 to 2^24 - 1, computed from the start of its block. */
export function sampleReference(key: readonly number[], stream: number, index: bigint): bigint {
  const block = index / 65_536n;
  const within = index % 65_536n;
  const state = philox([within % 4n, BigInt(stream), block & MASK, block >> 32n], key);
  for (let turn = within / 4n; turn > 0n; turn--) {
    const t = (state[1] << 9n) & MASK;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = ((state[3] << 11n) | (state[3] >> 21n)) & MASK;
  }
  return ((state[0] + state[3]) & MASK) >> 8n;
}
