// Makes the episodes' picture of the dashboard anew, from a real run of 25 s: two workers, one is killed, one comes.
// node test/browser/picture.mjs, after npm run test:browser (which installs what it needs)
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startCluster } from '../../dist/lib/cluster/local.js';
import { startDashboard } from '../../dist/tools/dashboard/index.js';
import { estimateDistributed } from '../../dist/lib/estimators/distributed.js';
import { FLAGS, findChromium } from './chromium.mjs';

const PICTURE = fileURLToPath(new URL('../../episodes/figures/dashboard.png', import.meta.url));

const dashboard = await startDashboard({ port: 0, title: 'Lola and two workers' });
const cluster = await startCluster({ workers: 2 });
const executor = await cluster.connect();
const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  await page.goto(dashboard.url);
  const stop = new AbortController();
  let first; // the first row's worker
  const onEvent = (event) => {
    if (event.type === 'started') first ??= event.worker;
    dashboard.onEvent(event);
  };
  const run = estimateDistributed(1e12, { executor, chunks: 7e8, signal: stop.signal, onEvent });
  await wait(7000);
  cluster.workers.find(({ name }) => name === first).kill();
  await wait(7000);
  await cluster.startWorker();
  await wait(11_000);
  const { bottom } = await page.locator('#stream').evaluate((panel) => panel.getBoundingClientRect());
  await page.screenshot({ path: PICTURE, clip: { x: 0, y: 0, width: 1280, height: Math.ceil(bottom) + 12 } });
  stop.abort();
  await run;
} finally {
  await browser.close();
  await executor.close();
  await cluster.close();
  await dashboard.close();
}
