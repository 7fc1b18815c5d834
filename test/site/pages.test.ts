// The sources of the site, written from a made-up lesson and from the real one, and the check of a built site.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { checkSite } from '../../scripts/site/check.mjs';
import { writePages } from '../../scripts/site/pages.mjs';
import { notebookNames } from '../support/notebook.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lesson = fileURLToPath(new URL('lesson', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lola-pages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder of files, by their paths. */
function lay(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return join(folder, name);
}

test('a page for each episode, notebook and file that they link to, at its own path', () => {
  const into = join(folder, 'made-up');
  expect(writePages({ root: lesson, into }).sort()).toEqual([
    'environment.md',
    'episodes/01-serial.md',
    'episodes/figures/square.svg',
    'episodes/glossary.md',
    'episodes/instructor-notes.md',
    'episodes/recorded/01-serial-chart.svg',
    'lib/kernel.ts',
    'notebooks/01-serial.ipynb',
    'notebooks/02-profile.ipynb',
  ]);
  const page = (name: string) => readFileSync(join(into, name), 'utf8');
  expect(page('episodes/01-serial.md')).toContain('[countInside](../lib/kernel.ts.md)');
  expect(page('episodes/01-serial.md')).toContain('(../notebooks/01-serial.md#the-loop)');
  expect(page('lib/kernel.ts.md')).toContain(readFileSync(join(lesson, 'lib/kernel.ts'), 'utf8').trim());
  expect(page('notebooks/01-serial.md')).toContain(
    'recorded on 2026-11-25: A &lt;made-up&gt; processor, 2 cores',
  );
  expect(page('notebooks/02-profile.md')).toContain('No run of this notebook is recorded yet');
  expect(page('index.md')).toContain(
    '| 1 | [One loop: the serial program](./episodes/01-serial.md) | [notebook 1](./notebooks/01-serial.md) | 27 |',
  );
});

test('the menus follow the lesson, and pages for instructors stand apart', () => {
  const into = join(folder, 'menus');
  writePages({ root: lesson, into });
  const { sidebar } = JSON.parse(readFileSync(join(into, 'menu.json'), 'utf8')) as {
    sidebar: Record<string, { text: string; items: { link: string }[] }[]>;
  };
  const listed = (start: string) =>
    sidebar[start].map(({ text, items }) => [text, items.map(({ link }) => link)]);
  expect(listed('/')).toEqual([
    ['Episodes', ['/episodes/01-serial.md']],
    ['Notebooks', ['/notebooks/01-serial.md', '/notebooks/02-profile.md']],
    ['To look up', ['/episodes/glossary.md', '/environment.md']],
  ]);
  expect(listed('/episodes/instructor-notes.md')[0]).toEqual([
    'For instructors',
    ['/episodes/instructor-notes.md'],
  ]);
});

test('the real lesson has all its notebooks, and all of its links lead to files', () => {
  const files = writePages({ root, into: join(folder, 'real') });
  expect(files.filter((file) => file.endsWith('.ipynb'))).toEqual(
    notebookNames().map((name) => `notebooks/${name}`),
  );
});

test.each([
  ['[x](03-nothing.md)', "the link '03-nothing.md' leads to no file of this repository."],
  ['<img src="../../x.svg">', "the link '../../x.svg' leads to no file of this repository."],
  ['[x](figures/)', "the link 'figures/' leads to a folder. Name a file in it."],
])('a page with %s is refused by name', (text, message) => {
  const copy = join(folder, 'broken');
  cpSync(lesson, copy, { recursive: true });
  writeFileSync(join(copy, 'episodes', '01-serial.md'), text);
  expect(() => writePages({ root: copy, into: join(folder, 'none') })).toThrow(
    `episodes/01-serial.md: ${message}`,
  );
});

test('the check of a built site finds dead links, dead anchors, and what stands outside its base', () => {
  const site = lay('site', {
    'index.html':
      '<h1 id="top">x</h1><a href="/b/a/one.html#here">1</a><a class="x" href="./a/one.html#gone">2</a>',
    'a/one.html':
      '<p id="here"><!-- <a href="no.html"> --><script>let a = `<a href="no.html">`;</script><a href="#here">1</a>' +
      '<a href="https://x.org/y">2</a><img src="two.svg"><a href="../">3</a><a href="/b/none.html">4</a><link href="/a/one.html">',
  });
  expect(checkSite(site, '/b/')).toEqual({
    pages: 2,
    links: 8,
    problems: [
      "a/one.html: 'two.svg' leads to no file",
      "a/one.html: '/b/none.html' leads to no file",
      "a/one.html: '/a/one.html' is not below the site's base /b/",
      "index.html: './a/one.html#gone' leads to no place on its page",
    ],
  });
});

test.each([
  [['--base', 'lolas-pi'], "--base must begin and end with '/', as in /lolas-pi/; got 'lolas-pi'."],
  [['--base', '/a//b/'], "--base must begin and end with '/', as in /lolas-pi/; got '/a//b/'."],
  [['--port', '65536'], "--port must be an integer from 0 to 65535; got '65536'."],
  [['--frob'], "Unknown option '--frob'"],
])('npm run site refuses %j', (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/site.mjs'), ...args], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining(`npm run site: ${message}`)]);
});
