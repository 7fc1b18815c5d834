// The notebook kernel of the site, without its worker: what cells may say, what they show, and what they leave to later ones.
import { describe, expect, test } from 'vitest';
import { asWritten } from '../../scripts/site/kernel.mjs';
import { consoleOf } from '../../site/kernel/console.js';
import { Outputs } from '../../site/kernel/outputs.js';
import type { FromKernel, Output } from '../../site/kernel/protocol.js';
import { Session } from '../../site/kernel/session.js';
import { tslabOf } from '../../site/kernel/tslab.js';

/** A kernel whose cells print to where the test sees it. */
function open(modules: Record<string, object> = {}) {
  const messages: FromKernel[] = [];
  const outputs = new Outputs((message) => messages.push(message));
  const tslab = tslabOf(outputs);
  const session = new Session(async (path) => (path === 'tslab' ? tslab : modules[path]), outputs);
  /** Runs a cell. @returns what it shows */
  const run = async (code: string, cell = 'cell') => {
    messages.length = 0;
    const before = globalThis.console;
    globalThis.console = Object.assign(Object.create(before), consoleOf(outputs.write)) as Console;
    try {
      const ok = await session.run(cell, code);
      return { ok, text: textOf(messages), messages: [...messages] };
    } finally {
      globalThis.console = before;
    }
  };
  return { run, session, messages };
}

function textOf(messages: readonly FromKernel[]): string {
  const shown = (output: Output) =>
    output.output_type === 'stream'
      ? output.text
      : output.output_type === 'error'
        ? output.traceback.join('\n')
        : JSON.stringify(output.data);
  return messages
    .map((message) => ('output' in message ? shown(message.output) : `<${message.type}>`))
    .join('');
}

/** What cells of one kernel show, one after the other. */
async function texts(...cells: string[]): Promise<string[]> {
  const { run } = open({ '../lib': { piOf: (a: number, b: number) => (4 * a) / b } });
  const shown: string[] = [];
  for (const cell of cells) shown.push((await run(cell)).text);
  return shown;
}

describe('names', () => {
  test('outlive their cell, whatever declares them', async () => {
    const cells = [
      "import { piOf, type Nothing } from '../lib';\nimport * as tslab from 'tslab';\nconst a = 1, { b, c: [d = 4, ...e] } = { b: 2, c: [undefined, 5] } as any;\nlet f: number;\nfunction g(x: number): number { return x + a; }\nclass H { n = b }\nenum I { J = 7 }",
      '[piOf(3, 4), a, b, d, e, f, g(1), new H().n, I.J, typeof tslab.display.html]',
    ];
    expect(await texts(...cells)).toEqual(['', "[ 3, 1, 2, 4, [ 5 ], undefined, 2, 2, 7, 'function' ]\n"]);
  });

  test('may be declared again, by another kind of declaration', async () => {
    const cells = [
      'const a = 1;',
      'let a = a0();\nfunction a0() { return 2; }',
      'class a {}',
      'function a() {}',
      'a.name',
    ];
    expect((await texts(...cells)).at(-1)).toBe('a\n');
  });

  test('are one for all cells: a function sees what a later cell assigns', async () => {
    const cells = ['let n = 1;\nconst get = () => n;', 'n = 2;', 'get() + n', 'const n = 5;', 'get()'];
    expect(await texts(...cells)).toEqual(['', '2\n', '4\n', '', '5\n']);
  });

  test('of a later cell are there once it has run', async () => {
    expect(await texts('const f = () => later();', 'const later = () => 3;', 'f()')).toEqual(['', '', '3\n']);
  });

  test('that hide a global one hide it in cells alone', async () => {
    expect(await texts("const performance = 'mine', URL = 1;", 'performance + URL')).toEqual(['', 'mine1\n']);
    expect(typeof performance.now()).toBe('number');
  });

  test('inside of functions, blocks and patterns stay what they are there', async () => {
    const cells = [
      'const x = 1, y = 2;',
      'const f = ({ x, z = y }: any, [w] = [x]) => ({ x, y, z, w, x2: (() => { const y = 9; return y; })() });\nf({ x: 5 })',
      'for (const x of [7]) { const y = x; console.log({ x, y }); }\n({ x, y })',
      'let q = { x: 8 } as any;\n({ x: q.y, y: q.z = 3 } = q);\nlabel: for (;;) break label;\nq',
    ];
    expect(await texts(...cells)).toEqual([
      '',
      '{ x: 5, y: 2, z: 2, w: 5, x2: 9 }\n',
      '{ x: 7, y: 7 }\n{ x: 1, y: 2 }\n',
      '{ x: 8, y: 8, z: 8 }\n',
    ]);
  });

  test('that nobody has declared are refused, read or written; typeof may ask', async () => {
    expect(await texts('typeof nothing', 'nothing', 'nothing = 1')).toEqual([
      'undefined\n',
      'ReferenceError: nothing is not defined\n    at cell cell, line 1',
      'ReferenceError: nothing is not defined\n    at cell cell, line 1',
    ]);
  });

  test('give functions and classes their name; and no function gets the names as its this', async () => {
    const cells = [
      'const f = function () { return this; }, g = () => {}, K = class {};',
      '[f.name, g.name, K.name, f()]',
    ];
    expect((await texts(...cells))[1]).toBe("[ 'f', 'g', 'K', undefined ]\n");
  });

  test('lines without semicolons mean what they mean in a file', async () => {
    expect(
      await texts('const f = (x = 1) => x\nlet a = 2\nf()\nf(a)\nconst b = a\nif (b) f(); else f()\nf`x`'),
    ).toEqual(["[ 'x' ]\n"]);
  });
});

