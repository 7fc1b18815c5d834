// Writes the site into a folder: the script and style of site/, a document for each page, and what the search reads.
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { kernelPlugins } from './kernel.mjs';
import { layOut } from './layout.mjs';
import { pageOf } from './links.mjs';
import { renderMarkdown } from './markdown.mjs';
import { readPages } from './pages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {string} from the repository with the lesson
 * @param {string} to an empty folder
 */
export async function writeSite(from, to) {
  const { pages, copies, menus } = readPages(from);
  const assets = await bundleScript(to);
  const sections = [];
  for (const page of pages) {
    const rendered = { ...page, ...renderMarkdown(page.text) };
    write(join(to, pageOf(page.file)), layOut(rendered, { menus, assets }));
    if (page.search) sections.push(...sectionsOf(rendered));
  }
  for (const file of copies) write(join(to, file), readFileSync(join(from, file)));
  write(join(to, 'search.json'), JSON.stringify(sections));
  write(join(to, 'assets.json'), JSON.stringify(readdirSync(join(to, 'assets'))));
  for (const file of ['serve.mjs', 'start.cmd', 'start.command'])
    cpSync(join(root, 'site', 'start', file), join(to, file));
}

/** Bundles site/page.ts with all that it loads, and gives the paths of its script and style within the site. */
async function bundleScript(to) {
  const { output } = await build({
    configFile: false,
    root: join(root, 'site'),
    base: './',
    publicDir: false,
    logLevel: 'error',
    plugins: kernelPlugins(),
    worker: {
      format: 'es',
      plugins: kernelPlugins,
      rollupOptions: { output: { inlineDynamicImports: true } }, // one script a worker: see site/kernel/modules.ts
    },
    build: {
      outDir: to,
      emptyOutDir: false,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 10_000, // the checker of types, which comes after all else
      rollupOptions: { input: join(root, 'site', 'page.ts') },
    },
  });
  const script = output.find(({ isEntry }) => isEntry).fileName;
  const style = output.find(({ fileName }) => /page-.*\.css$/.test(fileName)).fileName;
  return { script, style };
}

/** What a search finds: a page's text, cut at its headings. */
function sectionsOf({ file, title, html, headings }) {
  const pieces = html.split(/(?=<h[1-6] id=")/);
  return pieces.flatMap((piece) => {
    const id = /^<h[1-6] id="([^"]*)"/.exec(piece)?.[1];
    const heading = headings.find((one) => one.id === id);
    const words = piece
      .replace(/<[^>]*>/g, ' ')
      .replace(/&(?:#39|quot|lt|gt|amp);/g, (entity) => SIGNS[entity]);
    const text = words.replace(/\s+/g, ' ').trim();
    if (text === '') return [];
    const link = pageOf(file) + (heading && heading.level > 1 ? `#${id}` : '');
    return [{ link, title, heading: heading?.text ?? title, text }];
  });
}

const SIGNS = { '&#39;': "'", '&quot;': '"', '&lt;': '<', '&gt;': '>', '&amp;': '&' };

function write(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
