// The lesson's notebooks keep the rules, and a learner comes through each: every check says not yet, and passes with the
// solution. CI sets LOLA_TESTS=all: then each is also run from a fresh kernel untouched, solved, and from half time on.
import { describe, expect, test, vi } from 'vitest';
import { breachesOf } from '../support/notebook-rules.js';
import { runNotebook, textOf } from '../support/notebook-runner.js';
import {
  exerciseNames,
  fromHalfTime,
  hasTag,
  notebookNames,
  readNotebook,
  solved,
  solvedInTurn,
  type Notebook,
} from '../support/notebook.js';

vi.setConfig({ testTimeout: 1_200_000 }); // the runner limits each cell
const names = notebookNames();
const all = process.env.LOLA_TESTS === 'all';

/** What the checks say, one after the other, in a fresh kernel and with fewer samples than in a lesson. */
async function checksOf(notebook: Notebook): Promise<[string, string][]> {
  const { cells, problems } = await runNotebook(notebook, { env: { LOLA_QUICK: '1' } });
  expect(problems).toEqual([]);
  const checks = cells.filter(({ cell }) => hasTag(cell, 'exercise'));
  return checks.map((run) => [run.cell.id, textOf(run).split(':')[0]]);
}

/** These answers for each exercise of a notebook. */
const each = (notebook: Notebook, ...answers: string[]) =>
  exerciseNames(notebook).flatMap((name) => answers.map((answer) => [`${name}-exercise`, answer]));

test('the lesson has notebooks', () => {
  expect(names).toEqual(expect.arrayContaining(['01-serial.ipynb', '03-pool.ipynb']));
});

describe.each(names)('%s', (name) => {
  const notebook = readNotebook(name);

  test('keeps the rules', () => {
    expect(breachesOf(notebook)).toEqual([]);
  });

  test('says not yet for every exercise, passes its solution, and runs on to the end', async () => {
    expect(await checksOf(solvedInTurn(notebook))).toEqual(each(notebook, 'not yet', 'passed'));
  });

  test.runIf(all)('runs untouched, and every check says not yet', async () => {
    expect(await checksOf(notebook)).toEqual(each(notebook, 'not yet'));
  });

  test('can be joined at half time, at a cell tagged catch-up', () => {
    expect(notebook.cells.some((cell) => hasTag(cell, 'catch-up'))).toBe(true);
  });

  test.runIf(all)('runs from half time on, after the set-up alone', async () => {
    const later = fromHalfTime(notebook);
    expect(await checksOf(later)).toEqual(each(later, 'not yet'));
  });

  test.runIf(all)('passes every check with its solutions', async () => {
    expect(await checksOf(solved(notebook))).toEqual(each(notebook, 'passed'));
  });
});
