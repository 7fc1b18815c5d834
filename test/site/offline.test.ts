// What carries the lesson to machines without a network: the server that needs Node alone, and the zip.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, expect, test } from 'vitest';
import { packSite } from '../../scripts/site/pack.mjs';
import { serveFolder } from '../../site/start/serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lola-offline-'));
const site = join(folder, 'site');
mkdirSync(join(site, 'assets'), { recursive: true });
mkdirSync(join(site, 'notebooks'));
writeFileSync(join(folder, 'secret.txt'), 'secret');
writeFileSync(join(folder, 'site-2'), 'secret');
for (const name of ['index.html', 'notebooks/index.html', 'assets/page-1.js', 'start.command', '.built-from'])
  writeFileSync(join(site, name), `content of ${name}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Asks for a path as it is: `fetch` would tidy it up. */
function get(port: number, path: string, method = 'GET'): Promise<[number, string, string?, string?]> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      const { location, 'content-type': type, 'cache-control': cache } = response.headers;
      response.on('end', () => resolve([response.statusCode ?? 0, body, location ?? type, cache]));
    });
    asked.on('error', reject).end();
  });
}

test('the server gives files below its base, and nothing else', async () => {
  const server = await serveFolder({ folder: site, base: '/a/', port: 0 });
  try {
    const html = 'text/html; charset=utf-8';
    expect(await get(server.port, '/a/')).toEqual([200, 'content of index.html', html, 'no-cache']);
    expect(await get(server.port, '/a/notebooks/')).toEqual([
      200,
      'content of notebooks/index.html',
      html,
      'no-cache',
    ]);
    expect((await get(server.port, '/a/notebooks?x')).slice(0, 3)).toEqual([302, '', '/a/notebooks/?x']);
    expect(await get(server.port, '/a/assets/page-1.js')).toEqual([
      200,
      'content of assets/page-1.js',
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
    expect((await get(server.port, '/a/index.html', 'HEAD')).slice(0, 2)).toEqual([200, '']);
    const refused = [
      '/',
      '/b/index.html',
      '/a/none.html',
      '/a/assets/',
      '/a/../secret.txt',
      '/a/..%2fsecret.txt',
      '/a/%2e%2e/secret.txt',
      '/a/..%2fsite-2',
      '/a/%',
      '/a/%00',
      '//',
    ];
    for (const path of refused) expect([path, (await get(server.port, path))[0]]).toEqual([path, 404]);
    expect((await get(server.port, '/a/index.html', 'POST'))[0]).toBe(404);
  } finally {
    await server.close();
  }
});

test('a port that is taken gives way to the next free one', async () => {
  const first = await serveFolder({ folder: site, port: 0 });
  const second = await serveFolder({ folder: site, port: first.port });
  try {
    expect(second.port).toBeGreaterThan(first.port);
    expect((await get(second.port, '/'))[0]).toBe(200);
  } finally {
    await first.close();
    await second.close();
  }
});

test.each([
  ['scripts/lesson.mjs', 'npm run lesson -- [--room]'],
  ['site/start/serve.mjs', 'node serve.mjs [--room]'],
])('%s --help names the command that was typed', (script, usage) => {
  const path = fileURLToPath(new URL(`../../${script}`, import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [path, '--help'], { encoding: 'utf8' });
  expect([status, stdout.split('\n')[0]]).toEqual([0, `Usage: ${usage} [--port N] [--no-open]`]);
});

test('the zip holds the site in one folder, is the same each time, and start can be run', () => {
  const date = new Date(2026, 0, 2, 3, 4, 6);
  const zip = packSite(site, 'lesson', date);
  const files = Object.entries(unzipSync(zip)).map(([name, content]) => [name, strFromU8(content)]);
  expect(files).toEqual([
    ['lesson/assets/page-1.js', 'content of assets/page-1.js'],
    ['lesson/index.html', 'content of index.html'],
    ['lesson/notebooks/index.html', 'content of notebooks/index.html'],
    ['lesson/start.command', 'content of start.command'],
  ]);
  expect(Buffer.from(packSite(site, 'lesson', date)).equals(Buffer.from(zip))).toBe(true);
  // The last entry of the zip's directory: its attributes lie 8 bytes before the name, the mode in their upper half.
  const entry = Buffer.from(zip).lastIndexOf('lesson/start.command');
  expect(Buffer.from(zip).readUInt32LE(entry - 8) >>> 16).toBe(0o755);
});

test('a site that has grown too large to hand around is refused, with its size', () => {
  const large = join(folder, 'large');
  mkdirSync(large);
  writeFileSync(join(large, 'x'), '');
  truncateSync(join(large, 'x'), 15_100_000);
  expect(() => packSite(large, 'lesson', new Date())).toThrow('takes 15.1 MB, and 15 are allowed.');
});
