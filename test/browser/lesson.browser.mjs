/* global window, WebAssembly, addEventListener */
// A live notebook as a learner meets it: run, edit, keep, download, stop, without a network, in two tabs.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildSite } from '../../scripts/site.mjs';
import { serveFolder } from '../../site/start/serve.mjs';
import { findings } from './axe.mjs';
import { FLAGS, findChromium } from './chromium.mjs';

const MADE_UP = fileURLToPath(new URL('../site/lesson', import.meta.url));
const LOOKS = [1280, 390].flatMap((width) =>
  ['light', 'dark'].map((colorScheme) => ({ width, colorScheme })),
);
const CELLS = {
  first: "const a: number = 20;\nconsole.log('a is', a);",
  second: "console.log('b is', a + 1);",
  exercise: 'let answer = NaN; // your number',
  last: "console.log('the answer is', answer);",
};
const folder = mkdtempSync(join(tmpdir(), 'lola-lesson-'));

let browser;
let site;
let contexts = [];
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  const from = join(folder, 'from');
  cpSync(MADE_UP, from, { recursive: true });
  writeFileSync(join(from, 'notebooks', '03-live.ipynb'), JSON.stringify(notebook()));
  await buildSite({ from, to: join(folder, 'site') });
  site = await serveFolder({ folder: join(folder, 'site'), base: '/lesson/', port: 0 });
}, 300_000);
afterEach(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

function notebook() {
  const code = Object.entries(CELLS).map(([id, source]) => ({
    id,
    cell_type: 'code',
    metadata: id === 'exercise' ? { tags: ['exercise'] } : {},
    source,
    outputs: [],
    execution_count: null,
  }));
  const node = { id: 'node', cell_type: 'code', metadata: { lola: { needs: 'node', why: 'Why not.' } } };
  const title = { id: 'goals', cell_type: 'markdown', metadata: {}, source: '# Live' };
  const cells = [title, ...code, { ...node, source: 'process.exit();', outputs: [], execution_count: null }];
  return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

async function newContext({ width = 1280, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 768 }, colorScheme });
  contexts.push(context);
  return context;
}

async function openPage(context, prepare) {
  const page = await context.newPage();
  page.setDefaultTimeout(200_000); // what is awaited comes by an event; a loaded machine only takes longer
  page.on('dialog', (dialog) => void dialog.accept());
  if (prepare) await page.addInitScript(prepare);
  await page.goto(`${site.url}notebooks/03-live.html`);
  return page;
}

const poll = (look) => expect.poll(look, { timeout: 200_000 });
const cellOf = (page, id) => page.locator(`[data-cell="${id}"]`);
const textOf = (page, id) => cellOf(page, id).locator('.output').textContent();
const codeOf = (page, id) => cellOf(page, id).locator('.cm-line').allTextContents();
const runCell = (page, id) => cellOf(page, id).locator('.bar button').first().click();
const becomes = (page, id, state) => page.locator(`[data-cell="${id}"][data-state="${state}"]`).waitFor();
async function type(page, id, text) {
  await cellOf(page, id).locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}
async function choose(page, words) {
  await page.locator('.file summary').click();
  await page.getByRole('button', { name: words }).click();
}
async function saved(page) {
  const [file] = await Promise.all([page.waitForEvent('download'), choose(page, 'Download as .ipynb')]);
  expect(file.suggestedFilename()).toBe('03-live.ipynb');
  return JSON.parse(readFileSync(await file.path(), 'utf8'));
}
async function openFile(page, content) {
  const buffer = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const file = { name: 'mine.ipynb', mimeType: 'application/json', buffer };
  await page.locator('.file input').setInputFiles(file);
}
const source = (file, id) => file.cells.find((cell) => cell.id === id).source;

