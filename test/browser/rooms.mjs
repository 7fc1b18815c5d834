// Rooms for the browser tests: opened and closed, with a small lesson, and with a finger for engines without a driver.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRoom } from '../../dist/room/index.js';
import { buildSite } from '../../scripts/site.mjs';

/** The machine may be busy with other things: nothing here depends on how long something takes (ms). */
export const LONG = 180_000;
/** Where a room has the notebook of a lesson that buildLesson made. */
export const NOTEBOOK = 'lesson/notebooks/03-live.html';
const MADE_UP = fileURLToPath(new URL('../site/lesson', import.meta.url));
const closers = [];

/** Calls `close` at the end of the test. The last one comes first. */
export function onEnd(close) {
  closers.push(close);
}

export async function closeAll() {
  for (const close of closers.splice(0).reverse()) await close();
}

export async function openRoom(options = {}) {
  const given = { samples: 1e9, seed: 2017, title: "Lola's room", host: '127.0.0.1', port: 0 };
  const room = await startRoom({ ...given, share: 0.05, threads: 1, ...options });
  onEnd(() => room.close());
  return room;
}

/** Builds a lesson with a notebook of these cells, given as { ID: SOURCE }. @returns the folder, which is the caller's */
export async function buildLesson(sources) {
  const [from, to] = ['from', 'lesson'].map((name) => mkdtempSync(join(tmpdir(), `lola-${name}-`)));
  cpSync(MADE_UP, from, { recursive: true });
  const cells = Object.entries(sources).map(([id, source]) => {
    return { id, cell_type: 'code', metadata: {}, source, outputs: [], execution_count: null };
  });
  const title = { id: 'goals', cell_type: 'markdown', metadata: {}, source: '# Live' };
  const notebook = { cells: [title, ...cells], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  writeFileSync(join(from, 'notebooks', '03-live.ipynb'), JSON.stringify(notebook));
  await buildSite({ from, to });
  rmSync(from, { recursive: true });
  return to;
}

/**
 * The room behind a server that adds a script to the page at `path`: an engine without a driver has no finger.
 * @returns the server's origin, and the paths that pages have asked the room for
 */
export async function tapping({ port }, path, script) {
  const asked = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    if (url === '/tap.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    asked.push(url);
    const inner = ask({ port, method, path: url, headers }, (answer) => {
      if (url !== path) return answer.pipe(response.writeHead(answer.statusCode, answer.headers));
      let page = '';
      answer.on('data', (data) => (page += data));
      answer.on('end', () =>
        response
          .writeHead(200, answer.headers)
          .end(page.replace('</head>', '<script type="module" src="/tap.js"></script></head>')),
      );
    });
    request.pipe(inner);
    inner.on('error', () => response.destroy()); // the room or the browser has ended
  });
  server.on('upgrade', (request, socket) => {
    const head = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const inner = connect(port, '127.0.0.1', () => {
      inner.write(`GET ${request.url} HTTP/1.1\r\n${head.join('')}\r\n`);
      socket.pipe(inner).pipe(socket);
    });
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, asked };
}

/** Keeps back what this machine has checked, so that the room cannot end. @returns what lets it */
export function holdEnd({ machine }) {
  const handle = machine.handle.bind(machine);
  const held = [];
  machine.handle = (event, now) => {
    if (event.type !== 'checked') return handle(event, now);
    held.push(event);
    return [];
  };
  return () => {
    // What was kept back comes with the next tick.
    machine.handle = (event, now) => [...held.splice(0), event].flatMap((each) => handle(each, now));
  };
}

/** Waits for what will come, however long the machine takes. */
export async function until(what, isSo) {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > LONG / 50) throw new Error(`it never came that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
