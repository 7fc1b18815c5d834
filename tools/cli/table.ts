// A table for a terminal: columns as wide as their widest entry, numbers to the right.
import { plain } from '../../lib/errors.js';

/** Lines of text, without a last newline. `rows` are as long as `head`. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const [first, ...rest] = cells.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
  return [first, widths.map((width) => '-'.repeat(width)).join('  '), ...rest].join('\n');
}