describe('what a cell shows', () => {
  test('the last expression, but not undefined and null; a promise is not waited for', async () => {
    expect(
      await texts(
        '1; 2',
        'undefined',
        'null',
        "'a'",
        'new Promise(() => {})',
        'const a = 1',
        '[1].map((n) => n); // two',
      ),
    ).toEqual(['2\n', '', '', 'a\n', 'Promise { <pending> }\n', '', '[ 1 ]\n']);
  });

  test('await is for the top level too', async () => {
    expect(
      await texts('const n = await Promise.resolve(4);\nfor await (const m of [5]) console.log(m);\nawait n'),
    ).toEqual(['5\n4\n']);
  });

  test('what it prints, as Node prints it', async () => {
    const cell =
      "console.log('%d of', 3, { a: [1, { b: {} }] });\nconsole.error('no');\nconsole.table([{ n: 1, s: 'x' }, { n: 20 }]);\nconsole.table([1, 'b']);";
    expect(await texts(cell)).toEqual([
      `3 of { a: [ 1, { b: {} } ] }
no
┌─────────┬────┬─────┐
│ (index) │ n  │ s   │
├─────────┼────┼─────┤
│ 0       │ 1  │ 'x' │
│ 1       │ 20 │     │
└─────────┴────┴─────┘
┌─────────┬────────┐
│ (index) │ Values │
├─────────┼────────┤
│ 0       │ 1      │
│ 1       │ 'b'    │
└─────────┴────────┘
`,
    ]);
  });

  test('displays, and displays that are replaced', async () => {
    const { run } = open();
    const { messages } = await run(
      "import { display, newDisplay } from 'tslab';\ndisplay.html('<b>1</b>');\ndisplay.png(new Uint8Array([104, 105]));\nconst d = newDisplay();\nd.text('a'); d.text('b'); d.text('c');",
    );
    const id = expect.stringMatching(/^display-/) as string;
    const of = (data: object) => ({ output_type: 'display_data', data, metadata: {} });
    expect(messages.slice(0, 3)).toEqual([
      { type: 'output', cell: 'cell', output: of({ 'text/html': '<b>1</b>' }) },
      { type: 'output', cell: 'cell', output: of({ 'image/png': 'aGk=' }) },
      { type: 'output', cell: 'cell', output: of({ 'text/plain': 'a' }), displayId: id },
    ]);
    // A busy machine may send b before c comes; what was replaced by then is left out.
    const update = (text: string) => ({
      type: 'update',
      cell: 'cell',
      output: of({ 'text/plain': text }),
      displayId: id,
    });
    const updates = messages.slice(3);
    expect(updates).toEqual([...(updates.length > 1 ? [update('b')] : []), update('c')]);
  });

  test('a million lines come as a few messages, and what is left out is counted', async () => {
    const { messages, text } = await open().run('for (let i = 0; i < 1e6; i++) console.log(i);');
    expect(messages.length).toBeLessThan(1000);
    expect(text.length).toBeLessThan(210_000);
    expect(text.startsWith('0\n1\n2\n')).toBe(true);
    const kept = text.split('\n').findIndex((line) => line === '');
    expect(text.slice(-80)).toContain(`... and ${1e6 - kept} more lines or displays, which were left out.`);
  });

  test('a display in a loop does not flood the page', async () => {
    const { messages } = await open().run(
      "import { display } from 'tslab';\nfor (let i = 0; i < 2000; i++) display.html(`${i}`);",
    );
    expect(messages.length).toBe(501);
    expect(textOf(messages.slice(-1))).toContain('and 1500 more lines or displays');
  });
});

