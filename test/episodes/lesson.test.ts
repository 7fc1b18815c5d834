// The lesson's episodes keep the rules, agree with their notebooks, and show what lib, notebooks and recordings hold now.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fill, stalePlaces } from '../../scripts/episodes/fill.mjs';
import { checkSettings } from '../../scripts/episodes/settings.mjs';
import { sourcesFor } from '../../scripts/episodes/sources.mjs';
import { scrubbed } from '../../scripts/record/private.mjs';
import { agreementBreaches } from '../support/episode-challenges.js';
import { episodeBreaches, linkBreaches, pageBreaches } from '../support/episode-rules.js';
import { STEMS, episodeFolder, isEpisode, pageNames, parsePage, readPage, root } from '../support/episode.js';
import { notebookNames, readNotebook } from '../support/notebook.js';

const textOf = (name: string) => readFileSync(join(episodeFolder, name), 'utf8');
/** What is stale on a page. */
function staleOn(name: string): string[] {
  const page = `episodes/${name}`;
  const fresh = fill(textOf(name), page, sourcesFor(root, page));
  return stalePlaces(textOf(name), fresh, page).map(({ line, place }) => `line ${line}: ${place}`);
}

test('the lesson has its nine episodes and their notebooks', () => {
  expect(pageNames().filter(isEpisode)).toEqual(STEMS.map((stem) => `${stem}.md`));
  expect(notebookNames()).toEqual(STEMS.map((stem) => `${stem}.ipynb`));
});

describe.each(['README.md', ...pageNames()])('episodes/%s', (name) => {
  const page = readPage(name);

  test('keeps the rules', () => {
    const rules = name === 'README.md' ? linkBreaches : isEpisode(name) ? episodeBreaches : pageBreaches;
    expect(rules(page)).toEqual([]);
  });

  test('is fresh: `npm run episodes` would change nothing', () => {
    expect(staleOn(name)).toEqual([]);
  });

  test.runIf(isEpisode(name))('has the exercises of its notebook, with their minutes', () => {
    const notebook = name.replace(/\.md$/, '.ipynb');
    expect(notebookNames()).toContain(notebook);
    expect(agreementBreaches(page, readNotebook(notebook))).toEqual([]);
  });
});

test('a run that readers are told to watch lasts for as long as it takes to open its page', () => {
  const lines = ['README.md', ...pageNames()].flatMap((name) => textOf(name).split('\n'));
  const watched = lines.filter((line) => /^npx lola pi .*--dashboard/.test(line));
  expect(watched).not.toEqual([]);
  for (const line of watched) expect(line).toMatch(/--samples 1e1[1-9] /); // half a minute on two cores
});

test("the room's settings can be used", () => {
  const file = 'episodes/settings.json';
  expect(() => checkSettings(JSON.parse(readFileSync(join(root, file), 'utf8')), file)).not.toThrow();
});

describe('recordings', () => {
  const folder = join(episodeFolder, 'recorded');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  test('tell no path, name or token of the machine that made them', () => {
    const told = names.filter(
      (name) => scrubbed(read(name), name, { replaced: {}, names: [] }) !== read(name),
    );
    expect(told).toEqual([]);
  });

  test('show what fits 100 columns, but for logs, commands and sentences of checks', () => {
    const wide = names
      .filter((name) => /^\d\d-.*\.json$/.test(name))
      .flatMap((name) => {
        const { cells } = JSON.parse(read(name)) as { cells: Record<string, { text: string }> };
        const shown = Object.entries(cells).filter(([, { text }]) => !/^\$ /.test(text));
        const lines = shown.flatMap(([id, { text }]) => text.split('\n').map((line) => ({ id, line })));
        const isWide = ({ line }: { line: string }) =>
          line.length > 100 && !/^(not yet|passed): |^lola\./.test(line);
        return lines.filter(isWide).map(({ id, line }) => `${name} ${id}: ${line}`);
      });
    expect(wide).toEqual([]);
  });

  test('end with no echo of a cell’s last value: NaN, a truth value, a function', () => {
    const echoes = names
      .filter((name) => /^\d\d-.*\.json$/.test(name))
      .flatMap((name) => {
        const { cells } = JSON.parse(read(name)) as { cells: Record<string, { text: string }> };
        return Object.entries(cells)
          .filter(([, { text }]) => /(^|\n)(NaN|true|false|undefined|\[(Async)?Function.*)$/.test(text))
          .map(([id]) => `${name} ${id}`);
      });
    expect(echoes).toEqual([]);
  });

  test('name the pictures that there are, and no others lie about', () => {
    const runs = names.filter((name) => /^\d\d-.*\.json$/.test(name)).map((name) => JSON.parse(read(name)));
    const cells = runs.flatMap(({ cells }: { cells: object }) => Object.values(cells));
    const named = cells.flatMap(({ svg = [] }: { svg?: string[] }) => svg);
    expect(named.sort()).toEqual(names.filter((name) => name.endsWith('.svg')).sort());
  });
});

test('a page with a stale place, and one of an unknown source, would be found', () => {
  const page = 'episodes/99-none.md';
  const contentOf = sourcesFor(root, page);
  const stale = '<!-- setting: host -->elsewhere<!-- end -->\n';
  expect(stalePlaces(stale, fill(stale, page, contentOf), page)).toEqual([
    { line: 1, place: 'setting: host' },
  ]);
  expect(() => fill('<!-- code: lib/none.ts -->\n<!-- end -->\n', page, contentOf)).toThrow(
    "episodes/99-none.md:1: code: lib/none.ts: there is no file 'lib/none.ts'; name it from the root of the repository.",
  );
  expect(parsePage(page, stale).headings).toEqual([]);
});
