// Types of notebook-file.mjs, for the TypeScript that imports it.

/** A cell as nbformat 4.5 keeps it. */
export interface Cell {
  readonly cell_type: 'code' | 'markdown' | 'raw';
  readonly id: string;
  readonly metadata: { readonly tags?: readonly string[]; readonly lola?: { readonly needs?: string } };
  readonly source: string | readonly string[];
  readonly outputs?: readonly unknown[];
  readonly execution_count?: number | null;
}

export interface Notebook {
  readonly nbformat: number;
  readonly nbformat_minor: number;
  readonly metadata: { readonly kernelspec?: { readonly name: string; readonly language?: string } };
  readonly cells: readonly Cell[];
}

export function parseNotebook(text: string, name: string): Notebook;
export function readNotebookFile(file: string, name?: string): Notebook;
