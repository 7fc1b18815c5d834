/** Checks that all links within a built site lead to a page, a file or a place on a page, and are relative. */
export function checkSite(folder: string): { pages: number; links: number; problems: string[] };
