// Every rule for notebooks finds its breach in a notebook that breaks it, and none in one that keeps them all.
import { describe, expect, test } from 'vitest';
import { codeCell, notebookOf, soundNotebook, textCell } from '../support/made-up.js';
import { breachesOf } from '../support/notebook-rules.js';
import { notebookNames, readNotebook, sourceOf, type Cell, type Notebook } from '../support/notebook.js';

/** The sound notebook with one cell in place of another, or left out. */
function changed(id: string, ...cells: Cell[]): Notebook {
  return notebookOf(soundNotebook().cells.flatMap((cell) => (cell.id === id ? cells : [cell])));
}

/** The sound notebook with one more cell of code. */
const withCode = (source: string) => notebookOf([...soundNotebook().cells, codeCell('more', source)]);
const three =
  'half-exercise: must stand among half-prompt (markdown), half-exercise (code), half-solution (markdown), each tagged so';

test('a sound notebook breaks no rule', () => {
  expect(breachesOf(soundNotebook())).toEqual([]);
});

describe('each breach is named', () => {
  const sound = soundNotebook();
  test.each<[string, Notebook, string[]]>([
    ['an old format', { ...sound, nbformat_minor: 4 }, ['the format must be 4.5 or a later 4, is 4.4']],
    [
      'another kernel',
      { ...sound, metadata: { kernelspec: { name: 'python3' } } },
      ['the kernel must be tslab for typescript, is python3 for undefined'],
    ],
    [
      'an id twice',
      notebookOf([...sound.cells, textCell('goals', 'again')]),
      ['goals: two cells have this id'],
    ],
    [
      'no goals',
      changed('goals', textCell('goals', '# One')),
      ['the first cell must tell goals, minutes and prerequisites; missing: goals, minutes, prerequisites'],
    ],
    [
      'no set-up',
      changed('set-up', codeCell('set-up', '1')),
      ['the second cell must be the set-up, tagged set-up'],
    ],
    [
      'outputs',
      changed('set-up', { ...codeCell('set-up', '1', 'set-up'), outputs: [{}] }),
      ['set-up: outputs must be stripped'],
    ],
    [
      'a count',
      changed('set-up', { ...codeCell('set-up', '1', 'set-up'), execution_count: 1 }),
      ['set-up: outputs must be stripped'],
    ],
    [
      'a line of 101 characters',
      withCode(`import { ${'x'.repeat(72)} } from '../lesson';`),
      ['more: line 1 has 101 characters; 100 at most'],
    ],
    ['16 lines', withCode('1;\n'.repeat(16)), ['more: 16 lines; 15 at most']],
    [
      'a loop at the top',
      withCode('let sum = 0;\nfor (let i = 0; i < 9; i++) sum += i;'),
      ['more: a loop at the top of a cell runs 60 times slower than in a function'],
    ],
    [
      'a loop in a block',
      withCode('if (1 > 0) { while (false); }'),
      ['more: a loop at the top of a cell runs 60 times slower than in a function'],
    ],
    [
      'an import from elsewhere',
      withCode("import { cpus } from 'node:os';"),
      ["more: imports 'node:os'; cells import from ../lib, ../lesson, tslab, seedrandom"],
    ],
    [
      'an import() from elsewhere',
      withCode("await import('./x.js');"),
      ["more: imports './x.js'; cells import from ../lib, ../lesson, tslab, seedrandom"],
    ],
    ['an exercise without its solution', changed('half-solution'), [three]],
    [
      'a solution without its exercise',
      changed('half-exercise'),
      ['prompt', 'solution'].map((role) => `half-${role}: no cell half-exercise belongs to it`),
    ],
    [
      'no minutes',
      changed('half-prompt', textCell('half-prompt', 'One half?', 'prompt')),
      ['half-prompt: must say how many minutes it takes'],
    ],
    [
      'a check that checks nothing',
      changed('half-exercise', codeCell('half-exercise', '1', 'exercise')),
      ['half-exercise: must call check.something(...)'],
    ],
    [
      'a prediction in a fold',
      notebookOf([...sound.cells, textCell('more', '<details>Explain. **Predict** the next.</details>')]),
      ['more: folds a prediction that it asks for'],
    ],
    [
      'a solution in the open',
      changed('half-solution', textCell('half-solution', '```ts\ncheck.half(0.5);\n```', 'solution')),
      ['half-solution: must fold (<details>) one block of code (```ts)'],
    ],
    [
      'a solution without code',
      changed('half-solution', textCell('half-solution', '<details>0.5</details>', 'solution')),
      [
        'half-exercise: must call check.something(...)',
        'half-solution: must fold (<details>) one block of code (```ts)',
      ],
    ],
  ])('%s', (_, notebook, breaches) => {
    expect(breachesOf(notebook)).toEqual(breaches);
  });

  test('15 lines may have imports above them', () => {
    const imports = "import { amdahl } from '../lesson';\n".repeat(3);
    expect(breachesOf(withCode(imports + '1;\n'.repeat(15)))).toEqual([]);
  });

  test('a loop in a function is as it should be', () => {
    expect(
      breachesOf(withCode('function sum() { for (;;) break; }\n[1].forEach(() => { while (false); });')),
    ).toEqual([]);
  });
});

/** A question for one number, whatever the machine. */
const ONE_NUMBER =
  /\*\*Predict[.:]?\*\*[^]{0,200}how (?:much (?:faster|larger|smaller)|many \*?(?:different|nanoseconds|megabytes))/i;

test.each(notebookNames())(
  '%s has an entry for each prediction of one number, before the cell that shows it',
  (name) => {
    const { cells } = readNotebook(name);
    const asked = cells.filter((cell) => cell.cell_type === 'markdown' && ONE_NUMBER.test(sourceOf(cell)));
    const hasEntry = (cell: Cell) =>
      cells
        .slice(cells.indexOf(cell) + 1, cells.indexOf(cell) + 3)
        .some((next) => sourceOf(next).includes("predict('"));
    expect(asked.filter((cell) => !hasEntry(cell)).map(({ id }) => id)).toEqual([]);
  },
);
