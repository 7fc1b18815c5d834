// Serves this folder: Node alone is enough, no package and no network. node serve.mjs --help
import { spawn } from 'node:child_process';
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Usage: COMMAND [--room] [--port N] [--no-open]

Serves the lesson on this machine, and opens it in your browser.
  --room      serve it to all machines of this network, not to this one alone
  --port N    the port (default 4173, or the next free one)
  --no-open   open no browser
  --help      print this text
`;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.ipynb': 'application/x-ipynb+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};
const PORTS_TO_TRY = 20;

/**
 * Serves a folder of static files.
 * @param {{ folder: string, host?: string, port?: number, base?: string }} where base: the path on the host; port 0 takes
 *   any free one, another that is taken the next free one
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function serveFolder({ folder, host = '127.0.0.1', port = 4173, base = '/' }) {
  const server = createServer((request, response) => answer(request, response, folder, base));
  const taken = await listen(server, host, port);
  return {
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${taken}${base}`,
    port: taken,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server, host, first) {
  for (let port = first; ; port++) {
    const error = await new Promise((resolve) => {
      server.once('error', resolve);
      server.listen(port, host, () => resolve(undefined));
    });
    server.removeAllListeners('error');
    if (!error) return server.address().port;
    if (error.code !== 'EADDRINUSE' || port >= first + PORTS_TO_TRY) throw error;
  }
}

function answer({ method, url }, response, folder, base) {
  const file = method === 'GET' || method === 'HEAD' ? fileFor(url, folder, base) : undefined;
  if (typeof file === 'object') return response.writeHead(302, { location: file.location }).end();
  if (file === undefined) return response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
  // A name with a hash never changes its content, so a browser keeps it, also without a network.
  const hashed = /[/\\]assets[/\\]/.test(file);
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': statSync(file).size,
    'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (method === 'HEAD') return response.end();
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** The file that an address means, where to go instead, or undefined if there is none. */
function fileFor(url, folder, base) {
  try {
    const { pathname, search } = new URL(url, 'http://localhost');
    const path = decodeURIComponent(pathname);
    if (!path.startsWith(base)) return undefined;
    const file = join(folder, path.slice(base.length));
    if (file !== folder && !file.startsWith(folder + sep)) return undefined;
    if (!statSync(file).isDirectory()) return file;
    if (!path.endsWith('/')) return { location: `${pathname}/${search}` };
    return statSync(join(file, 'index.html')).isFile() ? join(file, 'index.html') : undefined;
  } catch {
    return undefined;
  }
}

/** The words that open an address. Windows' own `start` is a word of its shell, which would end the address at an &. */
export function opener(platform, url) {
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return [platform === 'darwin' ? 'open' : 'xdg-open', url];
}

/** Opens the reader's browser, where there is one; the address is printed anyway. */
export function openBrowser(url) {
  const [command, ...args] = opener(process.platform, url);
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

/**
 * Serves a folder until Ctrl-C, with the flags above.
 * @param {string[]} args
 * @param {string} folder
 * @param {() => Promise<unknown>} [build] makes the folder, once the flags are known to be right
 * @returns {Promise<number | undefined>} an exit code, or undefined while it serves
 */
export async function serveCommand(args, folder, build) {
  let flags;
  try {
    flags = readFlags(args);
  } catch (error) {
    process.stderr.write(`lolas-pi: ${error.message} --help lists the flags.\n`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(HELP.replace('COMMAND', build ? 'npm run lesson --' : 'node serve.mjs'));
    return 0;
  }
  try {
    await build?.();
    const host = flags.room ? '0.0.0.0' : '127.0.0.1';
    const { url, port } = await serveFolder({ folder, host, port: flags.port });
    process.stdout.write(`The lesson is at ${url} until you press Ctrl-C.\n`);
    if (flags.room)
      for (const each of addresses()) process.stdout.write(`  in this network: http://${each}:${port}/\n`);
    if (!flags['no-open']) openBrowser(url);
    return undefined;
  } catch (error) {
    process.stderr.write(`lolas-pi: failed: ${error.message}\n`);
    return 1;
  }
}

function readFlags(args) {
  const options = {
    room: { type: 'boolean' },
    port: { type: 'string', default: '4173' },
    'no-open': { type: 'boolean' },
    help: { type: 'boolean' },
  };
  const { values } = parseArgs({ args, options });
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new Error(`--port must be an integer from 0 to 65535; got '${values.port}'.`);
  return { ...values, port };
}

function addresses() {
  const all = Object.values(networkInterfaces()).flat();
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await serveCommand(
    process.argv.slice(2),
    fileURLToPath(new URL('.', import.meta.url)).replace(/[/\\]$/, ''),
  );
