/* global document, URLSearchParams */
// A vote in two rounds on a phone, the wall and the instructor's page, and the charts: keys, axe, and nothing told early.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readVotes, startRoom } from '../../dist/room/index.js';
import { clock } from '../../dist/lib/task/index.js';
import { ROOM_VERSION } from '../../dist/room/version.js';
import { findings } from './axe.mjs';
import { FLAGS, findChromium } from './chromium.mjs';

const LONG = 180_000;
const VOTE = '03-1';

let browser;
let room;
const contexts = [];
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
}, LONG);
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  await room.close();
});
afterAll(() => browser?.close());

async function openRoom() {
  const votes = readVotes('episodes');
  const options = { samples: 1e13, seed: 2017, title: "Lola's room", host: '127.0.0.1', port: 0 };
  room = await startRoom({ ...options, share: 0.05, threads: 1, votes });
}

/** A page of its own context, and whatever it gets over sockets. */
async function open(url, width, height, colorScheme = 'light') {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, bypassCSP: true });
  context.setDefaultTimeout(LONG);
  contexts.push(context);
  const page = await context.newPage();
  const [errors, got] = [[], []];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => got.push(String(payload))));
  await page.goto(url);
  return { page, errors, got };
}

async function say(key, answer) {
  const fields = { version: ROOM_VERSION, code: room.code, key: `key-of-${key}-00000000`, name: key };
  const query = new URLSearchParams({ ...fields, answer: JSON.stringify(answer) });
  const reply = await fetch(`http://127.0.0.1:${room.port}/answer?${query}`, { method: 'POST' });
  expect(await reply.json()).toMatchObject({ ok: true });
}

/** Presses a key as a person does: the next one does not come so soon that it seems a clicker's bounce. */
async function step(page, key) {
  await page.keyboard.press(key);
  const pressed = await page.evaluate(() => performance.now());
  await page.waitForFunction((at) => performance.now() > at + 400, pressed);
}

test(
  'a vote goes by the keys of a clicker from the question to both rounds, and a phone is told no result',
  async () => {
    await openRoom();
    const phone = await open(room.urls[0].url, 390, 800);
    await phone.page.click('#join');
    await phone.page.locator('#working').waitFor();
    const wall = await open(room.wall, 1280, 720, 'dark');
    const teach = await open(room.teach, 1280, 720);
    await teach.page.selectOption('#votes', VOTE);
    await teach.page.locator('#votes').focus(); // as after a choice with the mouse
    await step(teach.page, 'PageDown');
    await phone.page.locator('#vote label', { hasText: 'not faster' }).click();
    await teach.page.getByText('1 (100 %)').waitFor();
    await phone.page.locator('#vote input:checked').press('ArrowUp'); // the last choice counts
    await phone.page.getByText('The room has your answer').waitFor();
    await wall.page.getByText('First vote, alone: 1 answer').waitFor();
    expect(await wall.page.locator('#shown progress').count()).toBe(0);
    for (const { page } of [phone, wall, teach]) expect(await findings(page)).toEqual([]);
    await teach.page.bringToFront();
    await step(teach.page, 'ArrowRight');
    await phone.page.getByText('Talk to a neighbour').waitFor();
    expect(await phone.page.locator('#vote-words').getAttribute('role')).toBe('timer'); // no screen reader counts
    await step(teach.page, 'PageDown');
    await phone.page.getByText('Vote again').waitFor();
    await phone.page.locator('#vote label', { hasText: 'not faster' }).click();
    await phone.page.getByText('The room has your answer').waitFor();
    for (const text of phone.got) expect(text).not.toMatch(/counts|answered|"right"|"change"|One thread/);
    await step(teach.page, 'PageDown');
    await wall.page.getByText('Normalised change: 1.00').waitFor();
    const cells = await wall.page.locator('#shown tbody td').allTextContents();
    expect(cells.map((text) => parseInt(text))).toEqual([0, 0, 1, 0, 0, 1, 0, 0]);
    await phone.page.getByText('Look at the wall').waitFor();
    for (const { page } of [phone, wall, teach]) expect(await findings(page)).toEqual([]);
    await teach.page.bringToFront();
    await teach.page.keyboard.press('PageUp');
    await wall.page.locator('#estimate').waitFor();
    await phone.page.locator('#vote').waitFor({ state: 'hidden' });
    for (const { errors } of [phone, wall, teach]) expect(errors).toEqual([]);
  },
  LONG,
);

