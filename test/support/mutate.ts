// Inputs made of good ones by seeded mutations, for the claim that only named errors come of them.
import { EstimatorError } from '../../lib/errors.js';
import { tries } from './thorough.js';

/** How many inputs each claim tries: hundreds, thousands in CI, or LOLA_MUTATIONS. */
export const MUTATIONS = Number(process.env.LOLA_MUTATIONS ?? tries(2000));

/** Numbers from 0 up to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PIECES = [
  ...[
    '',
    '\0',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '-',
    '--',
    '=',
    '|',
    '%',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\\',
    ',',
    ';',
    '#',
  ],
  ...[
    '0',
    '1',
    '-1',
    '1e999',
    '99999999999999999999',
    '0-99999999',
    'NaN',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '\u{1F600}',
  ],
  ...[
    '\ud800',
    '\ufeff',
    '__proto__',
    'constructor',
    'toString',
    '1_0',
    'UNLIMITED',
    'a'.repeat(3000),
    '['.repeat(2000),
  ],
];

/** Each input comes from one of the texts, by one to six mutations. */
export function* mutations(texts: readonly string[], count: number, seed: number): Generator<string> {
  const random = randomOf(seed);
  const below = (most: number) => Math.floor(random() * most);
  for (let i = 0; i < count; i++) {
    let text = texts[below(texts.length)];
    for (let changes = 1 + below(6); changes > 0; changes--) {
      const [at, length] = [below(text.length + 1), below(random() < 0.8 ? 4 : text.length + 1)];
      const other = texts[below(texts.length)];
      const from = below(other.length + 1);
      const insert = [
        PIECES[below(PIECES.length)],
        String.fromCharCode(below(256)),
        other.slice(from, from + below(30)),
        '',
      ];
      text = text.slice(0, at) + insert[below(4)] + text.slice(at + length);
    }
    yield text.slice(0, 100_000);
  }
}

/** The same for bytes: parts of others, numbers at their bounds and heads of lists that promise much are put in. */
export function* mutatedBytes(
  goods: readonly Uint8Array[],
  count: number,
  seed: number,
): Generator<Uint8Array> {
  const random = randomOf(seed);
  const below = (most: number) => Math.floor(random() * most);
  const inserts = () => [
    [below(256)],
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0x7f, 0xff, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xff],
    [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
    [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0xc7, below(256), below(256)],
    [0xd4 + below(5), below(256)],
    new Array(below(3000)).fill(0x91),
    [],
  ];
  for (let i = 0; i < count; i++) {
    let bytes = [...goods[below(goods.length)]];
    for (let changes = 1 + below(6); changes > 0; changes--) {
      const [at, other] = [below(bytes.length + 1), goods[below(goods.length)]];
      const from = below(other.length + 1);
      const all = [...inserts(), [...other.slice(from, from + below(30))]];
      bytes = [
        ...bytes.slice(0, at),
        ...all[below(all.length)],
        ...bytes.slice(at + below(random() < 0.8 ? 4 : 40)),
      ];
    }
    yield Uint8Array.from(bytes);
  }
}

/** The first inputs from which something comes that is no error of ours, with their errors; and the slowest (ms). */
export function unnamedErrors<T extends string | Uint8Array>(
  inputs: Iterable<T>,
  act: (input: T) => unknown,
) {
  const unnamed: string[] = [];
  let slowest = 0;
  for (const input of inputs) {
    const began = performance.now();
    try {
      act(input);
    } catch (error) {
      if (!(error instanceof EstimatorError) && unnamed.length < 5)
        unnamed.push(
          `${JSON.stringify(typeof input === 'string' ? input.slice(0, 300) : [...input.slice(0, 100)])}: ${String((error as Error)?.stack ?? error).slice(0, 300)}`,
        );
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  return { unnamed, slowest };
}
