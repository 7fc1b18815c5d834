// The checker of types for cells, over the declarations that it has in a page.
import { beforeEach, describe, expect, test } from 'vitest';
import { declarations } from '../../scripts/site/kernel.mjs';
import { Checker } from '../../site/kernel/check.js';
import { hasTag, notebookNames, readNotebook, solved, sourceOf, type Cell } from '../support/notebook.js';

/** One for all tests: to read the declarations takes longer than to check a notebook. */
const checker = new Checker(declarations());
beforeEach(() => checker.reset());

/** What is wrong with the last of some cells; nothing is wrong with the others. */
function lastOf(...cells: string[]): string[] {
  for (const cell of cells.slice(0, -1)) expect(checker.check(cell)).toEqual([]);
  return checker.check(cells[cells.length - 1]);
}

const promised = '1:13 - A promise is no value yet: leave out `async`, or write `await` before the promise.';

const RETURN =
  'The function returns nothing. Does it end in a return? (After `=>`, an object needs parentheses: `({ ... })`.)';
const RUN_SET_UP =
  'Has every cell from the set-up to this one run? If so, look for a typo, or missing quotes.';

describe('a cell is refused', () => {
  test.each<[string, string[], string[]]>([
    [
      'for a promise in place of a number, with what to do',
      ["import { checkSerial as check } from '../lesson';", 'check.digit(Promise.resolve(100));'],
      [
        "1:13 - Argument of type 'Promise<number>' is not assignable to parameter of type 'number'.",
        promised,
      ],
    ],
    [
      'for an async answer, with what to do',
      ['const three = (of: (n: number) => number) => of(3);', 'three(async (n) => n);'],
      ["1:20 - Type 'Promise<number>' is not assignable to type 'number'.", promised.replace('13', '20')],
    ],
    [
      'for an async answer in place of a list',
      ['const list = (of: (n: number) => readonly number[]) => of(3);', 'list(async (n) => [n]);'],
      [
        expect.stringMatching(/^1:19 - Type 'Promise<number\[\]>' is missing the following properties/),
        promised.replace('13', '19'),
      ],
    ],
    [
      'for an answer without a return',
      ['const three = (of: (n: number) => number) => of(3);', 'three((n) => { n * 2; });'],
      [
        expect.stringMatching(/^1:7 - Argument of type '.*=> void' is not assignable/),
        expect.stringMatching(/^1:7 - Type 'void' is not assignable/),
        `1:7 - ${RETURN}`,
      ],
    ],
    [
      'for an object without parentheses',
      ['const place = (of: (n: number) => { at: number }) => of(3);', 'place((n) => { at: n; });'],
      [
        expect.stringMatching(/^1:7 - Argument of type '.*=> void' is not assignable/),
        expect.stringMatching(/^1:7 - Type 'void' is not assignable/),
        `1:7 - ${RETURN}`,
      ],
    ],
    [
      'for a wrong value',
      ["const n: number = 'ten';"],
      ["1:7 - Type 'string' is not assignable to type 'number'."],
    ],
    ['for an unknown name', ['const a = 1;', 'a +\n  b'], ["2:3 - Cannot find name 'b'.", RUN_SET_UP]],
    [
      'for many unknown names, in two lines and with what to do',
      ['b + c(b,\n  c) + d + e(f, g)'],
      ["1:1 - Cannot find the names 'b', 'c', 'd', 'e' and 2 more.", RUN_SET_UP],
    ],
    [
      'for a wrong value of an earlier name',
      ['let n: number = NaN;', "n = 'ten';"],
      ["1:1 - Type 'string' is not assignable to type 'number'."],
    ],
    [
      'for a constant of an earlier cell that it assigns',
      ['const n = 1;', 'n = 2;'],
      ["1:1 - Cannot assign to 'n' because it is a constant."],
    ],
    [
      'for a wrong argument of lib',
      ["import { piOf } from '../lib';", "piOf(1, '2')"],
      [
        "1:9 - Argument of type 'string' is not assignable to parameter of type 'number'.",
        '1:9 - This must be a number: leave out the quotes, `toFixed`, or the n at its end.',
      ],
    ],
    [
      'for an export that is not there',
      ["import { nothing } from '../lib';"],
      ["1:10 - Module '\"../lib\"' has no exported member 'nothing'."],
    ],
    [
      'for a module that is not there',
      ["import x from 'nothing';"],
      ["1:15 - Cannot find module 'nothing' or its corresponding type declarations."],
    ],
    ['for code that cannot be read', ['const a = ;'], ['1:11 - Expression expected.']],
  ])('%s', (_, cells, wrong) => {
    expect(lastOf(...cells)).toEqual(wrong);
  });
});

test('names may be declared again by another kind of declaration, and types are names too', () => {
  const cells = [
    "import { piOf as pi, type Estimate } from '../lib';\nimport * as tslab from 'tslab';",
    'interface Point { x: number }\nclass C<T> { constructor(readonly t: T) {} }\ntype Pair<T> = [T, T];\nenum E { a }',
    'const p: Point = { x: pi(3, 4) }, c: C<number> = new C(1), q: Pair<E> = [E.a, E.a];\nlet e: Estimate;\ntslab.display.html(String(c.t));',
    'function p(): string { return ""; }\nlet q = 1;',
    'q = p().length; await Promise.resolve(); process.env.LOLA_QUICK',
  ];
  expect(lastOf(...cells)).toEqual([]);
});

test('a name of a refused cell stays unknown, unless the cell has run', () => {
  expect(checker.check("const n: number = '';").length).toBe(1);
  expect(checker.check('n')).toEqual(["1:1 - Cannot find name 'n'.", RUN_SET_UP]);
  checker.check("const n: number = '';", true);
  expect(checker.check('n')).toEqual([]);
});

/** A cell that a page does not run. */
const needsNode = ({ metadata }: Cell) => metadata.lola?.needs === 'node';

test('at most 12 cells of all need Node', () => {
  const cells = notebookNames().flatMap((name) => readNotebook(name).cells);
  const marked = cells.filter(needsNode).map(({ id }) => id);
  expect(marked).toContain('slurm-run');
  expect(marked.length).toBeLessThanOrEqual(12);
});

test.each(notebookNames())(
  '%s has nothing wrong, untouched and with its solutions',
  { timeout: 180_000 },
  (name) => {
    for (const { cells } of [readNotebook(name), solved(readNotebook(name))]) {
      checker.reset();
      const code = cells.filter((cell) => cell.cell_type === 'code' && !needsNode(cell));
      const wrong = code.flatMap((cell) => checker.check(sourceOf(cell)).map((line) => `${cell.id} ${line}`));
      expect(wrong).toEqual([]);
      expect(code.some((cell) => hasTag(cell, 'set-up'))).toBe(true);
    }
  },
);