test(
  'a projector of 1280 by 720 shows every vote of the lesson with both rounds, and nobody has to scroll',
  async () => {
    await openRoom();
    const { page } = await open(room.wall, 1280, 720);
    const overflowing = [];
    for (const { id, choices } of readVotes('episodes')) {
      const order = (command) => room.desk.answers.handle({ type: 'command', command }, clock());
      order({ do: 'show', shown: { what: 'vote', id } });
      for (const [i, stage] of ['first', 'talk', 'second'].entries()) {
        const [{ letter }] = choices.slice(i);
        if (i !== 1) await say('ana', { kind: 'vote', vote: id, round: i / 2 + 1, choice: letter });
        order({ do: 'next', id, stage });
      }
      const shown = page.locator('#shown');
      await shown
        .locator('progress')
        .nth(2 * choices.length - 1)
        .waitFor();
      await shown
        .locator(`tbody tr:nth-child(${choices.length})`, { hasText: choices.at(-1).text })
        .waitFor();
      const bottom = await shown.evaluate((element) => element.getBoundingClientRect().bottom);
      if (bottom > 720) overflowing.push(`${id}: ${bottom}`);
    }
    expect(overflowing).toEqual([]);
  },
  LONG,
);

test(
  'a key held down or a clicker that bounces is one step, and the page keeps its secret out of sight, also after a reload',
  async () => {
    await openRoom();
    const { page } = await open(room.teach, 1280, 720);
    expect(page.url()).toMatch(/\/teach$/);
    await page.reload();
    await page.selectOption('#votes', VOTE);
    await page.locator('#next').focus();
    await page.evaluate(() => (performance.now = () => 1e9)); // the clock stands, however slow the machine is
    await page.keyboard.down('PageDown');
    await page.getByText('First vote, alone').waitFor();
    for (let i = 0; i < 3; i++) await page.keyboard.down('PageDown'); // as a key that repeats
    await page.keyboard.up('PageDown');
    await page.keyboard.press('PageDown'); // as a clicker that bounces
    await page.click('#next');
    await say('m0', { kind: 'vote', vote: VOTE, round: 1, choice: 'A' });
    await page.getByText('First vote, alone: 1 answer').waitFor();
    await page.evaluate(() => (performance.now = () => 1e9 + 400));
    await page.keyboard.press('PageDown');
    await page.getByText('Talk to a neighbour').waitFor();
    const other = await open(room.teach, 1280, 720);
    await other.page.selectOption('#votes', '01-1');
    await other.page.locator('#next').focus();
    await other.page.keyboard.press('PageDown');
    await page.waitForFunction(() => document.getElementById('votes').value === '01-1'); // its next key is for this one
  },
  LONG,
);

test(
  'of choices in a hurry the last one counts, one that was not sent can be chosen again, and a forgotten one is not shown',
  async () => {
    await openRoom();
    const { page } = await open(room.urls[0].url, 390, 800);
    const [asked, waiting] = [[], []];
    await page.route('**/answer?*', async (route) => {
      asked.push(JSON.parse(new URL(route.request().url()).searchParams.get('answer')).choice);
      if (await new Promise((resolve) => waiting.push(resolve))) await route.continue();
      else await route.abort();
    });
    const answerNext = async (isSent) => {
      await expect.poll(() => waiting.length).toBe(1);
      waiting.pop()(isSent);
    };
    await page.click('#join');
    const teach = await open(room.teach, 1280, 720);
    await teach.page.selectOption('#votes', VOTE);
    await teach.page.click('#next');
    for (const i of [0, 1, 2]) await page.locator('#vote label').nth(i).click();
    await answerNext(true);
    await answerNext(true);
    await page.getByText('The room has your answer').waitFor();
    await teach.page.getByText('1 (100 %)').waitFor();
    expect(asked).toEqual(['A', 'C']);
    await page.locator('#vote label').nth(1).click();
    await answerNext(false);
    await page.getByText('was not sent. Choose again').waitFor();
    await page.locator('#vote label').nth(1).click();
    await answerNext(true);
    await page.getByText('The room has your answer').waitFor();
    expect(asked).toEqual(['A', 'C', 'B', 'B']);
    teach.page.on('dialog', (dialog) => dialog.accept());
    await teach.page.click('#clear');
    await teach.page.locator('#next', { hasText: 'Open this vote' }).waitFor();
    await teach.page.click('#next');
    await page.waitForFunction(() => document.querySelectorAll('#vote input:checked').length === 0);
    await page.locator('#vote label').first().waitFor();
  },
  LONG,
);

