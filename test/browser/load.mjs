/* global document, setInterval, clearInterval */
// How much a page and a server take of a long, fast run: 10 000 tasks a second, played to a browser and to ten plain
// followers. Figures to read, not a test: node test/browser/load.mjs [seconds]
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { startDashboard } from '../../dist/tools/dashboard/index.js';
import { clock } from '../../dist/lib/task/executor.js';
import { FLAGS, findChromium } from './chromium.mjs';

const seconds = Number(process.argv[2] ?? 60);
const TASKS_A_MS = 10;
const FOLLOWERS = 10;

const dashboard = await startDashboard({ port: 0, title: 'load' });
const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
const { onEvent } = dashboard;
for (const worker of ['w0', 'w1']) onEvent({ type: 'joined', worker, threads: 2, time: clock() });

for (let i = 0; i < 3; i++) {
  const began = clock();
  await page.goto(dashboard.url, { waitUntil: 'commit' });
  await page.waitForFunction(() => document.querySelector('#progress .summary')?.textContent, null, {
    polling: 20,
  });
  console.log(`first picture: ${(clock() - began).toFixed(0)} ms`);
}

const traced = await browser.newBrowserCDPSession();
const events = [];
traced.on('Tracing.dataCollected', ({ value }) => events.push(...value));
await traced.send('Tracing.start', { traceConfig: { includedCategories: ['devtools.timeline'] } });
const half = seconds / 2;
await play('no plain follower', half);
await follow(FOLLOWERS);
await play(`${FOLLOWERS} plain followers`, half);
const done = new Promise((resolve) => traced.once('Tracing.tracingComplete', resolve));
await traced.send('Tracing.end');
await done;

for (const [what, names] of Object.entries({
  'script that draws': ['TimerFire'],
  'style and layout': ['UpdateLayoutTree', 'Layout'],
  paint: ['Paint'],
})) {
  const all = events
    .filter(({ name, ph }) => names.includes(name) && ph === 'X')
    .map(({ dur }) => dur / 1000);
  const sorted = all.filter((ms) => ms > 0.1).sort((a, b) => a - b);
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(2);
  console.log(`${what} (${sorted.length}): median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms`);
}
const session = await page.context().newCDPSession(page);
await session.send('HeapProfiler.collectGarbage');
const { usedSize } = await session.send('Runtime.getHeapUsage');
console.log(`page memory: ${(usedSize / 2 ** 20).toFixed(1)} MiB`);
console.log(await page.locator('#progress .summary').textContent());
await browser.close();
await dashboard.close();

/** Plays events as they would come, and says what this process's processor time was for each task. */
function play(name, length) {
  const [began, cpu] = [clock(), process.cpuUsage()];
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.floor((clock() - began) * TASKS_A_MS);
      for (; sent < due; sent++) task(began + sent / TASKS_A_MS, sent);
      if (clock() - began < length * 1000) return;
      clearInterval(timer);
      const { user, system } = process.cpuUsage(cpu);
      console.log(`${name}: ${((user + system) / sent).toFixed(2)} us a task for ${sent} tasks`);
      resolve();
    }, 5);
  });
}

function task(time, number) {
  const at = { task: `task-${number}`, worker: `w${number & 1}`, thread: (number >> 1) & 1 };
  onEvent({ type: 'queued', task: at.task, time: time - 1 });
  onEvent({ type: 'started', ...at, time });
  onEvent({ type: 'finished', ...at, start: time, end: time + 0.3, time: time + 0.36 });
}

function follow(count) {
  const url = `ws://127.0.0.1:${dashboard.port}/live`;
  const headers = { authorization: `Bearer ${new URL(dashboard.url).searchParams.get('token')}` };
  const one = () => new Promise((resolve) => new WebSocket(url, { headers }).once('message', resolve));
  return Promise.all(Array.from({ length: count }, one));
}
