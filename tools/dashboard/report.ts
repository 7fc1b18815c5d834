// A report: the page with one picture in it, as one file that needs neither server nor network.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Picture } from './picture.js';

/** What a page may ask for: paths as the modules name each other. Their order is the order in which they build on each other. */
const MODULES = [
  'picture.js',
  'page/words.js',
  'page/paint.js',
  'page/stream.js',
  'page/charts.js',
  'page/panels.js',
  'page/page.js',
];
const PAGE = new URL('./page/page.html', import.meta.url);
const STYLE = new URL('./page/page.css', import.meta.url);
const PLOTLY = new URL(import.meta.resolve('plotly.js'));

/** A file of the page, by the path asked for. */
export function pageFile(path: string): { readonly url: URL; readonly type: string } | undefined {
  if (path === '/') return { url: PAGE, type: 'text/html' };
  if (path === '/page/page.css') return { url: STYLE, type: 'text/css' };
  if (path === '/plotly.js') return { url: PLOTLY, type: 'text/javascript' };
  return MODULES.includes(path.slice(1))
    ? { url: moduleUrl(path.slice(1)), type: 'text/javascript' }
    : undefined;
}

/**
 * The report as a text of HTML, 1.3 MB of which is the chart library.
 * @param section what else the run has to tell, as HTML whose text is escaped; it stands before the panels
 */
export function renderReport(picture: Picture, section = ''): string {
  // In a script element only '<' could end it; JSON may write it otherwise.
  const data = JSON.stringify(picture).replaceAll('<', '\\u003c');
  const scripts = [readFileSync(PLOTLY, 'utf8').replaceAll('</script', '<\\/script'), joinModules()];
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  const policy = `default-src 'none'; script-src ${hashes.join(' ')}; style-src 'unsafe-inline'; img-src data: blob:`;
  const head = `<meta http-equiv="Content-Security-Policy" content="${policy}">\n<style>${readFileSync(STYLE, 'utf8')}</style>`;
  const body = [
    `<script type="application/json" id="recorded">${data}</script>`,
    `<script>${scripts[0]}</script>`,
    `<script type="module">${scripts[1]}</script>`,
  ];
  return readFileSync(PAGE, 'utf8')
    .replace(/<link rel="stylesheet"[^>]*>/, () => head)
    .replace('<main>', () => `<main>${section}`)
    .replace(/<script [^>]*><\/script>\s*/g, '')
    .replace('</body>', () => `${body.join('\n')}\n</body>`);
}

/** The modules as one: they share no names, so imports and exports fall away. */
function joinModules(): string {
  return MODULES.map((name) => readFileSync(moduleUrl(name), 'utf8'))
    .join('\n')
    .replace(/^import [^;]+;$/gm, '')
    .replace(/^export (?=const|function|class|async)/gm, '')
    .replace(/^export \{\};$|^\/\/# sourceMappingURL.*$/gm, '');
}

function moduleUrl(name: string): URL {
  return new URL(`./${name}`, import.meta.url);
}