describe('a cell that fails', () => {
  test('shows the error, where in the cell it was, and its cause', async () => {
    const { run } = open();
    const source =
      'function deep(n: number): void {\n  if (n === 0)\n    throw new RangeError("too deep", { cause: new Error("why") });\n  deep(n - 1);\n}\n';
    await run(source, 'a');
    const { ok, messages } = await run('const m: number =\n  1;\ndeep(m);', 'b');
    expect(ok).toBe(false);
    expect(messages).toEqual([
      {
        type: 'output',
        cell: 'b',
        output: {
          output_type: 'error',
          ename: 'RangeError',
          evalue: 'too deep',
          traceback: [
            'RangeError: too deep',
            '    at deep (cell a, line 3)',
            '    at deep (cell a, line 4)',
            '    at cell b, line 3',
            'Caused by Error: why',
            '    at deep (cell a, line 3)',
            '    at deep (cell a, line 4)',
            '    at cell b, line 3',
          ],
        },
      },
    ]);
  });

  test.each([
    ['const a = ;', 'SyntaxError: Unexpected token (1:11)'],
    ['let a = 1;\nlet a = 2;', "SyntaxError: Identifier 'a' has already been declared (2:4)"],
    ['export const a = 1;', 'SyntaxError: A cell cannot export: all its names are there for later cells.'],
    ["throw 'words'", "Thrown: 'words'"],
    ['null.x', "TypeError: Cannot read properties of null (reading 'x')\n    at cell cell, line 1"],
  ])('%s', async (cell, message) => {
    expect(await texts(cell)).toEqual([message]);
  });

  test('leaves the names that it had declared before', async () => {
    expect((await texts('const a = 1;\nnull.x;', 'a'))[1]).toBe('1\n');
  });

  test('may wait for ever: it is told that it is interrupted, and the next one runs', async () => {
    const { run, session } = open();
    const waiting = run('await new Promise(() => {});');
    setTimeout(() => session.interrupt());
    const { ok, text } = await waiting;
    expect([ok, text]).toEqual([
      false,
      'Interrupted: the cell was stopped while it waited, and all runs with it.',
    ]);
    expect((await run('1 + 1')).text).toBe('2\n');
    expect(session.count).toBe(2);
  });
});

test('a bundled function prints as it was written, whatever names the bundler gave', async () => {
  const code =
    'function sum$1(n) { return n + 1; }\nasync function pi$2(n) { return sum$1(n) + "$1$"; }\nfunction f() {}';
  const script = `${code}${asWritten(code)}\nexport const texts = [sum$1, pi$2, f].map(String);`;
  const url = `data:text/javascript,${encodeURIComponent(script)}`;
  const { texts } = (await import(/* @vite-ignore */ url)) as { texts: string[] };
  expect(texts).toEqual([
    'function sum(n) { return n + 1; }',
    'async function pi(n) { return sum(n) + "$1$"; }',
    'function f() {}',
  ]);
});
