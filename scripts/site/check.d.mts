/** Checks that all links within a built site lead to a page, a file or a place on a page. */
export function checkSite(folder: string, base: string): { pages: number; links: number; problems: string[] };
