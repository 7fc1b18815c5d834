/** Empties a folder and writes the site's sources there; gives the files that have a page or a copy. */
export function writePages(places: { root: string; into: string }): string[];
