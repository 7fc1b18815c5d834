// What fills the generated places of an episode: each kind of source, and the errors of those that are not there.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill, stalePlaces } from '../../scripts/episodes/fill.mjs';
import { sourcesFor } from '../../scripts/episodes/sources.mjs';
import { codeCell, notebookOf, textCell } from '../support/made-up.js';
import { cloneOf, type Clone } from '../support/made-up-clone.js';

const LIB = `// Counts.
import { x } from './x.js';

/** One more. */
export function next(n: number): number;
export function next(n: string): string;
export function next(n: never): unknown {
  return n;
}

const hidden = 1;
/** Two at once. */
export const two = 2,
  three = 3;
export interface Shape {
  /** Its sides. */
  sides: number;
}
export { hidden as shown };
`;
const settings = {
  host: 'login.example.org',
  partition: 'short',
  account: '',
  modules: ['gcc/13', 'nodejs/22'],
  contact: 'help@example.org',
};
const machine = { cpu: 'AMD EPYC', cores: 2, node: '20.20.2' };
const date = '2026-11-25';
const solution = '<details><summary>Solution</summary>\n\nBecause.\n\n```ts\nhalf = 0.5;\n```\n\n</details>';
let clone: Clone;
beforeAll(() => {
  clone = cloneOf({
    'lib/counts.ts': LIB,
    'lib/run.sh': 'echo hello\n',
    'notebooks/01-one.ipynb': notebookOf([
      textCell(
        'goals',
        '# One\n\nSee [two](02-two.ipynb), [lib](../lib/counts.ts), [home](https://example.org), [up](#x).\n\n## Deep',
      ),
      textCell('deep', 'Text.\n\n#### Deep\n\n```sh\n# no heading\n```\n\n##### Deeper'),
      codeCell('code', 'const a = 1;\n'),
      textCell('half-prompt', '### Exercise: half (1 minute)\n\nHow much?', 'prompt'),
      textCell('half-solution', solution, 'solution'),
    ]),
    'episodes/settings.json': settings,
    'episodes/snippets/login.sh': 'ssh {{host}}\nsbatch --account={{account}} x\nmodule load {{ modules }}\n',
    'episodes/snippets/rob.txt': 'Hello {{name}}\n',
    'episodes/recorded/01-one.json': {
      date,
      machine,
      cells: {
        code: { text: '```\n1' },
        goals: { text: '', svg: ['01-one-goals.svg'], html: ['<table></table>'] },
      },
    },
    'episodes/recorded/01-one-goals.svg': '<svg role="img"><title>Speed [of two]</title></svg>\n',
    'episodes/recorded/commands.json': {
      pi: { command: 'npx lola pi', text: 'pi is 3', date, machine: { ...machine, cores: 1 } },
      both: {
        terminals: [
          { command: 'npx lola scheduler', text: 'up' },
          { command: 'npx lola pi', text: '3' },
        ],
        date,
        machine,
      },
    },
  });
});
afterAll(() => clone.remove());

const contentOf = (kind: string, source: string, level = 1) =>
  sourcesFor(clone.root, 'episodes/01-one.md')(kind, source, level);

describe('code', () => {
  test.each([
    [
      'a function with its overloads and docstring',
      'next',
      LIB.slice(LIB.indexOf('/** One'), LIB.indexOf('\n\nconst hidden')).replaceAll(
        ';\nexport',
        ';\n\nexport',
      ),
    ],
    [
      'a constant, by any name of its line',
      'three',
      '/** Two at once. */\nexport const two = 2,\n  three = 3;',
    ],
    ['an interface', 'Shape', 'export interface Shape {\n  /** Its sides. */\n  sides: number;\n}'],
  ])('%s', (_, name, text) => {
    expect(contentOf('code', `lib/counts.ts#${name}`)).toBe(`\`\`\`ts\n${text}\n\`\`\``);
  });

  test('a whole file, in its language', () => {
    expect(contentOf('code', 'lib/run.sh')).toBe('```bash\necho hello\n```');
    expect(contentOf('code', 'lib/counts.ts')).toBe(`\`\`\`ts\n${LIB}\`\`\``);
  });
});

