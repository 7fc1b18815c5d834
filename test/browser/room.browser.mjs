/* global document, window */
// A room of pages in Chromium: some are closed, frozen or reloaded, and the integer stays the serial one.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startWorker, wireOf } from '../../dist/lib/cluster/index.js';
import { startThreads } from '../../dist/lib/execute/index.js';
import { WebSocket } from 'ws';
import { startRoom } from '../../dist/room/index.js';
import { ROOM_VERSION } from '../../dist/room/version.js';
import { FLAGS, findChromium } from './chromium.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** The machine may be busy with other things: nothing here depends on how long something takes (ms). */
const LONG = 180_000;
/** Tests that have not yet been seen to pass on a quiet machine, and so hold nothing up: ROOM_TESTS=all runs them too. */
const whole = test.skipIf(process.env.ROOM_TESTS !== 'all');
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

/** Opens a room's page. @returns the errors that it will have */
async function open(page, room, name) {
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.goto(room.urls[0].url, { waitUntil: 'domcontentloaded' });
  await page.fill('#name', name);
  return errors;
}

async function join(page, room, name) {
  const errors = await open(page, room, name);
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

/** A guest that is no page, for the crowd: lib's worker over a socket, as in a page. */
function joinWithout(room, name, threads) {
  const fields = {
    version: ROOM_VERSION,
    code: room.code,
    key: `key-of-${name.replace(' ', '-')}-0000`,
    name,
  };
  const dial = async () => {
    const socket = new WebSocket(
      `ws://127.0.0.1:${room.port}/work?${new globalThis.URLSearchParams(fields)}`,
    );
    await once(socket, 'open');
    return wireOf(socket, socket._socket);
  };
  const worker = startWorker({ dial, threads, name });
  opened.push(() => worker.drain());
}

// Twelve are real pages: forty of them take a machine of two cores longer than everything else that is tested here.
whole(
  'forty guests count the serial integer, though a quarter of the pages is closed, one frozen and one reloaded',
  async () => {
    const room = await openRoom({ samples: 1.2e10 });
    const context = await openContext();
    const names = Array.from({ length: 12 }, (_, i) => `page ${i}`);
    const pages = await Promise.all(names.map(() => context.newPage()));
    const errors = [];
    for (const [i, page] of pages.entries()) errors.push(await open(page, room, names[i]));
    const threads = await startThreads({ count: 28 });
    opened.push(() => threads.close());
    const one = { count: 1, close() {}, runPacked: (...given) => threads.runPacked(...given) };
    await Promise.all(pages.map((page) => page.evaluate(() => document.getElementById('join').click())));
    await until('each page has a result', () => names.every((name) => guestOf(room, name)?.results > 0));
    for (let i = 0; i < 28; i++) joinWithout(room, `guest ${i}`, one);
    const [closed, frozen, reloaded, left] = [0, 3, 6, 9].map((from) => names.slice(from, from + 3));
    const here = () => names.filter((name) => guestOf(room, name).peer !== undefined);
    const before = Object.fromEntries(names.map((name) => [name, guestOf(room, name).results]));
    await until('all are here', () => room.machine.guests.size === 40);
    expect(room.machine.ended).toBeUndefined(); // there is work left to be interrupted

    await Promise.all(pages.slice(0, 3).map((page) => page.close()));
    const thaws = await Promise.all(pages.slice(3, 6).map(freeze));
    await Promise.all(pages.slice(6, 9).map((page) => page.reload({ waitUntil: 'domcontentloaded' })));
    await room.over;
    for (const name of closed) expect(guestOf(room, name).peer).toBeUndefined();
    await until('nobody frozen is taken for alive', () => !here().some((name) => frozen.includes(name)));
    for (const thaw of thaws) await thaw();
    const working = [...frozen, ...reloaded, ...left];
    await until('all but the closed are here', () => here().join() === working.join());
    for (const name of reloaded) expect(guestOf(room, name).results).toBeGreaterThanOrEqual(before[name]);
    await until('the laptop has counted it alone', () => room.picture().laptop.done);
    const { room: count, laptop } = room.picture();
    expect(count).toMatchObject({ samples: laptop.samples, inside: laptop.inside, done: true });
    expect(errors.flat()).toEqual([]);
  },
  2 * LONG,
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
    await wall
      .locator('#boxes li')
      .nth(ODD.length - 1)
      .waitFor();
    const names = await wall.locator('#boxes b').allTextContents();
    expect(new Set(names)).toEqual(new Set(['<img src=x onerror=a', 'evil', 'a b', '𝕏𝕏', '&amp;', 'Ana']));
    expect(await wall.locator('#boxes img, #news img').count()).toBe(0);
    expect(await wall.locator('#checked').textContent()).toContain('no false result can get through');
  },
  LONG,
);

const SIZES = [390, 1280, 1920];

whole.each(SIZES.flatMap((width) => ['light', 'dark'].map((scheme) => [width, scheme])))(
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
