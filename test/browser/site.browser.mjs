/* global document */
// The lesson's site as a reader meets it, below a path of its host, in a real browser. lesson.browser.mjs runs its cells.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
const BASE = '/lolas-pi/';
const LOOKS = [
  { width: 1280, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
];
const poll = (look) => expect.poll(look, { timeout: 200_000 });
const folder = mkdtempSync(join(tmpdir(), 'lola-site-'));

let browser;
let contexts = [];
const sites = {};
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  for (const [name, from] of Object.entries({ real: undefined, 'made-up': MADE_UP })) {
    const to = join(folder, name);
    await buildSite({ from, to });
    sites[name] = { ...(await serveFolder({ folder: to, base: BASE, port: 0 })), pages: pagesOf(to) };
  }
}, 600_000);
afterEach(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
});
afterAll(async () => {
  await browser?.close();
  for (const site of Object.values(sites)) await site.close();
  rmSync(folder, { recursive: true, force: true });
});

/** All pages of a built site, as paths on it. */
function pagesOf(site) {
  const names = readdirSync(site, { recursive: true }).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => name.endsWith('.html'));
}

async function openPage(site, path, { width = 1366, colorScheme = 'light', scripts = true } = {}) {
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled: scripts });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(200_000); // what is awaited comes by an event; a loaded machine only takes longer
  const problems = [];
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.hostname !== '127.0.0.1')
      problems.push(`asks elsewhere: ${url}`);
  });
  await page.goto(site.url + path);
  return { page, problems };
}

/** Opens what is folded. Of the coloured words of a listing, the first of each colour stands for all: axe needs a third of the time. */
const unfold = (page) =>
  page.evaluate(() => {
    for (const each of document.querySelectorAll('details')) each.open = true;
    for (const listing of document.querySelectorAll('pre')) {
      const seen = new Set();
      for (const word of listing.querySelectorAll('span')) {
        if (seen.has(word.className)) word.replaceWith(...word.childNodes);
        seen.add(word.className);
      }
    }
  });

