/* global document, window, getComputedStyle, innerWidth, innerHeight */
// The dashboard as a person meets it: in a real browser, with real pools, schedulers and workers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDashboard } from '../../dist/tools/dashboard/index.js';
import { startPool } from '../../dist/lib/execute/pool.js';
import { findings } from './axe.mjs';
import { FLAGS, findChromium } from './chromium.mjs';

const TASKS = new URL('../support/tasks.mjs', import.meta.url).href;
const LOLA = fileURLToPath(new URL('../support/lola.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lola-browser-'));

let browser;
const opened = [];
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A page that may speak to this machine only; `problems` gathers what it complains of or asks elsewhere. */
async function openPage(url, { width = 1280, height = 900, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  opened.push(() => context.close());
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  await context.route(
    ({ protocol, hostname }) => protocol.startsWith('http') && hostname !== '127.0.0.1',
    (route) => {
      problems.push(`asks elsewhere: ${route.request().url()}`);
      return route.abort();
    },
  );
  const frames = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(payload)));
  await page.goto(url);
  return { page, problems, frames };
}

async function openDashboard() {
  const dashboard = await startDashboard({ port: 0, title: 'two threads' });
  opened.push(() => dashboard.close());
  return dashboard;
}

async function openPool() {
  const pool = await startPool({ workers: 2, tasks: [TASKS] });
  opened.push(() => pool.close());
  return pool;
}

const spins = (count, ms, name = 'spin') =>
  Array.from({ length: count }, (_, i) => ({ key: `${name}-${i}`, operation: 'spin', input: ms }));

const live = (page) => page.waitForSelector('#state[data-state=live]');
const summary = (page, panel) => page.locator(`#${panel} .summary`);
const saysDone = (page, count) =>
  page.waitForFunction(
    (text) => document.querySelector('#progress .summary').textContent.includes(text),
    `${count} of`,
  );

/** How many boxes of the task stream are seen, with the colour of a task that computes. */
const boxesSeen = (page) =>
  page.evaluate(() => {
    const isSeen = (box) => box.getBoundingClientRect().width > 0;
    const isCompute = (box) => box.style.background.includes('--compute') || box.classList.contains('merged');
    return [...document.querySelectorAll('.track i')].filter((box) => isSeen(box) && isCompute(box)).length;
  });

const curves = (page) => page.waitForSelector('#rate polyline[points*=" "]', { state: 'attached' });

/** A process of the command line, ended with the test. */
function lola(...words) {
  const child = spawn(process.execPath, [LOLA, ...words], {
    env: { ...process.env, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  opened.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  return child;
}

/** Resolves when the process has said the words; it is read on, so that it can say more. */
function saidBy(child, words) {
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part) => {
        text += part;
        if (text.includes(words)) resolve(text);
      });
    }
    child.once('exit', () => reject(new Error(`it ended without '${words}': ${text}`)));
  });
}

