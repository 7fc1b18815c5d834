// All notebooks of the built site in real browsers: from the first cell to the last, untouched and then with all solutions.
// A script in each page does what a learner does, so engines without a driver take part.
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildSite } from '../../scripts/site.mjs';
import { serveFolder } from '../../site/start/serve.mjs';
import { exerciseNames, notebookNames, readNotebook, solved as solvedNotebook } from '../support/notebook.ts';
import { ENGINES, openIn } from './engines.mjs';

const LEARNER = `<script>void (async () => {
${readFileSync(new URL('kernel/learner.js', import.meta.url), 'utf8')}
})();</script></head>`;
const ALL = notebookNames();
/** What engines other than Chromium run: NOTEBOOKS=01,06 names others, and NOTEBOOKS=0 all. */
const SOME = ALL.filter((name) =>
  (process.env.NOTEBOOKS ?? '03').split(',').some((one) => name.startsWith(one)),
);
/** Bytes of script, compressed, that a page may load before its first result. */
const MOST_SCRIPT = 400_000;
const folder = mkdtempSync(join(tmpdir(), 'lola-notebooks-'));

let site;
let server;
/** What learners do one after the other, each on a page of its own, and what they saw. */
let jobs = [];
let seen = [];
/** Bytes of script that the page has loaded, compressed, and how many these were when its first cell had ended. */
let script = 0;
let page = '';
let atFirst = [];
let over;
let closeBrowser;
beforeAll(async () => {
  await buildSite({ to: join(folder, 'site') });
  site = await serveFolder({ folder: join(folder, 'site'), port: 0 });
  server = createServer((request, response) => void answer(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 300_000);
afterEach(() => closeBrowser?.());
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * The site with the learner in each of its pages. GET /job gives the solutions, POST /first comes with the first result,
 * POST /job takes what came of it.
 */
async function answer(request, response) {
  if (request.url === '/first') return response.end(void atFirst.push(script));
  if (request.url === '/job' && request.method === 'GET') return response.end(jobs[seen.length].solutions);
  if (request.url === '/job') {
    let text = '';
    for await (const part of request) text += part;
    seen.push(JSON.parse(text));
    response.end(jobs[seen.length]?.path);
    return seen.length === jobs.length ? over() : undefined;
  }
  const asked = page; // which may be left before it has its answer, since it also fetches ahead
  const found = await fetch(new URL(request.url, site.url));
  const type = found.headers.get('content-type');
  const body = Buffer.from(await found.arrayBuffer());
  const isPage = type.startsWith('text/html');
  if (isPage) [script, page] = [0, request.url];
  if (type.startsWith('text/javascript') && asked === page) script += gzipSync(body).length;
  response.writeHead(found.status, { 'content-type': type });
  return response.end(isPage ? String(body).replace('</head>', () => LEARNER) : body);
}

/** Runs these notebooks, each on its page. @returns what the pages show, by cell: untouched, and with the solutions */
async function runIn(engine, names) {
  [seen, atFirst] = [[], []];
  jobs = names.map((name) => ({
    path: `notebooks/${name.replace('.ipynb', '.html')}`,
    solutions: JSON.stringify(solvedNotebook(readNotebook(name))),
  }));
  const ended = new Promise((resolve) => (over = resolve));
  closeBrowser = openIn(engine, `http://127.0.0.1:${server.address().port}/${jobs[0].path}`);
  await ended;
  return names.map((name, i) => ({ name, script: atFirst[i], ...seen[i] }));
}

const checksOf = (cells) =>
  cells.filter(({ id }) => id?.endsWith('-exercise')).map(({ id, text }) => [id, text.split(':')[0]]);
const each = (notebook, verdict) => exerciseNames(notebook).map((name) => [`${name}-exercise`, verdict]);
const isCode = (cell) => cell.cell_type === 'code';
const needsNode = ({ metadata }) => metadata.lola?.needs === 'node';

/** Integers of five digits or more. A port differs from run to run. */
function integersIn(text) {
  return text.replace(/:\d+\/?/g, '').match(/(?<![\d.])\d{5,}(?![\d.]*\d)/g) ?? [];
}

/** Integers that were recorded under Node and are not on the page. Cells that need Node show what was recorded. */
function missingFrom(name, cells) {
  const file = new URL(`../../episodes/recorded/${name.replace('.ipynb', '.json')}`, import.meta.url);
  const recorded = JSON.parse(readFileSync(file, 'utf8')).cells;
  return cells.flatMap(({ id, state, text }) => {
    const wanted = state === 'not run' ? [] : integersIn(recorded[id]?.text ?? '');
    const there = new Set(integersIn(text));
    return wanted.filter((integer) => !there.has(integer)).map((integer) => `${name}, ${id}: ${integer}`);
  });
}

describe('the notebooks', () => {
  for (const engine of ENGINES) {
    const skipped = engine.program ? '' : ` (skipped: ${engine.install})`;
    const names = engine.name === 'Chromium' ? ALL : SOME;
    test.skipIf(!engine.program)(
      `run in ${engine.name}, pass with their solutions, and show the integers recorded under Node${skipped}`,
      async () => {
        const pages = await runIn(engine, names);
        for (const { name, script, untouched, solved } of pages) {
          expect(script, name).toBeGreaterThan(100_000); // the kernel at least
          expect(script, name).toBeLessThanOrEqual(MOST_SCRIPT);
          const notebook = readNotebook(name);
          const states = notebook.cells
            .filter(isCode)
            .map((cell) => [cell.id, needsNode(cell) ? 'not run' : 'done']);
          for (const cells of [untouched, solved])
            expect(
              cells.map(({ id, state }) => [id, state]),
              name,
            ).toEqual(states);
          expect(checksOf(untouched), name).toEqual(each(notebook, 'not yet'));
          expect(checksOf(solved), name).toEqual(each(notebook, 'passed'));
        }
        expect(pages.flatMap(({ name, untouched }) => missingFrom(name, untouched))).toEqual([]);
      },
      1_800_000,
    );
  }
});
