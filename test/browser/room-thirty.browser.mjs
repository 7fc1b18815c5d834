/* global navigator */
// Thirty learners in one room: twenty in Node with the code of the notebooks, ten in tabs of a real browser. One vote in two
// rounds, three predictions, a race each and six exercises: each is counted once, also where somebody answers twice.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { afterEach, expect, onTestFailed, test } from 'vitest';
import { WebSocket } from 'ws';
import { readVotes } from '../../dist/room/index.js';
import { FLAGS, findChromium } from './chromium.mjs';
import { NOTEBOOK, buildLesson, closeAll, holdEnd, onEnd, openRoom } from './rooms.mjs';

const [NODES, TABS, LONG] = [20, 10, 900_000];
const ALL = NODES + TABS;
const VOTE = '03-1';
const LEARNER = fileURLToPath(new URL('room-learner.mjs', import.meta.url));
const NAMES = ['first', 'second', 'third'];
const EXERCISES = ['02 amdahl', '02 limit', '02 karpFlatt', '01 years', '01 samplesFor', '01 digit'];
const NUMBERS = ['02 limit', '01 digit'];
const CELLS = {
  setup: "import { checkProfile, checkSerial, handIn, predict } from '../lesson';",
  ...Object.fromEntries(NAMES.map((name) => [name, `predict('${name}', NaN);`])),
  race: "await handIn({ samples: 1e9, stage: 'pool', points: [{ workers: 2, speedUp: { median: 1.8, low: 1.7, high: 1.9 } }] });",
  exercises: EXERCISES.map(
    (name) =>
      `check${name.replace('01 ', 'Serial.').replace('02 ', 'Profile.')}(${NUMBERS.includes(name) ? '7' : '() => 123456'});`,
  ).join('\n'),
};

afterEach(closeAll);

/** The instructor's socket: its last picture, and how long each answer took from the room's door to it (ms). */
async function listenAsInstructor(room) {
  const socket = new WebSocket(`ws://127.0.0.1:${room.port}/teach.live?secret=${room.teach.split('#')[1]}`);
  onEnd(() => socket.terminate());
  const [waiting, took] = [[], []];
  const seen = { picture: undefined, took, order: (command) => socket.send(JSON.stringify(command)) };
  let heard = () => {};
  socket.on('message', (data) => {
    seen.picture = JSON.parse(data);
    const now = performance.now();
    for (const began of waiting.splice(0)) took.push(now - began);
    heard();
  });
  const take = room.desk.take.bind(room.desk);
  room.desk.take = (given) => {
    waiting.push(performance.now()); // before the answer is looked at: a push can only follow
    const refused = take(given);
    if (refused !== undefined) waiting.pop();
    return refused;
  };
  seen.until = async (isSo) => {
    while (!(seen.picture?.votes && isSo(seen.picture))) await new Promise((resolve) => (heard = resolve));
    return seen.picture;
  };
  await once(socket, 'open');
  return seen;
}

/** Starts the learners in Node. @returns what tells each of them something, and waits until all have done it */
async function startNodes(room) {
  const children = Array.from({ length: NODES }, (_, i) => fork(LEARNER, [room.urls[0].url, String(i)]));
  onEnd(() => children.forEach((child) => child.kill()));
  await Promise.all(children.map((child) => once(child, 'message')));
  return (order) =>
    Promise.all(
      children.map(async (child, i) => {
        child.send(order(i));
        await once(child, 'message');
      }),
    );
}

const answer = async (page, name, value) => {
  const cell = page.locator(`[data-cell="${name}"]`);
  await cell.getByRole('spinbutton').fill(String(value));
  await cell.getByRole('spinbutton').press('Enter');
};

/** A learner's browser: the room's page for votes, and the notebook, which has joined with one click. */
async function openTab(browser, room) {
  const context = await browser.newContext();
  context.setDefaultTimeout(LONG);
  onEnd(() => context.close());
  const [vote, notebook] = [await context.newPage(), await context.newPage()];
  await vote.addInitScript(() => Object.defineProperty(navigator, 'hardwareConcurrency', { value: 1 }));
  await vote.goto(room.urls[0].url);
  await vote.click('#join');
  await vote.locator('#working').waitFor();
  await notebook.goto(`http://127.0.0.1:${room.port}/${NOTEBOOK}`);
  await notebook.getByRole('button', { name: 'Join', exact: true }).click();
  await notebook.getByText('In the room', { exact: true }).waitFor();
  return { vote, notebook };
}