describe('the dashboard in a browser', () => {
  test('loads offline, and boxes appear during a run', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    const { page, problems } = await openPage(dashboard.url);
    await live(page);
    expect(new URL(page.url()).search).toBe('');
    expect(await boxesSeen(page)).toBe(0);
    const run = pool.run(spins(60, 40), { onEvent: dashboard.onEvent });
    await page.waitForFunction(() =>
      / running/.test(document.querySelector('#progress .summary').textContent),
    );
    await expect.poll(() => boxesSeen(page)).toBeGreaterThan(0);
    await run;
    await saysDone(page, 60);
    await curves(page);
    expect(await summary(page, 'ledger').textContent()).toMatch(
      /^2 threads for .+, a speed-up of [12]\.\d\d\./,
    );
    expect(problems).toEqual([]);
  });

  test('a killed worker shows, and a worker named <img onerror> is harmless', async () => {
    const evil = '<img src=x onerror="window.harmed=1">';
    const file = join(folder, 'scheduler.json');
    const scheduler = lola('scheduler', '--port', '0', '--dashboard-port', '0', '--scheduler-file', file);
    await saidBy(scheduler, 'Scheduler at');
    const [note] = readdirSync(join(folder, '.lola')).filter((name) => name.startsWith('dashboard-'));
    const { url } = JSON.parse(readFileSync(join(folder, '.lola', note), 'utf8'));
    const { page, problems } = await openPage(url);
    await live(page);
    const victim = lola('worker', '--scheduler-file', file, '--threads', '1', '--name', evil);
    lola('worker', '--scheduler-file', file, '--threads', '1', '--name', 'steady');
    await page.waitForFunction(() => document.querySelectorAll('#workers tbody tr').length === 2);
    const client = lola(
      'pi',
      '--stage',
      'distributed',
      '--samples',
      '2e9',
      '--kernel',
      'reference',
      '--scheduler-file',
      file,
    );
    await page.waitForFunction(() =>
      /2 of them busy/.test(document.querySelector('#workers .summary').textContent),
    );
    victim.kill('SIGKILL');
    await page.waitForFunction(() =>
      /1 worker left/.test(document.querySelector('#stream .summary').textContent),
    );
    await page.waitForFunction(() => /left: /.test(document.querySelector('#workers table').textContent));
    await page.waitForFunction(() =>
      /lost and tried again/.test(document.querySelector('#progress .summary').textContent),
    );
    expect(await page.locator('#workers tbody').textContent()).toContain(evil);
    await page.locator('#stream summary').click();
    await page.waitForFunction(
      (name) => document.querySelector('#stream table').textContent.includes(name),
      evil,
    );
    expect(await page.evaluate(() => [window.harmed, document.images.length])).toEqual([undefined, 0]);
    expect(problems).toEqual([]);
    client.kill('SIGKILL');
  });

  test('after a lost connection it says so, comes back, and misses nothing', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    const lines = new Set();
    let cut = false;
    const between = createServer((line) => {
      if (cut) return line.destroy();
      const on = connect(dashboard.port, '127.0.0.1');
      for (const each of [line, on]) {
        lines.add(each);
        each.on('error', () => {}).on('close', () => lines.delete(each));
      }
      line.pipe(on).pipe(line);
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    opened.push(() => between.close());
    const { page } = await openPage(
      dashboard.url.replace(`:${dashboard.port}`, `:${between.address().port}`),
    );
    await live(page);
    cut = true;
    for (const each of lines) each.destroy();
    await page.waitForSelector('#state[data-state=lost]');
    await pool.run(spins(50, 1), { onEvent: dashboard.onEvent });
    cut = false;
    await live(page);
    await saysDone(page, 50);
  });

  test('keyboard: every control can be reached, and boxes be told one by one', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    await pool.run(spins(10, 20), { onEvent: dashboard.onEvent });
    const { page } = await openPage(dashboard.url);
    await saysDone(page, 10);
    const reached = [];
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim()),
      );
    }
    expect(reached).toEqual(
      expect.arrayContaining(['pause', 'theme', 'report', 'boxes', 'Task stream as a table']),
    );
    await page.focus('#boxes');
    await page.keyboard.press('ArrowLeft');
    const first = await page.locator('#box').textContent();
    expect(first).toMatch(/thread 0, from/);
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('#box').textContent()).toMatch(/thread 1, from/);
  });

  test('pointing at a box tells what it is', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    await pool.run(spins(2, 300), { onEvent: dashboard.onEvent });
    const { page } = await openPage(dashboard.url);
    await saysDone(page, 2);
    await page.locator('#boxes').hover({ position: { x: 400, y: 10 } });
    await expect
      .poll(() => page.locator('#box').textContent())
      .toMatch(/^spin-[01] \(compute\): local, thread 0, from .+, for \d+ ms$/);
  });

  test('pause holds the picture still, and going on catches up', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    const { page, frames } = await openPage(dashboard.url);
    await live(page);
    await pool.run(spins(5, 1), { onEvent: dashboard.onEvent });
    await saysDone(page, 5);
    await page.click('#pause');
    expect(await page.getAttribute('#pause', 'aria-pressed')).toBe('true');
    await pool.run(spins(7, 1, 'more'), { onEvent: dashboard.onEvent });
    await expect.poll(() => frames.some((text) => text.includes('"finished":12'))).toBe(true);
    expect(await summary(page, 'progress').textContent()).toContain('5 of 5');
    await page.click('#pause');
    // 7 of 7 where the machine was so slow that a second run has begun.
    await page.waitForFunction(() =>
      /(12 of 12|7 of 7) tasks/.test(document.querySelector('#progress .summary').textContent),
    );
  });

  test('each panel has its table', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    await pool.run(spins(30, 10), { onEvent: dashboard.onEvent });
    const { page } = await openPage(dashboard.url);
    await saysDone(page, 30);
    for (const panel of ['stream', 'progress', 'rate', 'ledger']) {
      await page.locator(`#${panel} details summary`).click();
      await page.waitForFunction((id) => document.querySelectorAll(`#${id} tbody tr`).length > 0, panel);
    }
    const cells = await page.locator('#stream tbody tr td:nth-child(3)').allTextContents();
    expect(cells.filter((text) => text.startsWith('spin-')).length).toBe(30);
    expect(await page.locator('#ledger tbody tr td:first-child').allTextContents()).toContain('compute');
  });

  test('for a projector: four panels, nothing to scroll at 1280x720', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    await pool.run(spins(20, 20), { onEvent: dashboard.onEvent });
    const { page } = await openPage(`${dashboard.url}&present`, { height: 720 });
    await saysDone(page, 20);
    expect(new URL(page.url()).search).toBe('?present');
    await curves(page);
    const shown = await page.locator('section:visible').evaluateAll((panels) =>
      panels.map((panel) => {
        const { right, bottom } = panel.getBoundingClientRect();
        return [panel.id, right <= innerWidth && bottom <= innerHeight];
      }),
    );
    expect(shown).toEqual(['stream', 'ledger', 'progress', 'rate'].map((id) => [id, true]));
    const parts = await page.locator('#boxes, #curves, .legend:visible').evaluateAll((all) =>
      all.map((part) => {
        const [inner, outer] = [part, part.closest('section')].map((each) => each.getBoundingClientRect());
        return inner.height > 0 && inner.bottom <= outer.bottom;
      }),
    );
    expect(parts).toEqual(Array(5).fill(true));
    expect(
      await page.evaluate(() => [
        document.documentElement.scrollHeight,
        document.documentElement.scrollWidth,
      ]),
    ).toEqual([720, 1280]);
    expect(
      await page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize)),
    ).toBeGreaterThanOrEqual(18);
  });

  test('a report opens from disk, without a server', async () => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    await pool.run(spins(40, 10), { onEvent: dashboard.onEvent });
    const { page: livePage } = await openPage(dashboard.url);
    await live(livePage);
    const [download] = await Promise.all([livePage.waitForEvent('download'), livePage.click('#report')]);
    const path = join(folder, 'run.html');
    await download.saveAs(path);
    await dashboard.close();
    const { page, problems } = await openPage(pathToFileURL(path).href);
    await saysDone(page, 40);
    await curves(page);
    await expect.poll(() => boxesSeen(page)).toBeGreaterThan(0);
    expect(await page.locator('#machine').textContent()).toMatch(/cores allotted, .* Node/);
    expect(await page.locator('nav :visible').allTextContents()).toEqual(['Dark']);
    expect(problems).toEqual([]);
  });

  test.each([
    ['wide, light', { width: 1280 }],
    ['narrow, dark', { width: 390, colorScheme: 'dark' }],
  ])("a race's report opens from disk, with table and charts: %s", async (name, size) => {
    const path = join(folder, `race ${name}.html`);
    const racer = lola(
      ...'race --stages serial,pool --workers 1,2 --sweep 1e4..1e5 --repeats 1'.split(' '),
      '--report',
      path,
    );
    await once(racer, 'exit');
    const { page, problems } = await openPage(pathToFileURL(path).href, size);
    expect(await page.locator('tbody tr').count()).toBe(6);
    const drawn = await page.locator('img').evaluateAll((all) => all.map(({ naturalWidth }) => naturalWidth));
    expect(drawn).toEqual([680, 680, 680, 680]);
    expect(problems).toEqual([]);
    expect(await findings(page)).toEqual([]);
  });

  test.each([
    ['wide, light', { width: 1400, colorScheme: 'light' }],
    ['wide, dark', { width: 1400, colorScheme: 'dark' }],
    ['narrow, light', { width: 390, height: 800, colorScheme: 'light' }],
    ['narrow, dark', { width: 390, height: 800, colorScheme: 'dark' }],
  ])('axe-core finds no violation, and nothing sticks out: %s', async (name, size) => {
    const [dashboard, pool] = [await openDashboard(), await openPool()];
    await pool.run(spins(40, 10), { onEvent: dashboard.onEvent });
    dashboard.onEvent({ type: 'left', worker: 'local', reason: 'a test', time: Date.now() });
    const report = join(folder, `${name}.html`);
    const headers = { authorization: `Bearer ${new URL(dashboard.url).searchParams.get('token')}` };
    writeFileSync(report, await (await fetch(`${dashboard.address}report.html`, { headers })).text());
    for (const url of [dashboard.url, pathToFileURL(report).href]) {
      const { page } = await openPage(url, size);
      await saysDone(page, 40);
      await curves(page);
      for (const details of await page.locator('details > summary').all()) await details.click();
      await page.waitForFunction(() =>
        [...document.querySelectorAll('details table')].every((table) => table.rows.length > 1),
      );
      expect(await findings(page)).toEqual([]);
    }
  });
});
