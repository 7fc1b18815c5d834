// Whatever a notebook file holds: each of its readers takes it or refuses it by name. LOLA_MUTATIONS=200000 tries more.
import { describe, expect, test } from 'vitest';
import { EpisodeError } from '../../scripts/episodes/errors.mjs';
import { parseNotebook } from '../../scripts/notebook-file.mjs';
import { drawNotebook } from '../../scripts/site/notebook.mjs';
import { FileError, fileOf, openFile, type NotebookFile } from '../../site/file.js';
import { rewrite } from '../../site/kernel/rewrite.js';
import { codeCell, notebookOf, soundNotebook } from '../support/made-up.js';
import { MUTATIONS, mutatedJson, mutations, onlyNamedErrors } from '../support/mutate.js';
import { codeCells } from '../support/notebook-runner.js';
import {
  exerciseNames,
  fromHalfTime,
  hasTag,
  notebookNames,
  readNotebook,
  solved,
  solvedInTurn,
  sourceOf,
  type Notebook,
} from '../support/notebook.js';

const seed = Date.now() % 2 ** 31;
/** Notebooks as learners keep them: made up, with outputs, and the shortest parts of the lesson's own. */
const notebooks: Notebook[] = [
  soundNotebook(),
  notebookOf([
    ...soundNotebook().cells,
    { ...codeCell('ran', '1 + 1', 'raises-exception'), outputs: [{ output_type: 'stream', text: ['2'] }] },
    { ...codeCell('half', 'let x: number = 1;\nx', 'catch-up'), source: ['let x: number = 1;\n', 'x'] },
  ]),
  ...notebookNames().map((name) => {
    const { cells, ...rest } = readNotebook(name);
    const half = cells.findIndex((cell) => hasTag(cell, 'catch-up'));
    return { ...rest, cells: cells.filter((_, i) => i === 1 || (i >= half && i < half + 3)) };
  }),
];
const texts = notebooks.map((one) => JSON.stringify(one));

describe(`${MUTATIONS} mutations of notebook files`, { timeout: 3_600_000 }, () => {
  test('read by the runner, with all solutions, from half time and as a page', () =>
    onlyNamedErrors(
      mutatedJson(texts, MUTATIONS, seed),
      (text) => {
        const notebook = parseNotebook(text, 'x.ipynb');
        for (const each of [notebook, solved(notebook), solvedInTurn(notebook), fromHalfTime(notebook)])
          for (const cell of codeCells(each)) expect(sourceOf(cell).trim()).not.toBe('');
        for (const name of exerciseNames(notebook)) expect(typeof name).toBe('string');
        const page = { links: '', picture: (name: string) => name };
        expect(typeof drawNotebook(notebook as never, undefined, page)).toBe('string');
      },
      seed,
      [EpisodeError],
    ));

  test('opened in a tab, downloaded again and opened once more', () =>
    onlyNamedErrors(
      mutatedJson(texts, MUTATIONS, seed),
      (text) => {
        const lesson = notebooks[text.length % notebooks.length] as unknown as NotebookFile;
        const { texts, notes } = openFile(text, lesson, 'x');
        expect(notes).toBeGreaterThanOrEqual(0);
        const cells = [...texts].map(([id, each]) => ({ id, text: each, outputs: [], count: 0 }));
        const again = openFile(JSON.stringify(fileOf(lesson, 'x', cells)), lesson, 'x');
        for (const [id, each] of texts) expect(again.texts.get(id)).toBe(each);
      },
      seed,
      [FileError],
    ));

  test('and of cells, as a tab runs them', () => {
    const sources = notebooks.flatMap((one) => codeCells(solved(one)).map(sourceOf));
    return onlyNamedErrors(
      mutations(sources, MUTATIONS, seed),
      (source) => {
        const { code, declared } = rewrite(source, (name) => name === 'x');
        expect(code).toMatch(/^\(async /);
        expect(declared.every((name) => typeof name === 'string')).toBe(true);
      },
      seed,
      [SyntaxError],
    );
  });
});

describe('by name', () => {
  test.each([
    ['brackets without end', '['.repeat(100_000), 'it is nested too deeply'],
    ['a chain of calls without end', `a${'.b()'.repeat(20_000)}`, 'it is nested too deeply'],
    ['a stray sign, as one pastes it from a mail', 'check.half(piOf(1,@8));', 'Invalid scope depth'],
    ['a quote that is left open', "console.log('pi);", 'Unterminated string'],
  ])('%s is a SyntaxError of the cell', (_name, source, words) => {
    const read = () => rewrite(source, () => false);
    expect(read).toThrow(SyntaxError);
    expect(read).toThrow(words);
  });

  test.each([
    ['no JSON', '{"cells": [', 'it is not JSON'],
    ['half of a merge', '<<<<<<< HEAD\n{}', 'it is not JSON'],
    ['null', 'null', 'Expected Object'],
    ['no list of cells', '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', 'cells'],
    ['an older format', JSON.stringify({ ...soundNotebook(), nbformat: 3 }), 'nbformat'],
    ['tags that are text', JSON.stringify(notebookOf([tagged('set-up')])), 'cells.0.metadata.tags'],
    ['a cell that is null', JSON.stringify(notebookOf([null as never])), 'cells.0'],
    ['an id twice', JSON.stringify(notebookOf([codeCell('a', '1'), codeCell('a', '2')])), 'the id a'],
  ])('a file with %s is refused', (_name, text, words) => {
    const read = () => parseNotebook(text, 'notebooks/03-pool.ipynb');
    expect(read).toThrow(EpisodeError);
    expect(read).toThrow(/^notebooks\/03-pool.ipynb is no notebook of format 4.5: .*Take the file from git/s);
    expect(read).toThrow(words);
  });

  test('a text cell that was turned into code, as Jupyter’s key Y does, comes back as a cell of its own', () => {
    const lesson = soundNotebook() as unknown as NotebookFile;
    const cells = lesson.cells.map((cell) => (cell.id === 'goals' ? { ...cell, cell_type: 'code' } : cell));
    const { texts } = openFile(JSON.stringify({ ...lesson, cells }), lesson, 'x');
    expect([...texts.keys()]).toEqual(['from-file-0', ...[...texts.keys()].slice(1)]);
    const page = [...texts].map(([id, text]) => ({ id, text, outputs: [], count: 0 }));
    const saved = fileOf(lesson, 'x', page);
    expect(saved.cells[0]).toEqual(lesson.cells[0]);
    expect(saved.cells.at(-1)).toMatchObject({ cell_type: 'code', source: texts.get('from-file-0') });
  });

  test('a tab names a format that is no number', () => {
    const text = JSON.stringify({ ...soundNotebook(), nbformat: { toString: 1 } });
    const lesson = soundNotebook() as unknown as NotebookFile;
    expect(() => openFile(text, lesson, 'x')).toThrow(FileError);
    expect(() => openFile(text, lesson, 'x')).toThrow('has the format {"toString":1}');
  });
});

function tagged(tags: string) {
  return { ...codeCell('a', '1'), metadata: { tags } } as never;
}
