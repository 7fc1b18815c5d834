// What a kernel says of a cell that cannot run because others have not. Needs nothing, so that a kernel can load it first.

const UNKNOWN = /^(\d+:\d+ - )Cannot find name ('[\w$]+')/;
/** More names than this are counted. */
const MOST = 4;

/** What the compiler says of a cell, line by line; unknown names in one line, which are many where the set-up has not run. */
export function inShort(lines: readonly string[]): string[] {
  const first = lines.find((line) => UNKNOWN.test(line));
  if (first === undefined) return [...lines];
  const names = [...new Set(lines.map((line) => UNKNOWN.exec(line)?.[2] ?? ''))].filter(Boolean);
  const rest = lines.filter((line) => !UNKNOWN.test(line));
  if (names.length === 1) return [first, ...rest];
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
  const all = `${UNKNOWN.exec(first)![1]}Cannot find the names ${names.slice(0, MOST).join(', ')}${more}.`;
  return [all, 'Run the set-up cell first, then the cells from there down to this one.', ...rest];
}