test(
  'letters choose, and a learner who scans the code again has one vote, which both tabs show',
  async () => {
    await openRoom();
    const { page } = await open(room.urls[0].url, 390, 800);
    const teach = await open(room.teach, 1280, 720);
    await teach.page.selectOption('#votes', VOTE);
    await teach.page.click('#next');
    await page.click('#join');
    await page.locator('#vote label').first().waitFor();
    await page.keyboard.press('b');
    await page.getByText('The room has your answer').waitFor();
    const again = await page.context().newPage();
    await again.goto(room.urls[0].url);
    await again.click('#join');
    await again.locator('#vote input[value=B]:checked').waitFor();
    await again.keyboard.press('C');
    await again.getByText('The room has your answer').waitFor();
    await page.locator('#vote input[value=C]:checked').waitFor();
    const asked = [];
    again.on('request', (request) => asked.push(request.url()));
    await again.keyboard.press('Control+b');
    await again.click('#leave');
    await again.locator('#name').press('d'); // a letter of a name is no vote
    await teach.page.getByText('First vote, alone: 1 answer').waitFor();
    expect(room.desk.answers.instructor(clock()).votes[0].counts[0]).toEqual([0, 0, 1, 0]);
    expect(asked.filter((url) => url.includes('/answer'))).toEqual([]);
  },
  LONG,
);

test(
  'a choice stays where a picture of the room before it comes late',
  async () => {
    await openRoom();
    const { page } = await open(room.urls[0].url, 390, 800);
    let [late, deliver, isHeld] = [undefined, () => {}, false];
    await page.routeWebSocket(/\/live/, (socket) => {
      deliver = (text) => socket.send(text);
      socket.connectToServer().onMessage((text) => {
        if (isHeld) return;
        late = JSON.parse(text);
        deliver(text);
      });
    });
    await page.click('#join');
    room.desk.answers.handle(
      { type: 'command', command: { do: 'show', shown: { what: 'vote', id: VOTE } } },
      0,
    );
    await page.locator('#vote label').first().click();
    await expect.poll(() => late?.vote?.mine, { timeout: LONG }).toBe('A');
    isHeld = true;
    await page.evaluate(() => document.getElementById('vote-got').replaceChildren());
    await page.locator('#vote label').nth(2).click();
    await page.getByText('The room has your answer').waitFor();
    deliver(JSON.stringify({ ...late, name: 'late' }));
    await page.getByText('late', { exact: true }).waitFor();
    expect(await page.locator('#vote input:checked').getAttribute('value')).toBe('C');
    isHeld = false;
    await expect.poll(() => late.vote.mine, { timeout: LONG }).toBe('C');
  },
  LONG,
);

test(
  'predictions, speed-ups and exercises of thirty are shown on the wall and on a phone of the instructor, and saved',
  async () => {
    await openRoom();
    const wall = await open(room.wall, 1280, 720);
    const teach = await open(room.teach, 390, 800, 'dark');
    for (let i = 0; i < 30; i++) {
      const points = [1, 2, 4].map((workers) => {
        const median = workers / (1 + 0.01 * i * (workers - 1));
        return { workers, speedUp: { median, low: 0.9 * median, high: 1.1 * median } };
      });
      const timing = { cpu: 'a CPU', cores: 4, samples: i < 2 ? 1e7 : 1e9, stage: 'pool', points };
      await say(`<b>${i}`.replace(/\W/g, ''), { kind: 'timing', timing });
      await say(`m${i}`, { kind: 'prediction', name: '<i>four at once</i>', value: 1 + (i % 4) });
      await say(`m${i}`, {
        kind: 'progress',
        exercise: '02 amdahl',
        passed: i % 3 > 0,
        slip: 'upside down.',
      });
    }
    await teach.page.getByRole('button', { name: 'Show <i>four at once</i>' }).click();
    await wall.page.getByText('30 predictions: median 2').waitFor();
    expect(await findings(wall.page)).toEqual([]);
    await teach.page.getByText('Show all speed-ups').click();
    await wall.page.getByAltText('Efficiency').nth(1).waitFor();
    await teach.page.getByText('30: upside down.').waitFor();
    for (const { page } of [wall, teach]) expect(await findings(page)).toEqual([]);
    expect(await teach.page.locator('i').count()).toBe(0);
    const [report] = await Promise.all([teach.page.waitForEvent('download'), teach.page.click('#report')]);
    const text = readFileSync(await report.path(), 'utf8');
    expect(text).toMatch(/02 amdahl[^]*30: upside down\./);
    expect(text).not.toMatch(/<script|https?:\/\/(?!www\.w3)|<button|key-of/);
    const [json] = await Promise.all([teach.page.waitForEvent('download'), teach.page.click('#save')]);
    const saved = JSON.parse(readFileSync(await json.path(), 'utf8'));
    expect(saved.timings).toHaveLength(30);
    expect(saved.votes).toEqual([]); // how votes went, beside the questions of all
    expect(saved.questions.map(({ id }) => id)).toContain(VOTE);
    teach.page.on('dialog', (dialog) => dialog.accept());
    await teach.page.click('#clear');
    await wall.page.locator('#estimate').waitFor();
    for (const { errors } of [wall, teach]) expect(errors).toEqual([]);
  },
  LONG,
);
