// Notebooks as files: their cells, and the same notebook with every exercise solved.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNotebookFile, type Cell, type Notebook } from '../../scripts/notebook-file.mjs';

export type { Cell, Notebook };

/** The lesson's notebooks; in it, cells find the library at '../lib'. */
export const notebookFolder = fileURLToPath(new URL('../../notebooks', import.meta.url));

/** Names of the lesson's notebooks, in its order. */
export function notebookNames(): string[] {
  return readdirSync(notebookFolder)
    .filter((name) => name.endsWith('.ipynb'))
    .sort();
}

export function readNotebook(name: string, folder = notebookFolder): Notebook {
  return readNotebookFile(join(folder, name), name);
}

export function sourceOf({ source }: Cell): string {
  return typeof source === 'string' ? source : source.join('');
}

export function hasTag({ metadata }: Cell, tag: string): boolean {
  return metadata.tags?.includes(tag) ?? false;
}

/** The three cells of an exercise have the ids NAME-prompt, NAME-exercise and NAME-solution. */
export function exerciseNames({ cells }: Notebook): string[] {
  return cells.filter((cell) => hasTag(cell, 'exercise')).map(({ id }) => id.replace(/-exercise$/, ''));
}

/** The notebook of a learner who solved everything: each exercise's cell holds the code of its solution. */
export function solved(notebook: Notebook): Notebook {
  const solutionOf = (id: string) =>
    notebook.cells.find((cell) => cell.id === id.replace(/-exercise$/, '-solution'));
  const cells = notebook.cells.map((cell) => {
    const solution = hasTag(cell, 'exercise') ? solutionOf(cell.id) : undefined;
    return solution ? { ...cell, source: solutionCode(solution) } : cell;
  });
  return { ...notebook, cells };
}

/** The notebook of a learner who runs each exercise untouched, then with its solution, and goes on. */
export function solvedInTurn(notebook: Notebook): Notebook {
  const after = solved(notebook).cells;
  const cells = notebook.cells.flatMap((cell, i) => (hasTag(cell, 'exercise') ? [cell, after[i]] : [cell]));
  return { ...notebook, cells };
}

/** The notebook of a learner who comes in at half time: the set-up, and all from the first cell tagged catch-up. */
export function fromHalfTime(notebook: Notebook): Notebook {
  const half = notebook.cells.findIndex((cell) => hasTag(cell, 'catch-up'));
  return { ...notebook, cells: notebook.cells.filter((cell, i) => i >= half || hasTag(cell, 'set-up')) };
}

/** A solution is folded text with one block of code, so that it runs only where a learner puts it. */
export function solutionCode(cell: Cell): string {
  return /^```ts\n(.*?)^```/ms.exec(sourceOf(cell))?.[1] ?? '';
}
