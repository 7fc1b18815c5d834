/** CI sets LOLA_TESTS=all: it tries in full what `npm test` tries in part. */
export const thorough = process.env.LOLA_TESTS === 'all';

/** How often to try something: this often in CI, a quarter of it otherwise. */
export const tries = (inFull: number): number => (thorough ? inFull : Math.ceil(inFull / 4));
