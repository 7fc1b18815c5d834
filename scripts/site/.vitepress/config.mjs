// The site's settings for VitePress; scripts/site.mjs writes the pages and starts it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { nav, sidebar } = JSON.parse(readFileSync(at('../pages/menu.json'), 'utf8'));
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="5" fill="#1d5a6e"/><path d="M3 29A26 26 0 0 1 29 3V29Z" fill="#f2c14e"/></svg>';

export default defineConfig({
  title: "Lola's pi",
  description: 'Learn parallel computing in TypeScript by one small problem, from a loop to a cluster.',
  lang: 'en',
  base: process.env.LOLA_SITE_BASE ?? '/',
  srcDir: 'pages',
  ignoreDeadLinks: true, // check.mjs looks at the built pages, anchors and files too
  cacheDir: at('../pages/.cache'),
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => [keepBraces, dropEmptyHeads].forEach((change) => change(md.renderer.rules)),
  },
  themeConfig: {
    nav,
    sidebar,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    licences:
      'Code is MIT, prose is <a href="https://creativecommons.org/licenses/by/4.0/">CC-BY 4.0</a>. Story and steps follow <a href="https://github.com/psteinb/hpc-in-a-day">hpc-in-a-day</a> by Peter Steinbach and contributors (CC-BY 4.0); text and code are written anew, and changes were made.',
  },
  vite: {
    resolve: { alias: { 'plotly.js': at('../../../node_modules/plotly.js') } },
    build: { chunkSizeWarningLimit: 2_000 }, // plotly, which only pages with a chart load
    publicDir: at('../pages/public'),
  },
});

/** Pages become templates of Vue, where {{ }} is code; in the lesson it is text. */
function keepBraces(rules) {
  for (const rule of ['text', 'code_inline', 'html_block', 'html_inline']) {
    const render = rules[rule] ?? ((tokens, i) => tokens[i].content);
    rules[rule] = (...given) =>
      render(...given)
        .replaceAll('{{', '&#123;&#123;')
        .replaceAll('<th></th>', '<td></td>') // as dropEmptyHeads does
        .replaceAll('<table>', '<table tabindex="0">'); // one that is too wide scrolls, by the keyboard too
  }
}

/** A corner of a table that says nothing is not read out as a heading. */
function dropEmptyHeads(rules) {
  const cell = (text) => (text === '' ? 'td' : 'th');
  rules.th_open = (tokens, i, options, _, self) => {
    tokens[i].tag = cell(tokens[i + 1].content);
    return self.renderToken(tokens, i, options);
  };
  rules.th_close = (tokens, i) => `</${cell(tokens[i - 1].content)}>`;
}
