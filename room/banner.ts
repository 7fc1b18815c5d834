// What the terminal shows of an open room: the address in large letters, and as a QR code.
import { renderUnicodeCompact } from 'uqr';

/** Each sign's five rows, as the octal digits of three dots. */
const SIGNS: { readonly [sign: string]: string } = {
  ...{ 0: '75557', 1: '26227', 2: '71747', 3: '71717', 4: '55711' },
  ...{ 5: '74717', 6: '74757', 7: '71111', 8: '75757', 9: '75717' },
  ...{ '.': '00002', ':': '02020' },
};
/** Two rows of dots are one line of text: above, below, both. */
const HALVES = [' ', '▀', '▄', '█'];

/** Numbers in large letters, three lines high. Signs that it does not know are left out. */
export function largeNumber(text: string): string {
  const signs = [...text].map((sign) => SIGNS[sign] ?? '');
  const dot = (rows: string, row: number, column: number) => (Number(rows[row] ?? 0) >> (2 - column)) & 1;
  const line = (row: number) =>
    signs
      .filter((rows) => rows !== '')
      .map((rows) => [0, 1, 2].map((x) => HALVES[dot(rows, row, x) + 2 * dot(rows, row + 1, x)]).join(''))
      .join(' ');
  return [0, 2, 4].map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}

/** The QR code of an address: light on dark. `coloured`: also in a terminal that is dark on light. */
export function qrText(url: string, coloured: boolean): string {
  const text = renderUnicodeCompact(url, { border: 2 });
  return coloured ? text.replace(/^.+$/gm, '\x1b[97;40m$&\x1b[0m') : text;
}
