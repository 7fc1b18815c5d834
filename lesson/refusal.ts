// What a kernel says of a cell that the compiler refuses. Needs nothing, so that a kernel can load it first.

/** What the compiler says of common slips, and what to do. */
const HINTS: readonly (readonly [refusal: RegExp, hint: string])[] = [
  [
    /^(\d+:\d+ - ).*'Promise<.*>' is (?:not assignable|missing the following)/,
    'A promise is no value yet: leave out `async`, or write `await` before the promise.',
  ],
  [
    /^(\d+:\d+ - ).*'(?:.*=> )?void' is not assignable/,
    'The function returns nothing. Does it end in a return? (After `=>`, an object needs parentheses: `({ ... })`.)',
  ],
  [
    /^(\d+:\d+ - )Argument of type '(?:.*=> )?(?:string|bigint)' is not assignable .*number'/,
    'This must be a number: leave out the quotes, `toFixed`, or the n at its end.',
  ],
  [/^(\d+:\d+ - )Expected (1.*got 2|2.*got 3|3.*got 4)\.$/, 'A decimal number? Write 1.8, not 1,8.'],
];
const UNKNOWN = /^(\d+:\d+ - )Cannot find name ('[\w$]+')/;
const SET_UP = 'Has every cell from the set-up to this one run? If so, look for a typo, or missing quotes.';
/** More names than this are counted. */
const MOST = 4;

/** What the compiler says of a cell, line by line, with what to do. Unknown names, many where the set-up has not run, are one line. */
export function inShort(lines: readonly string[]): string[] {
  const hints = HINTS.flatMap(([refusal, hint]) => {
    const found = lines.map((line) => refusal.exec(line)).find(Boolean);
    return found ? [`${found[1]}${hint}`] : [];
  });
  return [...named(lines), ...hints];
}

function named(lines: readonly string[]): readonly string[] {
  const first = lines.find((line) => UNKNOWN.test(line));
  if (first === undefined) return lines;
  const names = [...new Set(lines.map((line) => UNKNOWN.exec(line)?.[2] ?? ''))].filter(Boolean);
  const rest = lines.filter((line) => !UNKNOWN.test(line) && !line.includes('is using private name'));
  if (names.length === 1) return [first, ...(first.includes('Did you mean') ? [] : [SET_UP]), ...rest];
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
  const all = `${UNKNOWN.exec(first)![1]}Cannot find the names ${names.slice(0, MOST).join(', ')}${more}.`;
  return [all, SET_UP, ...rest];
}
