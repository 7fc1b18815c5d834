// Names that guests choose, made safe to show, and the code that lets them in.

const MOST_CHARACTERS = 20;
/** Controls, marks that turn the direction of text, invisible characters, private and unassigned ones. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800]/gu;
/** More marks on one letter than any language needs: they would run over the lines above and below. */
const PILED_MARKS = /(\p{M}{2})\p{M}+/gu;
/** No letters or digits that look alike. */
const CODE_LETTERS = 'ABCDEFGHJKMNPQRTUVWXYZ2346789';
export const CODE_LENGTH = 5;

/**
 * A name as the wall shows it: one line of at most `most` characters (20) that can do nothing but be read.
 * @returns '' where nothing is left
 */
export function cleanName(given: string, most = MOST_CHARACTERS): string {
  const text = given.slice(0, 1000).normalize('NFC').replace(UNSEEN, ' ').replace(PILED_MARKS, '$1');
  return [...text.replace(/\s+/g, ' ').trim()].slice(0, most).join('').trim();
}

/** The name, or if another guest has it, the name with the first free number. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  for (let number = 2, free = name; ; number++) {
    if (!taken(free)) return free;
    free = `${name} ${number}`;
  }
}

/** A new room code. @param random an integer from 0 to below its argument, that nobody can guess */
export function newCode(random: (below: number) => number): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_LETTERS[random(CODE_LETTERS.length)]).join('');
}

/** A code as a person types it: small letters, blanks and dashes do no harm. */
export function readCode(typed: string): string {
  return typed.slice(0, 100).toUpperCase().replace(/[\s-]/g, '');
}

/** A new secret by which the room knows a device when it comes back. */
export function newKey(): string {
  const words = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36));
  return words.join('-').padEnd(16, '0');
}
