// Each row of the fault matrix has its tests, and each test that names a row is in it.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const read = (file: string) => readFileSync(`${folder}${file}`, 'utf8');

/** The files that a row names, by its number. */
const matrix = new Map(
  [...read('fault-matrix.md').matchAll(/^\| *(\d+) \|.*\|([^|]+)\|$/gm)].map(([, row, files]) => [
    Number(row),
    files.trim().split(', ').sort(),
  ]),
);

/** The files with a test whose name, or whose group's name, begins with the row's number. */
const tested = new Map<number, string[]>();
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.test.ts')) continue;
  const names = read(file).matchAll(/(?:test|describe)(?:\.\w+\([^)]*\))?\(\s*['"`]row (\d+):/g);
  for (const row of new Set([...names].map(([, number]) => Number(number))))
    tested.set(row, [...(tested.get(row) ?? []), file]);
}

test('the fault matrix has 19 rows, and each one is tested where it says', () => {
  expect([...matrix.keys()]).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
  for (const [row, files] of matrix) expect([row, tested.get(row)]).toEqual([row, files]);
});

test('no test names a row that is not there', () => {
  for (const row of tested.keys()) expect(matrix.has(row), `row ${row}`).toBe(true);
});
