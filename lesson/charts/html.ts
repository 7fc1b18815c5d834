// Text and tables as HTML.

/** Text as it may appear in HTML and SVG. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Rows of text as a table; the first row and the first column are heads, and columns of numbers have the class 'number'. */
export function htmlTable([head, ...rows]: readonly (readonly string[])[], caption = ''): string {
  const numbers = head.map((_, c) => rows.every((row) => /^[-\d][-\d.e%() to]*$/.test(row[c])));
  const cell = (tag: string, text: string, c: number) =>
    `<${tag}${numbers[c] ? ' class="number"' : ''}>${escaped(text)}</${tag.slice(0, 2)}>`;
  const body = rows.map((row) => row.map((text, c) => cell(c === 0 ? 'th scope="row"' : 'td', text, c)));
  const title = caption === '' ? '' : `<caption>${escaped(caption)}</caption>`;
  const columns = head.map((text, c) => cell(text === '' ? 'td' : 'th scope="col"', text, c)).join('');
  return `<table>${title}<thead><tr>${columns}</tr></thead><tbody>${body.map((row) => `<tr>${row.join('')}</tr>`).join('')}</tbody></table>`;
}
