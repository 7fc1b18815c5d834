// A learner's tab in a room: it joins and leaves with one click, is one learner over restarts and reloads, and hands in
// predictions by the entry below the cell.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { clock } from '../../dist/lib/task/index.js';
import { serveFolder } from '../../site/start/serve.mjs';
import { findings } from './axe.mjs';
import { FLAGS, findChromium } from './chromium.mjs';
import { ENGINES, openIn } from './engines.mjs';
import { LONG, NOTEBOOK, buildLesson, closeAll, onEnd, openRoom, tapping, until } from './rooms.mjs';

const CELLS = {
  setup: "import { checkProfile, joinRoom, leaveRoom, predict } from '../lesson';\nlet guess = NaN;",
  predict: "guess = predict('four at once', NaN); // your number",
  exercise: 'checkProfile.limit(3.7);',
  leave: 'leaveRoom();',
};

/** What a learner does where there is no driver: predicts, joins, predicts, reloads, predicts, leaves, predicts, and joins. */
const LEARNER = `const [place, { fetch }] = [document.documentElement, window];
const until = (isSo) => new Promise((resolve) => {
  const look = () => isSo() && resolve(observer.disconnect());
  const observer = new MutationObserver(look);
  observer.observe(place, { subtree: true, childList: true, attributes: true });
  look();
});
window.fetch = async (...asked) => {
  const reply = await fetch(...asked);
  if (/\\/answer/.test(asked[0])) place.dataset.answered = 'yes';
  return reply;
};
const cell = (id) => document.querySelector('[data-cell=' + id + ']');
const isDone = (id) => () => cell(id).dataset.state === 'done';
const says = (words) => () => document.querySelector('.room summary')?.textContent === words;
const click = () => document.querySelector('.room button').click();
const predict = async (value, isHeard = () => true) => {
  cell('predict').querySelector('.entry input').value = value;
  cell('predict').querySelector('.entry button').click();
  await until(isDone('predict'));
  await until(isHeard);
};
const isAnswered = () => place.dataset.answered;
const again = sessionStorage.getItem('again');
sessionStorage.setItem('again', 'yes');
await until(says(again ? 'In the room' : 'Join a room'));
cell('setup').querySelector('button').click();
await until(isDone('setup'));
if (again) {
  await predict(3, isAnswered);
  click();
  await until(says('Join a room'));
  await predict(5);
  click();
} else {
  await predict(2);
  click();
  await until(says('In the room'));
  await predict(4, isAnswered);
  location.reload();
}`;

let browser, lesson;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  lesson = await buildLesson(CELLS);
}, 300_000);
afterEach(closeAll);
afterAll(async () => {
  await browser?.close();
  if (lesson) rmSync(lesson, { recursive: true });
});

const openLesson = () => openRoom({ lesson });
const at = (room, path) => `http://127.0.0.1:${room.port}/${path}`;
const cellOf = (page, id) => page.locator(`[data-cell="${id}"]`);
const runCell = (page, id) => cellOf(page, id).getByRole('button', { name: 'Run cell' }).click();
const becomes = (page, id, state) => page.locator(`[data-cell="${id}"][data-state="${state}"]`).waitFor();
const inRoom = (page) => page.getByText('In the room', { exact: true }).waitFor();

/** A page of a browser of its own, and what it asks of the room beyond its files. */
async function newPage(width = 1280, colorScheme = 'light') {
  const context = await browser.newContext({
    viewport: { width, height: 768 },
    colorScheme,
    bypassCSP: true,
  });
  context.setDefaultTimeout(LONG);
  onEnd(() => context.close());
  const page = await context.newPage();
  const [asked, errors] = [[], []];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(join|answer)$/.test(pathname)) asked.push(pathname);
  });
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('dialog', (dialog) => void dialog.accept());
  return { page, asked, errors };
}

