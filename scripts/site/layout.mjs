// The frame around each page: its head, the top bar, the menu, and the licences. All links are relative.
import { posix } from 'node:path';
import { escaped } from './blocks.mjs';
import { pageOf } from './links.mjs';

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="5" fill="#1d5a6e"/><path d="M3 29A26 26 0 0 1 29 3V29Z" fill="#f2c14e"/></svg>';
const LICENCES =
  'Code is MIT, prose is <a href="https://creativecommons.org/licenses/by/4.0/">CC-BY 4.0</a>. Story and steps follow <a href="https://github.com/psteinb/hpc-in-a-day">hpc-in-a-day</a> by Peter Steinbach and contributors (CC-BY 4.0); text and code are written anew, and changes were made.';

/**
 * @param {{ file: string, title: string, notebook?: string, html: string, headings: { level: number, text: string, id: string }[] }} page
 * @param {{ menus: ReturnType<typeof import('./menu.mjs').menusOf>, assets: { script: string, style: string } }} site assets:
 *   paths within the site
 * @returns {string} the whole document
 */
export function layOut(page, { menus, assets }) {
  const { file, title, notebook, html } = page;
  const here = pageOf(file);
  const to = (path) => posix.relative(posix.dirname(here), path);
  const menu = menus.forInstructors.includes(file) ? menus.instructors : menus.learners;
  const top = menus.top.map((item) => `<a href="${to(pageOf(item.file))}">${escaped(item.text)}</a>`);
  const named = title === "Lola's pi" ? title : `${title} | Lola's pi`;
  const root = to('index.html').replace(/index\.html$/, '');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(named)}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<link rel="stylesheet" href="${to(assets.style)}">
<script type="module" src="${to(assets.script)}"></script>
</head>
<body data-root="${root}"${notebook ? ` data-notebook="${notebook}"` : ''}>
<a class="skip" href="#content">Skip to the text</a>
<header>
<a class="brand" href="${root}index.html">Lola's pi</a>
<a class="to-menu" href="#menu">Contents</a>
<nav aria-label="Site">${top.join('\n')}</nav>
<search hidden><input type="search" placeholder="Search" aria-label="Search the lesson" autocomplete="off"><div class="found" hidden></div></search>
</header>
<div class="columns">
<main id="content" class="${notebook ? 'notebook' : file === 'index.md' ? 'home' : 'text'}">
${html}
${nextTo(file, menu, to)}
</main>
<nav id="menu" aria-label="Contents">
${menu.map((group) => drawGroup(group, page, to)).join('\n')}
</nav>
</div>
<footer>${LICENCES}</footer>
</body>
</html>
`;
}

function drawGroup({ text, items }, { file, headings }, to) {
  const drawn = items.map((item) => {
    const link = `<a href="${to(pageOf(item.file))}"${item.file === file ? ' aria-current="page"' : ''}>${escaped(item.text)}</a>`;
    return `<li>${link}${item.file === file ? outline(headings) : ''}</li>`;
  });
  return `<h2>${text}</h2>\n<ul>${drawn.join('\n')}</ul>`;
}

/** The sections of the page that is open. */
function outline(headings) {
  const sections = headings.filter(({ level }) => level === 2);
  if (sections.length === 0) return '';
  return `<ul>${sections.map(({ text, id }) => `<li><a href="#${id}">${escaped(text)}</a></li>`).join('\n')}</ul>`;
}

/** The pages before and after this one, within its group of the menu. */
function nextTo(file, menu, to) {
  const items = menu.find((group) => group.items.some((item) => item.file === file))?.items ?? [];
  const at = items.findIndex((item) => item.file === file);
  const link = (item, words) =>
    item ? `<a href="${to(pageOf(item.file))}"><small>${words}</small> ${escaped(item.text)}</a>` : '';
  const links = at < 0 ? '' : link(items[at - 1], 'Before') + link(items[at + 1], 'Next');
  return links && `<nav class="next" aria-label="Before and next">${links}</nav>`;
}
