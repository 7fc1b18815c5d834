/* global document, window */
// A room of pages in Chromium: some are closed, frozen or reloaded, and the integer stays the serial one.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { estimatePool } from '../../dist/lib/index.js';
import { startRoom } from '../../dist/room/index.js';
import { FLAGS, findChromium } from './chromium.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** The machine may be busy with other things: nothing here depends on how long something takes (ms). */
const LONG = 180_000;
const SEED = 2017;

let browser;
const opened = [];
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
}, LONG);
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => browser?.close());

async function openRoom(options = {}) {
  const given = {
    samples: 2e9,
    seed: SEED,
    title: "Lola's room",
    host: '127.0.0.1',
    port: 0,
    share: 0.05,
    threads: 1,
  };
  const room = await startRoom({ ...given, ...options });
  opened.push(() => room.close());
  return room;
}

/** A context of its own, as if it were another device, in which `open` opens pages. */
async function openContext(options = {}) {
  const context = await browser.newContext({ bypassCSP: true, ...options });
  context.setDefaultTimeout(LONG);
  opened.push(() => context.close());
  return context;
}

async function join(page, room, name) {
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.goto(room.urls[0].url, { waitUntil: 'domcontentloaded' });
  await page.fill('#name', name);
  await page.click('#join');
  await page.locator('#working').waitFor();
  return errors;
}

const guestOf = (room, name) => [...room.machine.guests.values()].find((guest) => guest.name === name);

/** Waits for what will come, however long the machine takes. */
async function until(what, isSo) {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > LONG / 50) throw new Error(`it never came that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test(
  'forty pages count the serial integer, though ten are closed, ten frozen and ten reloaded',
  async () => {
    const samples = 3e10;
    const room = await openRoom({ samples });
    const context = await openContext();
    const names = Array.from({ length: 40 }, (_, i) => `page ${i}`);
    const pages = await Promise.all(names.map(() => context.newPage()));
    const errors = await Promise.all(pages.map((page, i) => join(page, room, names[i])));
    await until('each page has a result', () => names.every((name) => guestOf(room, name)?.results > 0));
    const [closed, frozen, reloaded, left] = [0, 10, 20, 30].map((from) => names.slice(from, from + 10));
    const here = () => names.filter((name) => guestOf(room, name).peer !== undefined);
    const before = Object.fromEntries(names.map((name) => [name, guestOf(room, name).results]));
    expect(room.machine.ended).toBeUndefined(); // there is work left to be interrupted

    await Promise.all(pages.slice(0, 10).map((page) => page.close()));
    const thaws = await Promise.all(pages.slice(10, 20).map(freeze));
    await Promise.all(pages.slice(20, 30).map((page) => page.reload({ waitUntil: 'domcontentloaded' })));
    await room.over;
    await until(
      'only those who work are taken for alive',
      () => here().join() === [...reloaded, ...left].join(),
    );
    for (const name of reloaded) expect(guestOf(room, name).results).toBeGreaterThanOrEqual(before[name]);
    for (const name of left)
      expect(room.machine.news.filter(({ guest, kind }) => guest === name && kind !== 'joined')).toEqual([]);
    expect(closed.filter((name) => guestOf(room, name).peer !== undefined)).toEqual([]);

    for (const thaw of thaws) await thaw();
    await until('those who were frozen are back', () => frozen.every((name) => here().includes(name)));
    const { room: count } = room.picture();
    const serial = await estimatePool(samples, { seed: SEED, workers: 2 });
    expect(count).toMatchObject({ samples, inside: serial.inside, done: true });
    expect(errors.flat()).toEqual([]);
  },
  3 * LONG,
);

async function freeze(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  return () => session.send('Page.setWebLifecycleState', { state: 'active' });
}

test(
  'a page says why it cannot join, joins once the code is right, leaves with a tap, and comes back with its results',
  async () => {
    const room = await openRoom({ samples: 1e13 });
    const page = await (await openContext()).newPage();
    await page.goto(room.urls[0].url.replace(/#.*/, '#WRONG'));
    await page.fill('#name', 'Ana');
    await page.click('#join');
    await page.getByText("This is not the room's code").waitFor();
    await page.fill('#code', room.code.toLowerCase());
    await page.click('#join');
    await page.locator('#points', { hasText: /^[1-9]/ }).waitFor();
    const { results } = guestOf(room, 'Ana');
    await page.click('#leave');
    await page.getByText('You have left').waitFor();
    await until('she has left', () => guestOf(room, 'Ana').peer === undefined);
    await page.click('#join');
    await until('she counts again', () => guestOf(room, 'Ana').results > results);
  },
  LONG,
);

test(
  'a page that loses its network says so, and goes on by itself when it is back',
  async () => {
    const room = await openRoom({ samples: 1e13 });
    const context = await openContext();
    const page = await context.newPage();
    await join(page, room, 'Ana');
    await until('she counts', () => guestOf(room, 'Ana').results > 0);
    room.machine.guests.forEach(({ peer }) => expect(peer).toBeDefined());
    await context.setOffline(true);
    await until('the room notices', () => guestOf(room, 'Ana').peer === undefined);
    const { results } = guestOf(room, 'Ana');
    await context.setOffline(false);
    await until('she counts again', () => guestOf(room, 'Ana').results > results);
  },
  LONG,
);

/** Names as strangers may choose them. */
const ODD = ['<img src=x onerror=alert(1)>', '\u202eevil', 'a\u0000b', '𝕏𝕏', '&amp;', 'Ana'];

test(
  'the wall shows names as text, the state of each device, and the two integers side by side',
  async () => {
    const room = await openRoom({ samples: 1e9, share: 1 });
    const wall = await (await openContext()).newPage();
    await wall.goto(room.wall);
    const context = await openContext();
    for (const name of ODD) await join(await context.newPage(), room, name);
    await room.over;
    await wall.getByText('have counted the same integer').waitFor();
    const names = await wall.locator('#boxes b').allTextContents();
    expect(new Set(names)).toEqual(new Set(['<img src=x onerror=a', 'evil', 'a b', '𝕏𝕏', '&amp;', 'Ana']));
    expect(await wall.locator('#boxes img, #news img').count()).toBe(0);
    expect(await wall.locator('#checked').textContent()).toContain('no false result can get through');
  },
  LONG,
);

const SIZES = [390, 1280, 1920];

test.each(SIZES.flatMap((width) => ['light', 'dark'].map((scheme) => [width, scheme])))(
  'at %i pixels, %s, axe finds nothing on wall and page, and nothing sticks out',
  async (width, colorScheme) => {
    const room = await openRoom({ samples: 1e13 });
    const context = await openContext({ viewport: { width, height: 720 }, colorScheme });
    const [page, wall] = [await context.newPage(), await context.newPage()];
    await page.goto(room.urls[0].url);
    expect(await findings(page)).toEqual([]);
    await join(page, room, 'Ana of a long name');
    await page.locator('#points', { hasText: /^[1-9]/ }).waitFor();
    await wall.goto(room.wall);
    await wall.locator('#boxes li').first().waitFor();
    for (const each of [page, wall]) {
      await each.bringToFront();
      expect(await findings(each)).toEqual([]);
      expect(
        await each.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
      ).toBeLessThanOrEqual(0);
    }
  },
  LONG,
);

async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
