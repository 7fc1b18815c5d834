// Notebooks made up for a test, from the sources of their cells.
import type { Cell, Notebook } from './notebook.js';

export function codeCell(id: string, source: string, ...tags: string[]): Cell {
  return { cell_type: 'code', id, metadata: { tags }, source, outputs: [], execution_count: null };
}

export function textCell(id: string, source: string, ...tags: string[]): Cell {
  return { cell_type: 'markdown', id, metadata: { tags }, source };
}

/** A notebook of these cells. */
export function notebookOf(cells: readonly Cell[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'tslab', language: 'typescript' } },
    cells,
  };
}

/** A notebook that keeps all rules: an opening, and an exercise. */
export function soundNotebook(): Notebook {
  return notebookOf([
    textCell('goals', '# One\n\nGoals: none. Time: 5 minutes. Prerequisites: none.'),
    codeCell(
      'set-up',
      "import { piOf } from '../lib';\nconst check = { half: (x: number) => console.log(x === 0.5 ? 'passed' : 'not yet') };",
      'set-up',
    ),
    textCell('half-prompt', 'How much is one half? (1 minute)', 'prompt'),
    codeCell('half-exercise', 'check.half(NaN);', 'exercise'),
    textCell(
      'half-solution',
      '<details><summary>Solution</summary>\n\n```ts\ncheck.half(piOf(1, 8));\n```\n\n</details>',
      'solution',
    ),
  ]);
}
