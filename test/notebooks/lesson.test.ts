// The lesson's notebooks keep the rules, and a learner comes through each: every check says not yet, and passes with the
// solution. CI sets LOLA_TESTS=all: then each is also run in a fresh kernel untouched, solved, and from half time on.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { breachesOf } from '../support/notebook-rules.js';
import {
  runNotebook,
  startRunner,
  textOf,
  type NotebookRun,
  type Runner,
} from '../support/notebook-runner.js';
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
import { thorough } from '../support/thorough.js';

vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 }); // the runner limits each cell
const names = notebookNames();
const quick = { env: { LOLA_QUICK: '1' } }; // fewer samples than in a lesson

/** To start a kernel takes longer than to run most notebooks, so they share one. */
let kernel: Runner;
beforeAll(async () => void (kernel = await startRunner(quick)));
afterAll(() => kernel.end());

/** What the checks said, one after the other. */
function checksOf({ cells, problems }: NotebookRun): [string, string][] {
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
    const run = await kernel.run(solvedInTurn(notebook));
    expect(checksOf(run)).toEqual(each(notebook, 'not yet', 'passed'));
  });

  test('can be joined at half time, at a cell tagged catch-up', () => {
    expect(notebook.cells.some((cell) => hasTag(cell, 'catch-up'))).toBe(true);
  });

  describe.runIf(thorough)('in a fresh kernel', () => {
    test.concurrent('runs untouched, and every check says not yet', async () => {
      expect(checksOf(await runNotebook(notebook, quick))).toEqual(each(notebook, 'not yet'));
    });

    test.concurrent('runs untouched on one core', async () => {
      const alone = { env: { ...quick.env, SLURM_CPUS_PER_TASK: '1' } };
      expect(checksOf(await runNotebook(notebook, alone))).toEqual(each(notebook, 'not yet'));
    });

    test.concurrent('runs from half time on, after the set-up alone', async () => {
      const later = fromHalfTime(notebook);
      expect(checksOf(await runNotebook(later, quick))).toEqual(each(later, 'not yet'));
    });

    test.concurrent('passes every check with its solutions', async () => {
      expect(checksOf(await runNotebook(solved(notebook), quick))).toEqual(each(notebook, 'passed'));
    });
  });
});

test('they leave nothing open, and no error that comes late', async () => {
  expect(await kernel.end()).toEqual([]);
});
