// The page's files, and a report: the page with one picture in it, as one file that needs no server and no network.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Picture } from './picture.js';

/** The page's modules, by the paths at which they find each other. Each uses only those before it. */
const MODULES = [
  'measure/text.js',
  'dashboard/page/words.js',
  'dashboard/page/stream.js',
  'dashboard/page/panels.js',
  'dashboard/page/page.js',
];
const PAGE = 'dashboard/page/page.html';
const STYLE = 'dashboard/page/page.css';

/** A file of the page, by the path that was asked for. */
export function readPageFile(path: string): { readonly text: string; readonly type: string } | undefined {
  if (path === '/') return { text: read(PAGE), type: 'text/html' };
  if (path === `/${STYLE}`) return { text: read(STYLE), type: 'text/css' };
  const module = MODULES.find((name) => path === `/${name}`);
  return module === undefined ? undefined : { text: read(module), type: 'text/javascript' };
}

/** The report as a text of HTML. */
export function renderReport(picture: Picture): string {
  // In a script element only '<' could end it; JSON may write it otherwise.
  const data = JSON.stringify(picture).replaceAll('<', '\\u003c');
  const program = joinModules();
  const hash = createHash('sha256').update(program).digest('base64');
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:`;
  const head = `<meta http-equiv="Content-Security-Policy" content="${policy}">\n<style>${read(STYLE)}</style>`;
  const body = `<script type="application/json" id="recorded">${data}</script>
<script type="module">${program}</script>
</body>`;
  return read(PAGE)
    .replace(/<link rel="stylesheet"[^>]*>/, () => head)
    .replace(/<script [^>]*><\/script>\s*/, '')
    .replace('</body>', () => body);
}

/** The modules as one: they share no names, so imports and exports fall away. */
function joinModules(): string {
  return MODULES.map(read)
    .join('\n')
    .replace(/^import [^;]+;$/gm, '')
    .replace(/^export (?=const|function|class|async)/gm, '')
    .replace(/^export \{\};$|^\/\/# sourceMappingURL.*$/gm, '');
}

/** @param path from the folder above this one, as in MODULES */
function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
