import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import GithubSlugger from 'github-slugger';
import { expect, test } from 'vitest';

const lib = fileURLToPath(new URL('../../lib', import.meta.url));
const page = readFileSync(join(lib, 'README.md'), 'utf8');
const rows = [...page.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\) *\| *(\d+) \|/gm)];
const named = rows.map(([, name, link, lines]) => ({ name, link, lines: Number(lines) }));
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => /\.(ts|mjs|sh)$/.test(file) && !/(^|\/)index\.ts$|\.d\.m?ts$/.test(file));

test('lib/README.md names each file of lib that is no door exactly once', () => {
  expect(
    named.map(({ link }) => link).sort(),
    'Add or remove a row of lib/README.md, then run: npm run reading',
  ).toEqual(files.sort());
  expect(named.filter(({ name, link }) => name !== link)).toEqual([]);
});

test('lib/README.md says how many lines each file has', () => {
  const lines = (file: string) => readFileSync(join(lib, file), 'utf8').split('\n').length - 1;
  const known = named.filter(({ link }) => files.includes(link));
  expect(
    known.map(({ link, lines }) => `${link} ${lines}`),
    'Refresh the numbers with: npm run reading',
  ).toEqual(known.map(({ link }) => `${link} ${lines(link)}`));
});

test('lib/README.md links exercises that are there, and names them', () => {
  const links = [...page.matchAll(/\[([^\]]+)\]\((\.\.\/episodes\/[\w-]+\.md)#([^)]+)\)/g)];
  expect(links.length).toBeGreaterThan(5);
  const wrong = links.filter(([, name, file, anchor]) => {
    const headings = readFileSync(join(lib, file), 'utf8').match(/^### .+$/gm) ?? [];
    return !headings.some(
      (heading) => new GithubSlugger().slug(heading.slice(4)) === anchor && heading.includes(`: ${name} (`),
    );
  });
  expect(wrong.map(([link]) => link)).toEqual([]);
});
