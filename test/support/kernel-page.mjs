// A page with nothing but a kernel, and a server for it: for tests in browsers.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { kernelPlugins } from '../../scripts/site/kernel.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json' };
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>kernel</title><script type="module" src="page.js"></script>';

/** Bundles the page into a folder. */
export async function bundleKernelPage(outDir) {
  await build({
    root: join(root, 'site'),
    configFile: false,
    logLevel: 'error',
    base: './',
    publicDir: false,
    plugins: kernelPlugins(),
    worker: {
      format: 'es',
      plugins: kernelPlugins,
      rollupOptions: { output: { inlineDynamicImports: true } }, // as on the lesson's pages
    },
    build: {
      outDir,
      emptyOutDir: true,
      modulePreload: false,
      rollupOptions: {
        input: join(root, 'test/browser/kernel/page.ts'),
        output: { entryFileNames: 'page.js' },
      },
    },
  });
}

/** Serves a folder. @returns its address, and what closes the server */
export async function serveFolder(folder, onPost = () => {}) {
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      let text = '';
      for await (const part of request) text += part;
      response.end();
      return void onPost(JSON.parse(text));
    }
    const path = new URL(request.url, 'http://page').pathname;
    try {
      const body = path === '/' ? PAGE : readFileSync(join(folder, path));
      response
        .writeHead(200, { 'content-type': TYPES[extname(path) || '.html'] ?? 'application/octet-stream' })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}