describe('a live notebook', { timeout: 600_000 }, () => {
  test('runs from the first key to the last cell, in order, and a failure drops those that wait', async () => {
    const page = await openPage(await newContext());
    await cellOf(page, 'first').locator('.cm-content').click();
    await page.keyboard.press('Shift+Enter');
    await becomes(page, 'first', 'done');
    expect(await textOf(page, 'first')).toBe('a is 20');
    await page.keyboard.press('Control+Enter'); // Shift-Enter went on to the second
    await becomes(page, 'second', 'done');
    expect(await textOf(page, 'second')).toBe('b is 21');
    await poll(() => page.locator('.heard').textContent()).toBe('Cell 2 done: b is 21.');
    await page.getByRole('button', { name: 'Run all' }).click();
    await becomes(page, 'last', 'done');
    expect(await textOf(page, 'last')).toBe('the answer is NaN');
    await type(page, 'second', "throw new TypeError('no more');");
    await page.getByRole('button', { name: 'Run all' }).click();
    await becomes(page, 'second', 'failed');
    expect(await textOf(page, 'second')).toContain('TypeError: no more');
    expect(await page.locator('.notebook-bar .status').textContent()).toBe(
      'Cell 2 failed. 2 cells below were not run.',
    );
    await page.getByRole('button', { name: 'Run from here: cell 3' }).click();
    await becomes(page, 'last', 'done');
  });

  test('a cell that needs Node says why, shows its text, and is not run', async () => {
    const page = await openPage(await newContext());
    expect(await cellOf(page, 'node').locator('button').count()).toBe(0);
    expect(await cellOf(page, 'node').textContent()).toContain('Why not.');
  });

  test('edits outlive a reload, can be taken back one by one and all at once', async () => {
    const context = await newContext();
    const page = await openPage(context);
    await type(page, 'exercise', 'let answer = 42;');
    await type(page, 'first', 'const a = 1;');
    await page.reload();
    await poll(() => codeOf(page, 'exercise')).toEqual(['let answer = 42;']);
    await cellOf(page, 'exercise').getByRole('button', { name: 'Reset' }).click();
    expect(await codeOf(page, 'exercise')).toEqual([CELLS.exercise]);
    await page.reload();
    await poll(() => codeOf(page, 'exercise')).toEqual([CELLS.exercise]);
    await poll(() => codeOf(page, 'first')).toEqual(['const a = 1;']);
    await choose(page, 'Reset all cells');
    await page.reload();
    await poll(() => codeOf(page, 'first')).toEqual(CELLS.first.split('\n'));
  });

  test('a download holds edits and outputs, and opens again in another browser', async () => {
    const page = await openPage(await newContext());
    await type(page, 'exercise', 'let answer = 42;');
    await page.getByRole('button', { name: 'Run all' }).click();
    await becomes(page, 'last', 'done');
    await page.getByRole('button', { name: 'Add a cell' }).click();
    await type(page, 'own-1', "console.log('mine');");
    const file = await saved(page);
    expect([file.nbformat, file.metadata.lola]).toEqual([4, { notebook: '03-live' }]);
    expect(file.cells.map(({ id }) => id)).toEqual(['goals', ...Object.keys(CELLS), 'node', 'own-1']);
    expect(source(file, 'exercise')).toBe('let answer = 42;');
    expect(file.cells[4].outputs).toEqual([
      { output_type: 'stream', name: 'stdout', text: 'the answer is 42\n' },
    ]);

    const other = await openPage(await newContext());
    await openFile(other, file);
    await poll(() => codeOf(other, 'exercise')).toEqual(['let answer = 42;']);
    await poll(() => codeOf(other, 'own-1')).toEqual(["console.log('mine');"]);
    await other.reload();
    await poll(() => codeOf(other, 'own-1')).toEqual(["console.log('mine');"]);
  });

  test.each([
    ['{"cells": [', 'it is not JSON. Download it again. Nothing has changed.'],
    [{ cells: 3 }, 'it has no list of cells.'],
    [{ cells: [], nbformat: 3 }, 'This notebook has the format 3, and the lesson needs 4.'],
    [{ ...notebook(), metadata: { lola: { notebook: '05-x' } } }, 'This file is the notebook 05-x'],
    [
      { ...notebook(), cells: [{ id: 'x', cell_type: 'code', source: 'x' }] },
      'None of the cells in this file',
    ],
  ])('a file such as %j changes nothing, and says what is wrong', async (content, message) => {
    const page = await openPage(await newContext());
    await type(page, 'exercise', 'let answer = 42;');
    await openFile(page, content);
    await poll(() => page.locator('.notice').textContent()).toContain(message);
    expect(await codeOf(page, 'exercise')).toEqual(['let answer = 42;']);
  });

  test('a file of an older lesson, without ids or with cells that are gone, loses nothing', async () => {
    const page = await openPage(await newContext());
    const older = notebook();
    older.cells = older.cells.map(({ id, ...cell }) =>
      id === 'exercise' ? { ...cell, source: 'old' } : cell,
    );
    await openFile(page, older);
    await poll(() => codeOf(page, 'exercise')).toEqual(['old']);
    const more = notebook();
    more.cells.push({ id: 'gone', cell_type: 'code', metadata: {}, source: ['kept', ''] });
    await openFile(page, more);
    await poll(() => codeOf(page, 'gone')).toEqual(['kept']);
    expect(await page.locator('.notice').last().textContent()).toContain('They are at the end.');
  });

  test('an endless loop leaves the page alive, is stopped, and the cells above run again', async () => {
    const page = await openPage(await newContext());
    await type(page, 'exercise', 'while (true) {}');
    await page.getByRole('button', { name: 'Run all' }).click();
    await becomes(page, 'exercise', 'runs');
    await type(page, 'last', "console.log('typed meanwhile');");
    await cellOf(page, 'exercise').getByRole('button', { name: 'Stop' }).click();
    await becomes(page, 'exercise', 'stopped');
    await page.getByRole('button', { name: 'Run the cells above again' }).click();
    await becomes(page, 'second', 'done');
    expect(await textOf(page, 'second')).toBe('b is 21');
    expect(await codeOf(page, 'last')).toEqual(["console.log('typed meanwhile');"]);
  });

  test('a cell that waits for ever is stopped, and the names of the others are still there', async () => {
    const page = await openPage(await newContext());
    await runCell(page, 'first');
    await type(page, 'exercise', 'await new Promise(() => {});');
    await runCell(page, 'exercise');
    await becomes(page, 'exercise', 'runs');
    await page.getByRole('button', { name: 'Interrupt' }).click();
    await becomes(page, 'exercise', 'stopped');
    expect(await textOf(page, 'exercise')).toContain('the cell was stopped while it waited');
    await runCell(page, 'second');
    await becomes(page, 'second', 'done');
  });

  test('a check of a function that never ends has a verdict, which names the loop', async () => {
    const page = await openPage(await newContext());
    await runCell(page, 'first');
    const endless = 'checkSerial.years(() => {\n  while (true);\n});';
    await type(page, 'exercise', `import { checkSerial } from '../lesson';\n${endless}`);
    await runCell(page, 'exercise');
    await becomes(page, 'exercise', 'failed');
    expect(await textOf(page, 'exercise')).toMatch(
      /^not yet: your code was stopped: it had not ended after 5 s\. Does `while \(true\)` ever end\?/,
    );
    await page.getByRole('button', { name: 'Run the cells above again' }).click();
    await becomes(page, 'second', 'done');
  });

  test('a cell that takes all memory fails, and the next one runs', async () => {
    const page = await openPage(await newContext());
    await type(page, 'exercise', 'const all: any[] = [];\nwhile (true) all.push(new Uint8Array(1e8));');
    await runCell(page, 'exercise');
    await becomes(page, 'exercise', 'failed');
    expect(await textOf(page, 'exercise')).toContain('RangeError: Array buffer allocation failed');
    await runCell(page, 'first');
    await becomes(page, 'first', 'done');
  });

  test('a page that broke off while a cell ran names the cell, and has its text', async () => {
    // As when a browser ends a page: the page hears nothing of it.
    const page = await openPage(await newContext(), () =>
      addEventListener('pagehide', (event) => event.stopImmediatePropagation()),
    );
    await type(page, 'second', 'while (true); // mine');
    await runCell(page, 'second');
    await becomes(page, 'second', 'runs');
    await page.reload();
    await poll(() => page.locator('.notice').textContent()).toContain('This page ended while cell 2 ran');
    await poll(() => codeOf(page, 'second')).toEqual(['while (true); // mine']);
    await page.reload();
    await poll(() => codeOf(page, 'second')).toEqual(['while (true); // mine']);
    expect(await page.locator('.notice').count()).toBe(0);
  });

  test('a million lines are shown in part, and what is left out is counted', async () => {
    const page = await openPage(await newContext());
    await type(page, 'first', 'for (let i = 0; i < 1e6; i++) console.log(i);');
    await runCell(page, 'first');
    await becomes(page, 'first', 'done');
    const text = await textOf(page, 'first');
    expect(text.startsWith('0\n1\n2\n')).toBe(true);
    expect(text.length).toBeLessThan(100_000);
    expect(text).toMatch(/left out/);
  });

  test('without a network all goes on: run, stop, restart, edit, download', async () => {
    const context = await newContext();
    const page = await openPage(context);
    await page.locator('main[data-complete]').waitFor();
    await context.setOffline(true);
    await runCell(page, 'first');
    await becomes(page, 'first', 'done');
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByRole('button', { name: 'Run all' }).click();
    await becomes(page, 'last', 'done');
    await type(page, 'exercise', 'let answer = 42;');
    expect(source(await saved(page), 'exercise')).toBe('let answer = 42;');
  });

  test('a kernel that does not load says so, is not asked for again and again, and loads when a cell is run', async () => {
    const context = await newContext();
    let asked = 0;
    await context.route(/worker-[^/]*\.js$/, (route) => {
      asked++;
      return route.abort();
    });
    const page = await openPage(context);
    await runCell(page, 'first');
    await becomes(page, 'first', 'failed');
    await poll(() => textOf(page, 'first')).toContain('The kernel did not load');
    expect(asked).toBeLessThanOrEqual(2); // as the page opened, and for the cell
    await context.unrouteAll();
    await runCell(page, 'first');
    await becomes(page, 'first', 'done');
  });

  test('two tabs run apart, and keep what each of them writes', async () => {
    const context = await newContext();
    const [one, two] = [await openPage(context), await openPage(context)];
    await runCell(one, 'first');
    await becomes(one, 'first', 'done');
    await runCell(two, 'second');
    await becomes(two, 'second', 'failed'); // `a` is a name of the other tab's kernel
    await type(one, 'first', 'const a = 3;');
    await type(two, 'exercise', 'let answer = 4;');
    for (const page of [one, two, one]) await page.reload(); // a page that goes keeps what it has
    for (const page of [one, two]) {
      await poll(() => codeOf(page, 'first')).toEqual(['const a = 3;']);
      await poll(() => codeOf(page, 'exercise')).toEqual(['let answer = 4;']);
    }
  });

  test.each(LOOKS)('axe-core finds nothing, and nothing sticks out: $width, $colorScheme', async (look) => {
    const page = await openPage(await newContext(look));
    await type(page, 'second', `console.log('${'long '.repeat(100)}'); throw new Error('an error');`);
    await page.getByRole('button', { name: 'Run all' }).click();
    await becomes(page, 'second', 'failed');
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.locator('.notice').first().waitFor();
    await page.locator('.file summary').click();
    expect(await findings(page)).toEqual([]);
  });

  test('a browser without SIMD runs cells and says what is slower', async () => {
    const page = await openPage(await newContext(), () => {
      WebAssembly.validate = () => false;
    });
    expect(await page.locator('p.notice').textContent()).toContain('no WebAssembly SIMD');
    await runCell(page, 'first');
    await becomes(page, 'first', 'done');
  });

  test('a browser without module workers shows the lesson, and says what is missing', async () => {
    const page = await openPage(await newContext(), () => {
      window.Worker = class {
        terminate() {}
      };
    });
    expect(await page.locator('p.notice').textContent()).toContain('no module workers');
    expect(await page.locator('main button').count()).toBe(0);
    expect(await cellOf(page, 'first').textContent()).toContain(CELLS.first.split('\n')[0]);
  });

  test('a browser that keeps nothing says so, and the cells run', async () => {
    const page = await openPage(await newContext(), () => {
      Object.defineProperty(window, 'localStorage', {
        get() {
          throw new Error('denied');
        },
      });
    });
    await poll(() => page.locator('.notice').textContent()).toContain('keeps nothing here');
    await runCell(page, 'first');
    await becomes(page, 'first', 'done');
  });
});