describe('cells', () => {
  const cell = (id: string, level = 1) => contentOf('cell', `notebooks/01-one.ipynb#${id}`, level);

  test('code is a block', () => expect(cell('code')).toBe('```ts\nconst a = 1;\n```'));

  test('a solution is unfolded', () =>
    expect(cell('half-solution')).toBe('Because.\n\n```ts\nhalf = 0.5;\n```'));

  test("a prompt's heading is that of the challenge", () => {
    expect([2, 3, 4].map((level) => cell('half-prompt', level).split('\n')[0])).toEqual(
      Array(3).fill('### Exercise: half (1 minute)'),
    );
  });

  test('headings go no higher than level 2 and skip none; links lead to the same places', () => {
    expect(cell('goals')).toBe(
      '## One\n\nSee [two](../notebooks/02-two.ipynb), [lib](../lib/counts.ts), [home](https://example.org), [up](#x).\n\n### Deep',
    );
    const deep = (level: number) => cell('deep', level).match(/^#+.*/gm);
    expect(deep(1)).toEqual(['## Deep', '# no heading', '### Deeper']);
    expect(deep(3)).toEqual(['#### Deep', '# no heading', '##### Deeper']);
  });
});

describe('recordings', () => {
  const on = '_Recorded on 2026-11-25: AMD EPYC, 2 cores, Node 20.20.2._';

  test('a text in ticks enough, then date and machine', () => {
    expect(contentOf('output', 'notebooks/01-one.ipynb#code')).toBe(
      `\`\`\`\`text\n\`\`\`\n1\n\`\`\`\`\n\n${on}`,
    );
  });

  test('a chart is a picture that says what it shows, and its numbers', () => {
    expect(contentOf('output', 'notebooks/01-one.ipynb#goals')).toBe(
      `![Speed  of two](recorded/01-one-goals.svg)\n\n<details><summary>The same in numbers</summary>\n\n<table></table>\n\n</details>\n\n${on}`,
    );
  });

  test('a command, or several in terminals of their own', () => {
    expect(contentOf('recorded', 'pi')).toBe(
      `\`\`\`console\n$ npx lola pi\npi is 3\n\`\`\`\n\n${on.replace('2 cores', '1 core')}`,
    );
    expect(contentOf('recorded', 'both')).toBe(
      `Terminal 1:\n\n\`\`\`console\n$ npx lola scheduler\nup\n\`\`\`\n\nTerminal 2:\n\n\`\`\`console\n$ npx lola pi\n3\n\`\`\`\n\n${on}`,
    );
  });
});

test("a snippet has the room's settings, without the lines of those that are empty", () => {
  expect(contentOf('snippet', 'login')).toBe(
    '```bash\nssh login.example.org\nmodule load gcc/13 nodejs/22\n```',
  );
  expect(['host', 'account', 'modules'].map((name) => contentOf('setting', name))).toEqual([
    'login.example.org',
    'none',
    'gcc/13 nodejs/22',
  ]);
});

describe('a source that is not there is named, with what there is', () => {
  test.each([
    ['code', 'lib/none.ts', "there is no file 'lib/none.ts'; name it from the root of the repository."],
    ['code', '../secret.ts', "there is no file '../secret.ts'; name it from the root of the repository."],
    [
      'code',
      'lib/counts.ts#hidden',
      "lib/counts.ts declares no export of the name 'hidden'. It exports: next, two, three, Shape.",
    ],
    [
      'cell',
      'notebooks/01-one.ipynb#none',
      "notebooks/01-one.ipynb has no cell 'none'. Its cells: goals, deep, code, half-prompt, half-solution.",
    ],
    [
      'output',
      'notebooks/01-one.ipynb#none',
      "notebooks/01-one.ipynb has no cell 'none'. Its cells: goals, deep, code, half-prompt, half-solution.",
    ],
    [
      'output',
      'notebooks/01-one.ipynb#deep',
      "episodes/recorded/01-one.json has no output of 'deep'. Record it: npm run record -- 01-one.",
    ],
    [
      'recorded',
      'none',
      "episodes/recorded/commands.json has no 'none'. It has: pi, both. To add it, put it into commands.list.json, then npm run record -- --commands none.",
    ],
    [
      'snippet',
      'none',
      'there is no episodes/snippets/none with .sh, .ps1, .txt or .log. There are: login.sh, rob.txt.',
    ],
    [
      'snippet',
      'rob',
      "there is no setting 'name'. episodes/settings.json holds host, partition, account, modules, contact.",
    ],
    [
      'setting',
      'queue',
      "there is no setting 'queue'. episodes/settings.json holds host, partition, account, modules, contact.",
    ],
  ])('%s: %s', (kind, source, message) => {
    expect(() => contentOf(kind, source)).toThrow(expect.objectContaining({ name: 'EpisodeError', message }));
  });
});

describe('places', () => {
  const echo = (kind: string, source: string, level: number) => `${kind} ${source} ${level}`;

  test('are filled between their marks, below the heading above; what was there goes', () => {
    const text =
      '## A\n\n<!-- code: a.ts#b -->old\n<!-- end -->\n\nOn <!-- setting: host -->x<!-- end -->.\n\n<!-- a remark -->\n';
    expect(fill(text, 'a.md', echo)).toBe(
      '## A\n\n<!-- code: a.ts#b -->\n\ncode a.ts#b 2\n\n<!-- end -->\n\nOn <!-- setting: host -->setting host 2<!-- end -->.\n\n<!-- a remark -->\n',
    );
  });

  test('once filled they stay as they are, and only the stale are named', () => {
    const fresh = fill('<!-- code: a -->\n<!-- end -->\n<!-- cell: b -->\n<!-- end -->\n', 'a.md', echo);
    expect(fill(fresh, 'a.md', echo)).toBe(fresh);
    expect(stalePlaces(fresh.replace('cell b 1', 'cell b'), fresh, 'a.md')).toEqual([
      { line: 6, place: 'cell: b' },
    ]);
  });

  test.each([
    ['<!-- code: a -->\n', 'a.md:1: code: a is not closed. Put <!-- end --> after it.'],
    [
      '<!-- code: a -->\n<!-- cell: b -->\n<!-- end -->\n',
      'a.md:1: code: a is not closed. Put <!-- end --> after it.',
    ],
    [
      '\n<!-- kode: a -->\n<!-- end -->\n',
      'a.md:3: <!-- end --> closes nothing. A place begins with one of code, cell, output, recorded, snippet, setting: <!-- code: FILE#NAME -->.',
    ],
  ])('%j is refused', (text, message) => {
    expect(() => fill(text, 'a.md', echo)).toThrow(
      expect.objectContaining({ name: 'EpisodeError', message }),
    );
  });
});
