// Bundles the room's page: called by prepare.mjs with the folder that tsc has filled, so that a phone loads few files.
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, transformSync } from 'esbuild';

/** The oldest browsers with what the page needs: modules in workers, and SIMD if they have it. */
const BROWSERS = ['chrome91', 'firefox114', 'safari15.4'];

const dist = resolve(process.argv[2]);
const page = join(dist, 'room', 'page');
const www = join(dist, 'room', 'www');

/** Takes a page's threads in place of Node's, in the folder that is being built. */
function forPages() {
  const execute = join(dist, 'lib', 'execute');
  const taken = new Map([[join(execute, 'node-port.js'), join(execute, 'page-port.js')]]);
  return {
    name: 'for-pages',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path);
        // A door lists more than a page uses: what nobody imports is left out, with what it needs of Node.
        return file.startsWith(dist) ? { path: taken.get(file) ?? file, sideEffects: false } : undefined;
      });
    },
  };
}

await build({
  entryPoints: [
    join(page, 'guest.js'),
    join(page, 'wall.js'),
    join(page, 'teach.js'),
    join(dist, 'lib', 'execute', 'page-entry.js'),
  ],
  outdir: www,
  entryNames: '[name]',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: BROWSERS,
  external: ['node:*', 'fs', 'os'],
  plugins: [forPages()],
  logLevel: 'warning',
});
const files = readdirSync(page);
for (const name of files.filter((name) => name.endsWith('.html')))
  copyFileSync(join(page, name), join(www, name));
// One style sheet for all pages: each file is a request.
const styles = ['room.css', 'answers.css'].map((name) => readFileSync(join(page, name), 'utf8'));
writeFileSync(
  join(www, 'room.css'),
  transformSync(styles.join(''), { loader: 'css', minify: true, target: BROWSERS }).code,
);
