// The sources of the site, written from a made-up lesson and from the real one, and the check of a built site.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { checkSite } from '../../scripts/site/check.mjs';
import { renderMarkdown } from '../../scripts/site/markdown.mjs';
import { readPages } from '../../scripts/site/pages.mjs';
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
  const { pages, copies } = readPages(lesson);
  expect(pages.map(({ file }) => file).sort()).toEqual([
    'environment.md',
    'episodes/01-serial.md',
    'episodes/glossary.md',
    'episodes/instructor-notes.md',
    'index.md',
    'lib/kernel.ts',
    'notebooks/01-serial.ipynb',
    'notebooks/02-profile.ipynb',
  ]);
  expect(copies.sort()).toEqual([
    'episodes/figures/square.svg',
    'episodes/recorded/01-serial-chart.svg',
    'notebooks/01-serial.ipynb',
    'notebooks/02-profile.ipynb',
  ]);
  const page = (file: string) => pages.find((one) => one.file === file)?.text;
  expect(page('episodes/01-serial.md')).toContain('[countInside](../lib/kernel.ts.html)');
  expect(page('episodes/01-serial.md')).toContain('(../notebooks/01-serial.html#the-loop)');
  expect(page('lib/kernel.ts')).toContain(readFileSync(join(lesson, 'lib/kernel.ts'), 'utf8').trim());
  expect(page('notebooks/01-serial.ipynb')).toContain(
    'recorded on 2026-11-25: A &lt;made-up&gt; processor, 2 cores',
  );
  expect(page('notebooks/01-serial.ipynb')).toContain('[the file alone](01-serial.ipynb)');
  expect(page('notebooks/02-profile.ipynb')).toContain('No run of this notebook is recorded yet');
  expect(page('index.md')).toContain(
    '| 1 | [One loop: the serial program](./notebooks/01-serial.html) | [episode](./episodes/01-serial.html) | 27 |',
  );
});

test('the menus follow the lesson, and pages for instructors stand apart', () => {
  const { menus } = readPages(lesson);
  const listed = (menu: 'learners' | 'instructors') =>
    menus[menu].map(({ text, items }) => [text, items.map(({ file }) => file)]);
  expect(listed('learners')).toEqual([
    ['Notebooks', ['notebooks/01-serial.ipynb', 'notebooks/02-profile.ipynb']],
    ['Episodes', ['episodes/01-serial.md']],
    ['To look up', ['episodes/glossary.md', 'environment.md']],
  ]);
  expect(listed('instructors')[0]).toEqual(['For instructors', ['episodes/instructor-notes.md']]);
  expect(menus.forInstructors).toEqual(['episodes/instructor-notes.md']);
});

test('the real lesson has all its notebooks, and all of its links lead to files', () => {
  const { copies } = readPages(root);
  expect(copies.filter((file) => file.endsWith('.ipynb'))).toEqual(
    notebookNames().map((name) => `notebooks/${name}`),
  );
});

test('a code cell carries its id, what it needs, and the reason for it', () => {
  const folder = lay('needs', {
    'environment.md': '# Set up',
    'episodes/01-one.md': '# One',
    'notebooks/01-one.ipynb': JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: [
        { id: 'goals', cell_type: 'markdown', metadata: {}, source: '# One' },
        { id: 'a', cell_type: 'code', metadata: { lola: { needs: 'node' } }, source: ['spawn();', '\n'] },
        {
          id: 'b',
          cell_type: 'code',
          metadata: { lola: { needs: 'node', why: 'A < B.' } },
          source: 'spawn();',
        },
        { id: 'c', cell_type: 'code', metadata: { tags: ['raises-exception'] }, source: 'throw 1;' },
      ],
    }),
  });
  const text = readPages(folder).pages.find(({ file }) => file === 'notebooks/01-one.ipynb')?.text ?? '';
  expect(text.match(/<div class="cell.*>/g)).toEqual([
    '<div class="cell code" id="cell-a" data-cell="a" data-needs="node">',
    '<div class="cell code" id="cell-b" data-cell="b" data-needs="node">',
    '<div class="cell code" id="cell-c" data-cell="c" data-expects-error>',
  ]);
  expect(text.match(/<p class="reason">.*<\/p>/g)).toEqual([
    '<p class="reason">This cell needs Node: it starts other programs, and a page cannot.</p>',
    '<p class="reason">A &lt; B.</p>',
  ]);
});

test('code keeps each character, and headings with the same words get ids of their own', () => {
  const code = 'const a = `<b>${1 < 2 && "&"}</b>`; // {{ x }}';
  const { html, headings } = renderMarkdown(
    `# One *two*\n\n## \`f\` & g\n\n## One two\n\n\`\`\`ts\n${code}\n\`\`\``,
  );
  expect(headings).toEqual([
    { level: 1, text: 'One two', id: 'one-two' },
    { level: 2, text: 'f & g', id: 'f--g' },
    { level: 2, text: 'One two', id: 'one-two-1' },
  ]);
  const [, drawn] = /<pre tabindex="0"><code class="language-ts">(.*)<\/code><\/pre>/.exec(html) ?? [];
  const signs: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' };
  expect(drawn.replace(/<[^>]*>/g, '').replace(/&\w+;/g, (entity) => signs[entity])).toBe(code);
});

test.each([
  ['[x](03-nothing.md)', "the link '03-nothing.md' leads to no file of this repository."],
  ['<img src="../../x.svg">', "the link '../../x.svg' leads to no file of this repository."],
  ['[x](figures/)', "the link 'figures/' leads to a folder. Name a file in it."],
])('a page with %s is refused by name', (text, message) => {
  const copy = join(folder, 'broken');
  cpSync(lesson, copy, { recursive: true });
  writeFileSync(join(copy, 'episodes', '01-serial.md'), text);
  expect(() => readPages(copy)).toThrow(`episodes/01-serial.md: ${message}`);
});

test('the check of a built site finds dead links, dead anchors, and what works at one path alone', () => {
  const site = lay('site', {
    'index.html':
      '<h1 id="top">x</h1><a href="a/one.html#here">1</a><a class="x" href="./a/one.html#gone">2</a><a href="../x">3</a>',
    'a/one.html':
      '<p id="here"><!-- <a href="no.html"> --><script>let a = `<a href="no.html">`;</script><a href="#here">1</a>' +
      '<a href="https://x.org/y">2</a><img src="two.svg"><a href="../">3</a><link href="/a/one.html">',
  });
  expect(checkSite(site)).toEqual({
    pages: 2,
    links: 8,
    problems: [
      "a/one.html: 'two.svg' leads to no file",
      "a/one.html: '/a/one.html' is not relative, so it works at one path of a host alone",
      "index.html: './a/one.html#gone' leads to no place on its page",
      "index.html: '../x' leads out of the site",
    ],
  });
});

test.each([
  ['site', ['--frob'], "npm run site: Unknown option '--frob'"],
  ['lesson', ['--port', '65536'], "lolas-pi: --port must be an integer from 0 to 65535; got '65536'."],
  ['lesson', ['--frob'], "lolas-pi: Unknown option '--frob'"],
])('npm run %s refuses %j', (script, args, message) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', `${script}.mjs`), ...args], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});