describe('the site in a browser', { timeout: 1_800_000 }, () => {
  test.each(LOOKS)(
    'no page sticks out or has a fault that axe-core finds: $width, $colorScheme',
    async (look) => {
      const found = [];
      for (const site of Object.values(sites)) {
        const { page, problems } = await openPage(site, '', look);
        for (const [i, path] of site.pages.entries()) {
          // A hundred pages are lib's listings, all made alike: the second look at every tenth of them is enough.
          if (look !== LOOKS[0] && /^lib\/.*\.(ts|mjs)\.html$/.test(path) && i % 10 > 0) continue;
          await page.goto(site.url + path);
          await page.locator('header search').waitFor(); // scripts have run
          await unfold(page);
          found.push(...(await findings(page)).map((text) => `${path}: ${text}`));
        }
        found.push(...problems);
      }
      expect(found).toEqual([]);
    },
    1_800_000,
  );

  test('no recorded line of a notebook is cut off on a laptop', async () => {
    const { page } = await openPage(sites.real, '', { scripts: false });
    const cut = [];
    for (const path of sites.real.pages.filter((name) => name.startsWith('notebooks/'))) {
      await page.goto(sites.real.url + path);
      await unfold(page);
      const wide = await page.$$eval('.output pre', (all) =>
        all
          .filter((one) => one.scrollWidth > one.clientWidth + 1)
          .map((one) => one.closest('.cell').dataset.cell),
      );
      cut.push(...wide.map((cell) => `${path}#${cell}`));
    }
    expect(cut).toEqual([]);
  });

  test('a chart comes alive where it is seen, fits, and follows a change to dark', async () => {
    const { page, problems } = await openPage(sites['made-up'], 'notebooks/01-serial.html', { width: 360 });
    expect(await page.locator('.chart img').count()).toBe(1);
    await page.locator('.recorded:has(.chart) > details > summary').click();
    await page.locator('.chart').scrollIntoViewIfNeeded();
    await page.waitForSelector('.chart .main-svg');
    expect(await page.locator('.chart img').count()).toBe(0);
    const box = await page.locator('.chart .main-svg').first().boundingBox();
    expect(box.x + box.width).toBeLessThanOrEqual(360);
    const ink = () =>
      page
        .locator('.chart .xtick text')
        .first()
        .evaluate((text) => text.style.fill);
    const light = await ink();
    await page.emulateMedia({ colorScheme: 'dark' });
    await poll(ink).not.toBe(light);
    expect(problems).toEqual([]);
  });

  test('without scripts a chart is its picture, outputs and solutions unfold, and no button promises what cannot run', async () => {
    const { page } = await openPage(sites['made-up'], 'notebooks/01-serial.html', { scripts: false });
    const picture = page.locator('.chart img');
    expect(await picture.isVisible()).toBe(false); // the answer does not stand beside its question
    await page.locator('.recorded:has(.chart) > details > summary').click();
    expect(await picture.isVisible()).toBe(true);
    expect(await picture.getAttribute('alt')).toBe('A quarter of a circle');
    expect(await page.locator('button:visible, input:visible').count()).toBe(0);
    expect(await page.locator('.label').first().textContent()).toBe(
      'Recorded 2026-11-25: A <made-up> processor, 2 cores, Node 20.19.0',
    );
    const solution = page.locator('details.solution');
    expect(await solution.locator('pre').isVisible()).toBe(false);
    await solution.locator('summary').click();
    expect(await solution.locator('pre').isVisible()).toBe(true);
  });

  test('what looks like a template is text, and recorded output is no markup', async () => {
    const notebook = await openPage(sites['made-up'], 'notebooks/01-serial.html');
    expect(await notebook.page.locator('.output pre').first().textContent()).toBe(
      'counted 4, and ``` {{ braces }} <b>as they are</b>',
    );
    expect(await notebook.page.locator('.facts').textContent()).toContain(
      'recorded on 2026-11-25: A <made-up> processor, 2 cores, Node 20.19.0.',
    );
    const { page } = await openPage(sites['made-up'], 'episodes/01-serial.html');
    expect(await page.locator('main').textContent()).toContain('{{ braces }} do not change, nor {{ code }}.');
    expect(await page.locator('pre').first().textContent()).toContain(
      '// ::: is no block here, {{ nothing }}',
    );
  });

  test('search finds a word of an episode, and leads to its section', async () => {
    const { page } = await openPage(sites['made-up'], '');
    await page.getByRole('searchbox').fill('GLOSSARY knows');
    const result = page.locator('.found a').first();
    await result.waitFor();
    expect(await result.evaluate((a) => a.pathname + a.hash)).toBe(`${BASE}episodes/01-serial.html#the-loop`);
    await page.getByRole('searchbox').fill('zebra');
    await poll(() => page.locator('.found').textContent()).toBe('Nothing found.');
    await page.keyboard.press('Escape');
    expect(await page.locator('.found').isVisible()).toBe(false);
  });

  test('episode and notebook lead to each other, and instructors have a menu of their own', async () => {
    const { page } = await openPage(sites['made-up'], 'episodes/01-serial.html');
    const menu = () => page.locator('#menu > ul > li > a').allTextContents();
    expect(await menu()).toEqual([
      '1 The serial program',
      '2 Where the time goes',
      '1 One loop: the serial program',
      'Glossary',
      'Set up, and fix what fails',
    ]);
    await page.locator('.facts a').click();
    await page.waitForURL(`**${BASE}notebooks/01-serial.html`);
    await page.locator('.facts a', { hasText: 'the episode' }).click();
    await page.waitForURL(`**${BASE}episodes/01-serial.html`);
    await page.locator('header a', { hasText: 'For instructors' }).click();
    await poll(menu).toEqual(['Notes for the day', 'Episodes and notebooks']);
  });
});