test(
  'thirty learners are each counted once',
  async () => {
    const lesson = await buildLesson(CELLS);
    onEnd(() => rmSync(lesson, { recursive: true }));
    const room = await openRoom({ votes: readVotes('episodes'), lesson });
    holdEnd(room); // what is to count is soon counted: the tabs' threads leave the cores to their notebooks
    const teach = await listenAsInstructor(room);
    onTestFailed(() => console.log('the instructor saw last:', JSON.stringify(teach.picture)));
    const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
    onEnd(() => browser.close());
    const tell = await startNodes(room);
    const tabs = [];
    for (let i = 0; i < TABS; i++) tabs.push(await openTab(browser, room));

    teach.order({ do: 'show', shown: { what: 'vote', id: VOTE } });
    const choices = [(i) => 'ABCD'[i % 4], (i) => (i % 3 === 0 ? 'C' : 'ABCD'[i % 4])];
    for (const [at, choice] of choices.entries()) {
      const vote = async ({ vote: page }, i) => {
        await page.getByText(['Vote alone.', 'Vote again.'][at]).waitFor(); // until then, it shows the round before
        const inputs = page.locator('#vote fieldset:enabled input');
        for (const letter of ['A', choice(NODES + i)]) await inputs.nth('ABCD'.indexOf(letter)).check();
        await page.getByText('The room has your answer').waitFor();
      };
      await Promise.all([tell((i) => ({ vote: VOTE, round: at + 1, choice: choice(i) })), ...tabs.map(vote)]);
      const counts = [...'ABCD'].map(
        (letter) => Array.from({ length: ALL }, (_, i) => choice(i)).filter((one) => one === letter).length,
      );
      await teach.until(({ votes: [one] }) => String(one.counts[at]) === String(counts));
      expect(teach.picture.votes[0].answered[at]).toBe(ALL);
      for (const stage of at === 0 ? ['first', 'talk'] : ['second'])
        teach.order({ do: 'next', id: VOTE, stage });
      await teach.until(({ votes: [one] }) => one.stage === (at === 0 ? 'second' : 'results'));
    }

    const learn = async ({ notebook: page }, i) => {
      const becomes = async (id) => {
        const cell = page.locator(`[data-cell="${id}"]`);
        await cell.and(page.locator('[data-state="done"], [data-state="failed"]')).waitFor();
        expect(await cell.getAttribute('data-state'), await cell.textContent()).toBe('done');
      };
      const run = async (id) => {
        await page.locator(`[data-cell="${id}"]`).getByRole('button', { name: 'Run cell' }).click();
        await becomes(id);
      };
      await run('setup');
      for (const name of NAMES) {
        await answer(page, name, 99);
        await becomes(name);
        await answer(page, name, NODES + i);
        await becomes(name);
      }
      await run('race');
      await run('exercises');
    };
    await Promise.all([tell(() => ({})), ...tabs.map(learn)]);
    const everybody = Array.from({ length: ALL }, (_, i) => i);
    const isDone = ({ predictions, timings, exercises }) =>
      NAMES.every(
        (name) => String(predictions.find((one) => one.name === name)?.values) === String(everybody),
      ) &&
      timings.length === ALL &&
      EXERCISES.every((name) => exercises.find((one) => one.name === name)?.tried === ALL);
    const { votes, exercises, predictions } = await teach.until(isDone);
    expect(votes[0].answered).toEqual([ALL, ALL]);
    const right = choices.map((choice) => everybody.filter((i) => choice(i) === 'C').length);
    expect(votes[0].change).toBeCloseTo((right[1] - right[0]) / (ALL - right[0]), 12);
    expect(exercises.map(({ name }) => name).sort()).toEqual([...EXERCISES].sort());
    expect(predictions.map(({ name }) => name).sort()).toEqual(['done', ...NAMES].sort());
    const sorted = teach.took.toSorted((a, b) => a - b);
    const ms = (at) => sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))].toFixed(1);
    console.log(
      `${sorted.length} answers of ${ALL} learners, from the room's door to the instructor: median ${ms(0.5)} ms, 95 % within ${ms(0.95)} ms, the slowest ${ms(1)} ms`,
    );
  },
  LONG,
);
