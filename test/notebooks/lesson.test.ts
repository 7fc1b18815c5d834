// The lesson's notebooks keep the rules, run untouched as Run All does, and pass their checks with their solutions.
import { describe, expect, test } from 'vitest';
import { breachesOf } from '../support/notebook-rules.js';
import { runNotebook, textOf } from '../support/notebook-runner.js';
import {
  exerciseNames,
  fromHalfTime,
  hasTag,
  notebookNames,
  readNotebook,
  solved,
  type Notebook,
} from '../support/notebook.js';

const names = notebookNames();

/** What each check says when the notebook is run from a fresh kernel, with fewer samples than in a lesson. */
async function checksOf(notebook: Notebook): Promise<Record<string, string>> {
  const { cells, problems } = await runNotebook(notebook, { env: { LOLA_QUICK: '1' } });
  expect(problems).toEqual([]);
  const checks = cells.filter(({ cell }) => hasTag(cell, 'exercise'));
  return Object.fromEntries(checks.map((run) => [run.cell.id, textOf(run).split(':')[0]]));
}

/** The same answer for every check of a notebook. */
const all = (notebook: Notebook, answer: string) =>
  Object.fromEntries(exerciseNames(notebook).map((name) => [`${name}-exercise`, answer]));

test('the lesson has notebooks', () => {
  expect(names).toEqual(expect.arrayContaining(['01-serial.ipynb', '03-pool.ipynb']));
});

describe.each(names)('%s', (name) => {
  const notebook = readNotebook(name);

  test('keeps the rules', () => {
    expect(breachesOf(notebook)).toEqual([]);
  });

  test('runs untouched, and every check says not yet', { timeout: 180_000 }, async () => {
    expect(await checksOf(notebook)).toEqual(all(notebook, 'not yet'));
  });

  test('runs from half time on, after the set-up alone', { timeout: 180_000 }, async () => {
    expect(notebook.cells.some((cell) => hasTag(cell, 'catch-up'))).toBe(true);
    const later = fromHalfTime(notebook);
    expect(await checksOf(later)).toEqual(all(later, 'not yet'));
  });

  test('passes every check with its solutions', { timeout: 180_000 }, async () => {
    expect(await checksOf(solved(notebook))).toEqual(all(notebook, 'passed'));
  });
});
