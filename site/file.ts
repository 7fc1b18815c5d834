// Notebook files: what a download holds, and what to take from a file that a learner opens.
import type { Output } from './kernel/protocol.js';

/** The parts of nbformat 4.5 that the lesson's notebooks use. */
export interface NotebookFile {
  readonly nbformat: number;
  readonly nbformat_minor: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly cells: readonly FileCell[];
}

export interface FileCell {
  readonly id?: string;
  readonly cell_type: string;
  readonly source: string | readonly string[];
  readonly metadata: object;
  readonly outputs?: readonly object[];
  readonly execution_count?: number | null;
}

/** A code cell of the page. */
export interface PageCell {
  readonly id: string;
  readonly text: string;
  readonly outputs: readonly Output[];
  /** 0: it has not run. */
  readonly count: number;
}

/** What a file brings. */
export interface Opened {
  /** The text of code cells by their id. */
  readonly texts: ReadonlyMap<string, string>;
  /** Text cells that differ from the lesson's. A page cannot change those. */
  readonly notes: number;
}

/** A file that cannot be opened, with a message for the reader. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

/**
 * The notebook as a file for Jupyter: the lesson's own, with what the learner wrote and what the cells printed.
 * @param name of the notebook, as in '03-pool'; it is kept in the file, so that it can be opened again
 * @param cells the page's code cells; those that the lesson does not have go to the end
 */
export function fileOf(lesson: NotebookFile, name: string, cells: readonly PageCell[]): NotebookFile {
  const written = new Map(cells.map((cell) => [cell.id, cell]));
  const known = lesson.cells.map((cell) => {
    const mine = written.get(cell.id ?? '');
    written.delete(cell.id ?? '');
    return mine ? { ...cell, ...codeOf(mine) } : cell;
  });
  const own = [...written.values()].map((cell) => ({
    id: cell.id,
    cell_type: 'code',
    metadata: {},
    ...codeOf(cell),
  }));
  return { ...lesson, metadata: { ...lesson.metadata, lola: { notebook: name } }, cells: [...known, ...own] };
}

function codeOf({ text, outputs, count }: PageCell) {
  return { source: text, outputs, execution_count: count || null };
}

/**
 * Reads a file that a learner chose.
 * @throws FileError that says what is wrong, and what to do; nothing has changed then
 */
export function openFile(text: string, lesson: NotebookFile, name: string): Opened {
  const file = parsed(text);
  const of = (file.metadata?.lola as { notebook?: unknown } | undefined)?.notebook;
  if (typeof of === 'string' && of !== name)
    throw new FileError(
      `This file is the notebook ${of}, and this page is ${name}. Open it on its own page.`,
    );
  const ids = idsOf(file, lesson);
  const texts = new Map<string, string>();
  let notes = 0;
  file.cells.forEach((cell, i) => {
    const source = sourceOf(cell);
    if (cell.cell_type === 'code') texts.set(ids[i], source);
    else if (!lesson.cells.some((one) => sourceOf(one) === source)) notes++;
  });
  return { texts, notes };
}

function parsed(text: string): NotebookFile {
  let file: Partial<NotebookFile> | null;
  try {
    file = JSON.parse(text) as Partial<NotebookFile> | null;
  } catch {
    throw new FileError('This file is no notebook, or it is damaged: it is not JSON. Download it again.');
  }
  const isCell = (cell: unknown) => {
    const { cell_type: type, source } = (cell ?? {}) as Partial<FileCell>;
    const lines = Array.isArray(source) ? source : [source];
    return typeof type === 'string' && lines.every((line) => typeof line === 'string');
  };
  if (!file || !Array.isArray(file.cells) || !file.cells.every(isCell))
    throw new FileError(
      'This file is no notebook: it has no list of cells. Choose a file that ends in .ipynb.',
    );
  if (file.nbformat !== 4)
    throw new FileError(
      `This notebook has the format ${JSON.stringify(file.nbformat)}, and the lesson needs 4. Open it in Jupyter and save it again.`,
    );
  return file as NotebookFile;
}

/** The id of each cell. A file that has none, of an older format, is read in the order of the lesson's cells. */
function idsOf(file: NotebookFile, lesson: NotebookFile): string[] {
  const known = new Map(lesson.cells.map(({ id, cell_type: type }) => [id, type]));
  // A text cell that was turned into code is a cell of its own: the page keeps the lesson's text.
  const isTurned = ({ id, cell_type: type }: FileCell) => type === 'code' && (known.get(id) ?? type) !== type;
  if (file.cells.some(({ id }) => known.has(id)))
    return file.cells.map((cell, i) => idOr(isTurned(cell) ? undefined : cell.id, i));
  const sameShape =
    file.cells.length === lesson.cells.length &&
    file.cells.every(({ cell_type: type }, i) => type === lesson.cells[i].cell_type);
  if (!sameShape)
    throw new FileError(
      'None of the cells in this file belongs to this notebook. Open it on the page of its own.',
    );
  return lesson.cells.map(({ id }, i) => idOr(id, i));
}

function idOr(id: unknown, i: number): string {
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : `from-file-${i}`;
}

function sourceOf({ source }: FileCell): string {
  return typeof source === 'string' ? source : source.join('');
}
