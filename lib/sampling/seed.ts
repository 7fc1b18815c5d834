// A reader's seed (number or text) becomes the 64-bit key of the generator.
import seedrandom from 'seedrandom';
import { InvalidArgumentError, show } from '../errors.js';

/** Two unsigned 32-bit words: the key of the counter-based generator. */
export type Key = readonly [number, number];

/** The lesson's seed, and the default. */
export const DEFAULT_SEED = 2017;

/**
 * The key of a seed. A number is made text first, so 2017 and '2017' are one seed.
 * @param seed a safe integer or a non-empty text, default 2017
 * @throws InvalidArgumentError for anything else
 */
export function keyOfSeed(seed: number | string = DEFAULT_SEED): Key {
  const random = seedrandom(unmistakable(seedText(seed)));
  return [random.int32() >>> 0, random.int32() >>> 0];
}

/**
 * seedrandom repeats a short text to fill its state, and takes the low byte of each character: '1' and '11' would be one
 * seed, 'π' and 'À' too. With its length in front, and in bytes of UTF-8, each text is its own seed.
 */
function unmistakable(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return `${bytes.length}:${Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')}`;
}

/** A seed as text, checked. -0 is 0. */
export function seedText(seed: number | string): string {
  if (typeof seed === 'string' && seed !== '') return seed;
  if (Number.isSafeInteger(seed)) return String(seed);
  throw new InvalidArgumentError(
    `seed must be an integer from -(2^53 - 1) to 2^53 - 1 or a text that is not empty, got ${show(seed)}. Leave it out for ${DEFAULT_SEED}.`,
  );
}
