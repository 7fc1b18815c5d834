// What a kernel says of a cell that the compiler refuses. Needs nothing, so that a kernel can load it first.

const PROMISE = /^(\d+:\d+ - ).*'Promise<.*>' is not assignable/;
const UNKNOWN = /^(\d+:\d+ - )Cannot find name ('[\w$]+')/;
/** More names than this are counted. */
const MOST = 4;

/** What the compiler says of a cell, line by line, with what to do. Unknown names, many where the set-up has not run, are one line. */
export function inShort(lines: readonly string[]): string[] {
  const [, place] = lines.map((line) => PROMISE.exec(line)).find(Boolean) ?? [];
  const hint = 'A promise is no value yet: leave out `async`, or write `await` before the promise.';
  return [...named(lines), ...(place === undefined ? [] : [`${place}${hint}`])];
}

function named(lines: readonly string[]): readonly string[] {
  const first = lines.find((line) => UNKNOWN.test(line));
  if (first === undefined) return lines;
  const names = [...new Set(lines.map((line) => UNKNOWN.exec(line)?.[2] ?? ''))].filter(Boolean);
  const rest = lines.filter((line) => !UNKNOWN.test(line));
  if (names.length === 1) return [first, ...rest];
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
  const all = `${UNKNOWN.exec(first)![1]}Cannot find the names ${names.slice(0, MOST).join(', ')}${more}.`;
  return [all, 'Run the set-up cell first, then the cells from there down to this one.', ...rest];
}
