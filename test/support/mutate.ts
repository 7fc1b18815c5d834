// Inputs made of good ones by seeded mutations, for the claim that only named errors come of them.
import { expect } from 'vitest';
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

/**
 * The same for files of JSON: half of them by mutations of the text. In the others one to three parts are another value,
 * missing, or twice there, so that most of what comes is JSON and reaches the checks behind the parser.
 */
export function* mutatedJson(goods: readonly string[], count: number, seed: number): Generator<string> {
  const random = randomOf(seed);
  const below = (most: number) => Math.floor(random() * most);
  const texts = mutations(goods, count, seed);
  for (const text of texts) {
    if (random() < 0.5) yield text;
    else {
      const tree: unknown = JSON.parse(goods[below(goods.length)]);
      for (let changes = 1 + below(3); changes > 0; changes--) changePart(tree, below);
      yield JSON.stringify(tree);
    }
  }
}

const ODD: readonly unknown[] = [
  ...[null, true, '', 0, -1, 0.5, Infinity, 1e308, 2 ** 53, [], {}, [null], [[]], 'x'.repeat(5000), '\ud800'],
  ...[
    '__proto__',
    '4',
    'a\nb',
    '`',
    '```ts\n',
    '<!--',
    { toString: 1, valueOf: 1 },
    { length: 1e9 },
    { then: 1 },
  ],
];

/** Goes down at random and changes one part of what is there. */
function changePart(tree: unknown, below: (most: number) => number): void {
  let holder = tree as Record<string, unknown>;
  for (;;) {
    const names = Object.keys(holder);
    if (names.length === 0) return;
    const name = names[below(names.length)];
    const inner = holder[name];
    if (typeof inner === 'object' && inner !== null && below(4) > 0) {
      holder = inner as Record<string, unknown>;
      continue;
    }
    const how = below(5);
    if (how === 0 && !Array.isArray(holder)) delete holder[name];
    else if (how === 0 || how === 1) holder[names[below(names.length)]] = inner;
    else if (how === 2) holder[['constructor', 'toString', 'x', '', '9'][below(5)]] = inner;
    else holder[name] = structuredClone(ODD[below(ODD.length)]);
    return;
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

/** No input takes longer, on a machine that does much else (ms), and all together do not hold more (bytes). */
const MOST_MS = 10_000;
const MOST_BYTES = 700e6;

/** Claims of all inputs: `act` takes it, or throws an error of ours; in bounded time and memory. */
export async function onlyNamedErrors<T extends string | Uint8Array>(
  inputs: Iterable<T>,
  act: (input: T) => unknown,
  seed: number,
  ours: readonly (abstract new (...words: never[]) => Error)[] = [EstimatorError],
): Promise<void> {
  const before = process.resourceUsage().maxRSS;
  const { unnamed, slowest } = await unnamedErrors(inputs, act, ours);
  expect(unnamed, `seed ${seed}`).toEqual([]);
  expect(slowest, `seed ${seed}`).toBeLessThan(MOST_MS);
  expect(1024 * (process.resourceUsage().maxRSS - before), `seed ${seed}`).toBeLessThan(MOST_BYTES);
}

/** The first inputs from which something comes that is no error of ours, with their errors; and the slowest (ms). */
async function unnamedErrors<T extends string | Uint8Array>(
  inputs: Iterable<T>,
  act: (input: T) => unknown,
  ours: readonly (abstract new (...words: never[]) => Error)[],
) {
  const unnamed: string[] = [];
  let slowest = 0;
  for (const input of inputs) {
    const began = performance.now();
    try {
      await act(input);
    } catch (error) {
      if (!ours.some((kind) => error instanceof kind) && unnamed.length < 5)
        unnamed.push(
          `${JSON.stringify(typeof input === 'string' ? input.slice(0, 300) : [...input.slice(0, 100)])}: ${String((error as Error)?.stack ?? error).slice(0, 300)}`,
        );
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  return { unnamed, slowest };
}
