/** From Markdown to HTML, with the headings that links can name. */
export function renderMarkdown(text: string): {
  html: string;
  headings: { level: number; text: string; id: string }[];
};
