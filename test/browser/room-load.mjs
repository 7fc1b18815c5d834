/* global document */
// What a room takes, and how fast it is. Figures to read, not a test, on a machine that does nothing else:
// node test/browser/room-load.mjs [join | slow | rate], after npm run test:browser
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { FLAGS, findChromium } from './chromium.mjs';

const LOLA = fileURLToPath(new URL('../support/lola.mjs', import.meta.url));
const TICKS_A_SECOND = 100;
const closers = [];

/** A program on one core (a number) or any. It ends with this one. */
function start(core, ...words) {
  const pinned = core === undefined ? [] : ['taskset', '-c', String(core)];
  const [program, ...rest] = [...pinned, process.execPath, LOLA, ...words];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  closers.push(async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  const find = async (pattern) => {
    while (!pattern.test(output)) await wait(20);
    return pattern.exec(output);
  };
  return { child, find };
}

/** A room, and its wall as it changes. */
async function openRoom({ core, samples = '8e12' } = {}) {
  const flags = ['--host', '127.0.0.1', '--port', '0', '--no-wall', '--samples', String(samples)];
  const { child, find } = start(core, 'room', ...flags);
  const [, port, code] = await find(/127\.0\.0\.1:(\d+)\/ +code ([A-Z\d]+)/);
  const room = { child, url: `http://127.0.0.1:${port}/#${code}`, picture: undefined, first: new Map() };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/wall.live?code=${code}`);
  closers.push(() => socket.terminate());
  socket.on('message', (data) => {
    room.picture = JSON.parse(data);
    for (const { name, samples } of room.picture.guests)
      if (samples > 0 && !room.first.has(name)) room.first.set(name, Date.now());
  });
  await once(socket, 'open');
  return room;
}

async function openBrowser() {
  const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  closers.push(() => browser.close());
  return browser;
}

/** Opens a page, and joins. @returns when it began */
async function join(page, room, name) {
  const began = Date.now();
  await page.goto(room.url, { waitUntil: 'domcontentloaded' });
  await tap(page, name);
  return began;
}

const tap = (page, name) =>
  page.evaluate((name) => {
    document.getElementById('name').value = name;
    document.getElementById('join').click();
  }, name);

/** Opens the room's page in a process of its own, without joining. */
async function visit(browser, room, before = () => {}) {
  const page = await (await browser.newContext()).newPage();
  await before(page);
  await page.goto(room.url, { waitUntil: 'domcontentloaded' });
  return page;
}

const until = async (isSo) => {
  while (!isSo()) await wait(20);
};
/** Seconds of processor time that a process has taken, or a thread of it. */
function cpuSeconds(of) {
  const fields = readFileSync(`/proc/${of}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
/** The first thread of a process, which schedules. */
const mainOf = ({ pid }) => `${pid}/task/${pid}`;

/** This browser's processes, of a type if one is given: 'renderer' shows pages. */
function processes(type = '') {
  const read = (pid, file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return ''; // it has ended
    }
  };
  const parentOf = (pid) => read(pid, 'stat').split(') ')[1]?.split(' ')[1] ?? '0';
  const isOurs = (pid) => pid !== '0' && (pid === String(process.pid) || isOurs(parentOf(pid)));
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const isWanted = (words) => words.includes('chrom') && words.includes(type && `--type=${type}`);
  return all.filter((pid) => isWanted(read(pid, 'cmdline')) && isOurs(pid));
}
const cpuOfBrowser = (type) => processes(type).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const loadText = () => `load ${loadavg()[0].toFixed(1)}`;

/** Prints what the scheduler takes of a core. */
async function scheduling(room, guests) {
  await wait(3000);
  const [from, time] = [cpuSeconds(mainOf(room.child)), Date.now()];
  await wait(20_000);
  const share = (1000 * (cpuSeconds(mainOf(room.child)) - from)) / (Date.now() - time);
  console.log(
    `the scheduler with ${guests} guests: ${(100 * share).toFixed(1)} % of a core, for ${room.picture.rate.toExponential(1)} samples a second; ${loadText()}`,
  );
}

const parts = {
  /** Beside pages that are nearly blank, from the same server: what a browser takes for so many pages at once. */
  async join(guests = 40) {
    for (const what of ['blank', 'joined']) {
      const room = await openRoom();
      const browser = await openBrowser();
      const context = await browser.newContext();
      const pages = await Promise.all(Array.from({ length: guests }, () => context.newPage()));
      await wait(2000); // the browser has started them
      const cpu = cpuOfBrowser();
      const opened = await Promise.all(
        pages.map(async (page, i) => {
          if (what === 'joined') return join(page, room, `guest ${i}`);
          const began = Date.now();
          await page.goto(new URL('/reach', room.url).href, { waitUntil: 'domcontentloaded' });
          room.first.set(`guest ${i}`, Date.now());
          return began;
        }),
      );
      await until(() => room.first.size === guests);
      const taken = cpuOfBrowser() - cpu;
      const seconds = opened.map((time, i) => (room.first.get(`guest ${i}`) - time) / 1000);
      console.log(
        `${guests} pages at once, ${what === 'joined' ? 'to the first result' : 'blank, to the whole document'}: median ${median(seconds).toFixed(2)} s, most ${Math.max(...seconds).toFixed(2)} s; the browser took ${(taken / guests).toFixed(3)} s of processor time a page; ${loadText()}`,
      );
      if (what === 'joined') await scheduling(room, guests);
      await closeAll();
    }
  },

  /**
   * A device whose results come twenty times as late as they were computed, beside two that are not slow: on cores that all
   * share, where Chromium's throttle takes what it does not give, and on a core of its own, as a device has.
   */
  async slow() {
    for (const apart of [false, true]) {
      const took = { with: [], without: [] };
      for (let round = 0; round < 5; round++)
        for (const how of ['without', 'with']) {
          const core = apart ? 0 : undefined;
          const room = await openRoom({ core, samples: 2e10 });
          const browser = await openBrowser();
          const pin = (core, but = []) => {
            for (const pid of processes('renderer').filter((pid) => apart && !but.includes(pid)))
              execFileSync('taskset', ['-a', '-c', '-p', String(core), pid]);
          };
          const pages = [];
          for (let i = 0; i < 2; i++) pages.push(await visit(browser, room));
          pin(0);
          const others = processes('renderer');
          if (how === 'with') {
            const page = await visit(browser, room, (page) => delayResults(page, 20));
            const session = await page.context().newCDPSession(page);
            await session.send('Emulation.setCPUThrottlingRate', { rate: 20 });
            pin(1, others);
            await tap(page, 'slow');
          }
          await Promise.all(pages.map((page, i) => tap(page, `guest ${i}`)));
          await until(() => room.picture.room.done);
          took[how].push(room.picture.room.seconds);
          await closeAll();
        }
      const [slow, fast] = [median(took.with), median(took.without)];
      const range = (values) =>
        values
          .toSorted((a, b) => a - b)
          .map((value) => value.toFixed(2))
          .join(' ');
      console.log(
        `a run beside a page twenty times slower, ${apart ? 'on a core of its own' : 'on shared cores'}: ${slow.toFixed(2)} s, without it ${fast.toFixed(2)} s (medians of 5): ${(slow / fast).toFixed(2)} (${range(took.with)}; ${range(took.without)}); ${loadText()}`,
      );
    }
  },

  /** By processor time, so that it hardly matters what else the machine does. */
  async rate() {
    for (let round = 0; round < 3; round++) {
      const room = await openRoom({ core: 1 });
      const browser = await openBrowser();
      await join(await (await browser.newContext()).newPage(), room, 'guest');
      await until(() => room.first.size === 1);
      for (const pid of processes('renderer')) execFileSync('taskset', ['-a', '-c', '-p', '0', pid]);
      const cpu = () => cpuOfBrowser('renderer');
      const counted = () => room.picture.guests[0].samples;
      await wait(3000);
      const [samples, taken] = [counted(), cpu()];
      await wait(8000);
      const page = (counted() - samples) / (cpu() - taken);
      await closeAll();

      const file = `/tmp/lola-rate-${process.pid}.json`;
      const at = ['--scheduler-file', file];
      await start(1, 'scheduler', '--port', '0', '--no-dashboard', ...at).find(/Scheduler at/);
      const worker = start(0, 'worker', '--threads', '1', ...at);
      await worker.find(/Joined/);
      const before = cpuSeconds(worker.child.pid);
      await start(1, 'pi', '--stage', 'distributed', ...at, '--samples', '5e9').find(/standard error/);
      const node = 5e9 / (cpuSeconds(worker.child.pid) - before);
      await closeAll();
      console.log(
        `samples a second of processor time: page ${page.toExponential(2)}, Node's worker ${node.toExponential(2)}: ${(page / node).toFixed(2)}; ${loadText()}`,
      );
    }
  },
};

/** Results of the page's threads come so many times as late as they were computed: a slow device. */
async function delayResults(page, times) {
  const late = `const post = self.postMessage.bind(self); let began = 0;
    self.addEventListener('message', () => (began = performance.now()), true);
    self.postMessage = (...given) => setTimeout(() => post(...given), ${times - 1} * (performance.now() - began));\n`;
  await page.route('**/page-entry.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: late + (await response.text()) });
  });
}

async function closeAll() {
  for (const close of closers.splice(0).reverse()) await close();
}

try {
  for (const part of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts))
    await parts[part]();
} finally {
  await closeAll();
}
