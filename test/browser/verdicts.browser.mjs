/* global verdictCells */
// The corpus of answers, in the tab's kernel: each gets the verdict that it gets in Jupyter's (test/notebooks/verdicts.test.ts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANSWERS, judgeAll } from '../support/answers.ts';
import { bundleKernelPage, serveFolder } from '../support/kernel-page.mjs';
import { FLAGS, findChromium } from './chromium.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lola-verdicts-'));
let server, browser;
beforeAll(async () => {
  await bundleKernelPage(folder);
  server = await serveFolder(folder);
  browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('every answer gets its verdict in a tab', { timeout: 900_000 }, async () => {
  const context = await browser.newContext();
  let page;
  const open = async () => {
    await page?.close();
    page = await context.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => 'verdictCells' in globalThis);
  };
  const run = async (code) => {
    const ended = await page.evaluate((code) => verdictCells.run(code), code).catch((error) => ({ error }));
    if (!ended.error) return ended;
    await open();
    return { stdout: '', stderr: 'Error: the kernel is gone' };
  };
  await open();
  const judged = await judgeAll({ run, restart: () => page.evaluate(() => verdictCells.restart()) });
  expect(judged).toEqual(ANSWERS);
});

test('a function of lib prints in a tab as under Node', { timeout: 120_000 }, async () => {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => 'verdictCells' in globalThis);
  const cell = `import * as lib from '../lib';
const functions = Object.values(lib).filter((value) => /^(async )?function/.test(String(value)));
console.log(functions.map(String).join('\\n'));`;
  const { stdout } = await page.evaluate((code) => verdictCells.run(code), cell);
  await page.close();
  expect(stdout).toContain('return sum(counts); // reduce');
  expect(stdout).not.toMatch(/\w\$\d/);
});