test(
  'joins with one click, hands in its predictions as one learner over a restart and a reload, and leaves with one click',
  async () => {
    const room = await openLesson();
    const { page, asked, errors } = await newPage();
    const values = () => room.picture().answers.values;
    const teach = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage();
    onEnd(() => teach.context().close());
    await teach.goto(room.teach);

    await page.goto(room.urls[0].url); // the room's own page knows the code
    await page.goto(at(room, NOTEBOOK));
    await page.getByText('Nothing is sent before you join. The room gets your predictions').waitFor();
    await runCell(page, 'setup');
    const entry = cellOf(page, 'predict').getByRole('spinbutton', { name: 'Your prediction: four at once' });
    await entry.fill('2.5');
    await entry.press('Enter');
    await becomes(page, 'predict', 'done');
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Join' }).click();
    await inRoom(page);
    await entry.fill('4');
    await entry.press('Enter');
    await teach.getByRole('button', { name: 'Show four at once' }).click();
    await expect.poll(values, { timeout: LONG }).toEqual([4]);
    expect((await cellOf(page, 'predict').locator('.cm-line').allTextContents()).join('\n')).toBe(
      "guess = predict('four at once', 4); // your number",
    );

    await page.getByRole('button', { name: 'Restart' }).click();
    await runCell(page, 'setup');
    await entry.fill('3');
    await entry.press('Enter');
    await expect.poll(values, { timeout: LONG }).toEqual([3]);
    await page.reload();
    await inRoom(page);
    expect(await entry.inputValue()).toBe('3'); // the cell has it
    await runCell(page, 'setup');
    await entry.fill('1e1');
    await entry.press('Enter');
    await expect.poll(values, { timeout: LONG }).toEqual([10]);
    await runCell(page, 'exercise');
    await teach.getByRole('rowheader', { name: '02 limit' }).waitFor();

    await page.getByRole('button', { name: 'Leave the room' }).click();
    await page.getByRole('button', { name: 'Join', exact: true }).waitFor();
    const before = asked.length;
    await entry.fill('5');
    await entry.press('Enter');
    await becomes(page, 'predict', 'done');
    await page.reload();
    await page.getByRole('button', { name: 'Join', exact: true }).waitFor();
    expect(asked).toHaveLength(before);
    expect(errors).toEqual([]);
  },
  LONG,
);

test(
  'does as a cell says that joins or leaves, and says what is wrong with a code',
  async () => {
    const room = await openLesson();
    const { page } = await newPage();
    await page.goto(at(room, NOTEBOOK));
    await page.getByText('Join a room').click();
    await page.getByLabel('Code on the wall, or address of the room').fill('WRONG');
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await page.getByText("refused: This is not the room's code").waitFor();
    await cellOf(page, 'exercise').locator('.cm-content').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(`await joinRoom('${room.urls[0].url}', 'Ana');`);
    await runCell(page, 'setup');
    await runCell(page, 'exercise');
    await inRoom(page);
    expect(await page.getByLabel('Name for your speed-ups').inputValue()).toBe('Ana');
    await runCell(page, 'leave');
    await page.getByText('Join a room').waitFor();
  },
  LONG,
);

test(
  'on a page from elsewhere opens the same notebook from the room, which knows the code then',
  async () => {
    const room = await openLesson();
    const elsewhere = await serveFolder({ folder: lesson, port: 0 });
    onEnd(() => elsewhere.close());
    const { page, asked } = await newPage();
    await page.goto(`${elsewhere.url}notebooks/03-live.html`);
    await page.getByText('Join a room').click();
    const field = page.getByLabel('Code on the wall, or address of the room');
    await field.fill(`127.0.0.1:${room.port} ${room.code.toLowerCase()}`);
    await field.press('Enter');
    await page.waitForURL((url) => url.port === String(room.port));
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await inRoom(page);
  },
  LONG,
);

for (const engine of ENGINES.filter(({ name }) => name !== 'Chromium')) {
  const skipped = engine.program ? '' : ` (skipped: not installed. ${engine.install})`;
  test.skipIf(!engine.program)(
    `in ${engine.name} joins and leaves with one click, and hands in what is predicted in between${skipped}`,
    async () => {
      const room = await openLesson();
      const { origin, asked } = await tapping(room, `/${NOTEBOOK}`, LEARNER);
      onEnd(openIn(engine, `${origin}/${NOTEBOOK}#room=${room.code}`));
      const heard = () =>
        asked
          .map((url) => new URL(url, origin))
          .filter(({ pathname }) => /^\/(join|answer)$/.test(pathname))
          .map(({ pathname, searchParams }) => JSON.parse(searchParams.get('answer'))?.value ?? pathname);
      await until('it joins for the third time', () => heard().filter((one) => one === '/join').length === 3);
      expect(heard()).toEqual(['/join', 4, '/join', 3, '/join']);
      const { predictions } = room.desk.answers.instructor(clock());
      expect(predictions).toEqual([{ name: 'four at once', values: [3] }]); // one learner
    },
    2 * LONG,
  );
}

test.each(
  [1280, 390].flatMap((width) => [
    [width, 'light'],
    [width, 'dark'],
  ]),
)(
  'has an entry and a place to join in which axe finds nothing at %i pixels, %s',
  async (width, colorScheme) => {
    const room = await openLesson();
    const { page } = await newPage(width, colorScheme);
    await page.goto(room.urls[0].url);
    await page.goto(at(room, NOTEBOOK));
    expect(await findings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await inRoom(page);
    expect(await findings(page)).toEqual([]);
    if (process.env.PICTURES)
      await page.screenshot({ path: join(process.env.PICTURES, `tab-${width}-${colorScheme}.png`) });
  },
  LONG,
);
