/* global document */
// A room of pages in Chromium: some are closed, frozen or reloaded, and the integer stays the serial one.
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findings } from './axe.mjs';
import { FLAGS, findChromium } from './chromium.mjs';
import { LONG, closeAll, holdEnd, onEnd, openRoom, until } from './rooms.mjs';

let browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
}, LONG);
afterEach(closeAll);
afterAll(() => browser?.close());

/** A context of its own, as if it were another device, in which `open` opens pages. */
async function openContext(options = {}) {
  const context = await browser.newContext({ bypassCSP: true, ...options });
  context.setDefaultTimeout(LONG);
  onEnd(() => context.close());
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
const newsOf = (room, kind) => room.machine.news.filter((news) => news.kind === kind);

test(
  'forty pages count the serial integer, though ten are closed, ten frozen and ten reloaded, each at its first result',
  async () => {
    const room = await openRoom({ samples: 1.2e10 });
    const release = holdEnd(room);
    const context = await openContext();
    const names = Array.from({ length: 40 }, (_, i) => `page ${i}`);
    const pages = await Promise.all(names.map(() => context.newPage()));
    const errors = await Promise.all(pages.map((page, i) => open(page, room, names[i])));
    const thaws = [];
    const before = {};
    const fates = [
      (page) => page.close(),
      async (page) => thaws.push(await freeze(page)),
      (page) => page.reload({ waitUntil: 'domcontentloaded' }),
      () => {},
    ];
    const [closed, frozen, reloaded] = fates.map((_, fate) => names.filter((_, i) => i % 4 === fate));
    await Promise.all(pages.map((page) => page.evaluate(() => document.getElementById('join').click())));
    await Promise.all(
      pages.map(async (page, i) => {
        await until(`${names[i]} has a result`, () => guestOf(room, names[i])?.results > 0);
        before[names[i]] = guestOf(room, names[i]).results;
        await fates[i % 4](page);
      }),
    );
    release();
    await room.over;
    const here = () => names.filter((name) => guestOf(room, name).peer !== undefined);
    // What a frozen page had is given to others, and it is cut off. One that had nothing then may seem to wait.
    await until('nobody frozen is taken for alive', () =>
      frozen.every((name) => !room.machine.isBusy(guestOf(room, name))),
    );
    for (const thaw of thaws) await thaw();
    await until('all but the closed are here', () => here().length === 30);
    expect(here().some((name) => closed.includes(name))).toBe(false);
    const asleep = newsOf(room, 'slow').filter(({ text }) => text.startsWith('is asleep'));
    expect(asleep.filter(({ guest }) => !frozen.includes(guest))).toEqual([]);
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
  'a page that is too slow to deliver does not hold up the end, and the wall names it',
  async () => {
    const room = await openRoom({ samples: 1e9 });
    const context = await openContext();
    const [slow, page] = [await context.newPage(), await context.newPage()];
    await slow.route('**/page-entry.js', async (route) => {
      const response = await route.fetch();
      // Its threads start, which takes two messages, and deliver nothing of what they compute.
      const mute = `let heard = 0; const post = self.postMessage.bind(self);
        self.addEventListener('message', () => heard++);
        self.postMessage = (...given) => heard < 3 && post(...given);\n`;
      const body = mute + (await response.text());
      await route.fulfill({ response, body });
    });
    await join(slow, room, 'Slow');
    await until('it has a task', () => room.machine.isBusy(guestOf(room, 'Slow')));
    await join(page, room, 'Ana');
    await room.over;
    expect(room.picture().room.inside).toBe(785402182);
    expect(newsOf(room, 'slow')).toMatchObject([
      { guest: 'Slow', text: expect.stringContaining('lent again') },
    ]);
  },
  LONG,
);

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

test(
  'at 390, 1280 and 1920 pixels, light and dark, axe finds nothing on page and wall, and nothing sticks out',
  async () => {
    const room = await openRoom({ samples: 1e13 });
    const context = await openContext();
    const [door, page, wall] = [await context.newPage(), await context.newPage(), await context.newPage()];
    await door.goto(room.urls[0].url);
    await join(page, room, 'Ana of a long name');
    await page.locator('#points', { hasText: /^[1-9]/ }).waitFor();
    await wall.goto(room.wall);
    await wall.locator('#boxes li').first().waitFor();
    for (const width of [390, 1280, 1920])
      for (const colorScheme of ['light', 'dark'])
        for (const each of [door, page, wall]) {
          await each.setViewportSize({ width, height: 720 });
          await each.emulateMedia({ colorScheme });
          await each.bringToFront();
          expect([width, colorScheme, await findings(each)]).toEqual([width, colorScheme, []]);
        }
  },
  LONG,
);
