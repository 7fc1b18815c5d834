// The room's files: its page and wall, and the lesson if it is built. Needs Node.
import { createReadStream, readFileSync, readdirSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const TYPES: { readonly [ending: string]: string } = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.ico': 'image/x-icon',
};
/** The header that marks a room's answers. */
export const MARK = 'x-lola';
type Headers = Readonly<Record<string, string>>;
const ALWAYS: Headers = {
  [MARK]: 'room',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};
const BUILT = fileURLToPath(new URL('./www/', import.meta.url));

export class Files {
  /** The page's files by the paths that are asked for: guest.html as /, wall.html as /wall. */
  private readonly page = new Map(
    readdirSync(BUILT).map((name) => {
      const path = name === 'guest.html' ? '/' : `/${name.replace('.html', '')}`;
      return [path, { name, body: readFileSync(join(BUILT, name)) }];
    }),
  );

  /** @param lesson the folder of the built lesson, if there is one */
  constructor(private readonly lesson?: string) {}

  serve(path: string, host: string, response: ServerResponse): void | Promise<void> {
    const found = this.page.get(path);
    if (found) return this.send(response, 200, TYPES[extname(found.name)], found.body, policy(host));
    if (this.lesson !== undefined && /^\/lesson(\/|$)/.test(path))
      return this.sendLesson(this.lesson, path, response);
    const lesson = this.lesson === undefined ? '' : ', and the lesson at /lesson/';
    this.send(response, 404, 'text/plain', `This room has the page /, the wall at /wall${lesson}.\n`);
  }

  send(response: ServerResponse, status: number, type: string, body: string | Buffer, more: Headers = {}) {
    this.head(response, status, type, more).end(body);
  }

  private head(response: ServerResponse, status: number, type: string, more: Headers = {}): ServerResponse {
    const text = /^text|json/.test(type) ? `${type}; charset=utf-8` : type;
    return response.writeHead(status, { ...ALWAYS, 'content-type': text, ...more });
  }

  private async sendLesson(folder: string, path: string, response: ServerResponse): Promise<void> {
    if (path === '/lesson') return this.send(response, 302, 'text/plain', '', { location: '/lesson/' });
    const file = fileIn(folder, path.slice('/lesson/'.length));
    if (file === undefined) return this.send(response, 404, 'text/plain', 'The lesson has no such page.\n');
    this.head(response, 200, TYPES[extname(file)] ?? 'application/octet-stream');
    // Streamed: a slow or lost reader must not keep a large file in memory.
    await pipeline(createReadStream(file), response).catch(() => response.destroy());
  }
}

/** The file that a path names: itself, with .html, or a folder's index.html. Never one outside the folder. */
function fileIn(folder: string, path: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (name.includes('\0')) return undefined;
  const file = resolve(folder, name);
  if (file !== resolve(folder) && !file.startsWith(resolve(folder) + sep)) return undefined;
  return [file, `${file}.html`, join(file, 'index.html')].find((each) =>
    statSync(each, { throwIfNoEntry: false })?.isFile(),
  );
}

/** Nothing inline and nothing from elsewhere; compiled expressions, and sockets to this room. */
function policy(host: string): Headers {
  const safe = /^[\w.:[\]-]+$/.test(host) ? ` ws://${host}` : '';
  return {
    'content-security-policy':
      `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src data:; ` +
      `connect-src 'self'${safe}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}
