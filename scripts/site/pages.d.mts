export interface Item {
  readonly text: string;
  readonly file: string;
}
export interface Page {
  readonly file: string;
  readonly title: string;
  readonly text: string;
  readonly notebook?: string;
  readonly search: boolean;
}
/** Reads all that the site shows. */
export function readPages(root: string): {
  pages: Page[];
  copies: string[];
  menus: Record<'learners' | 'instructors', { text: string; items: Item[] }[]> & { forInstructors: string[] };
};
