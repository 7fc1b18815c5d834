// A table for a terminal: columns as wide as their widest entry, numbers to the right.

/** Lines of text, without a last newline. `rows` are as long as `head`. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const [first, ...rest] = cells.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
  return [first, widths.map((width) => '-'.repeat(width)).join('  '), ...rest].join('\n');
}

/** Text from elsewhere without control characters, which would change what a terminal shows. Lines stay lines. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '?');
}
