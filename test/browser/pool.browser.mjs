// A page's own pool, in each browser engine that is installed: the page runs the executor contract and posts how it went.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../support/bundle.ts';
import { ENGINES, openIn } from './engines.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>pool</title><script type="module" src="main.js" onerror="' +
  "fetch('/results', { method: 'POST', body: JSON.stringify([{ name: 'main.js', error: 'it does not load' }]) })" +
  '"></script>';
/** A page that has not reported by then is given up (ms). */
const MOST_MS = 280_000;
const folder = mkdtempSync(join(tmpdir(), 'lola-page-'));

let server, url, posted;
beforeAll(async () => {
  const { fromNode } = await bundle("import '#test/browser/pool/page.ts';", folder);
  expect(fromNode).toEqual([]);
  server = createServer((request, response) => {
    if (request.method === 'POST') return void receive(request, response);
    const path = new URL(request.url, 'http://page').pathname;
    try {
      const body = path === '/' ? PAGE : readFileSync(join(folder, path));
      response.writeHead(200, { 'content-type': TYPES[extname(path) || '.html'] }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}/`;
}, 120_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function receive(request, response) {
  let text = '';
  for await (const part of request) text += part;
  response.end();
  posted(JSON.parse(text));
}

describe('a page', () => {
  for (const engine of ENGINES) {
    const skipped = engine.program ? '' : ` (skipped: not installed. ${engine.install})`;
    test.skipIf(!engine.program)(
      `in ${engine.name} keeps the executor contract and counts what Node counts${skipped}`,
      async () => {
        const results = new Promise((resolve, reject) => {
          posted = resolve;
          setTimeout(() => reject(new Error('the page has not reported')), MOST_MS).unref();
        });
        const close = openIn(engine, url);
        try {
          const tests = await results;
          expect(tests.filter(({ error }) => error)).toEqual([]);
          expect(tests.length).toBeGreaterThan(40); // both executors' contracts, and the counts
        } finally {
          await close();
        }
      },
      300_000,
    );
  }
});
