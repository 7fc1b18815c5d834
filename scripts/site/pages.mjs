// What the site shows, as Markdown: a page for each episode and notebook, and for each file that they link to, at the
// same path as in this repository, so that links between them keep their shape.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseNotebook } from '../notebook-file.mjs';
import { drawBlocks } from './blocks.mjs';
import { isAsset, linkPages } from './links.mjs';
import { drawNotebook, fenced } from './notebook.mjs';
import { menusOf } from './menu.mjs';

const HOME = fileURLToPath(new URL('home.md', import.meta.url));

/**
 * Reads all that the site shows.
 * @param {string} root the repository
 * @returns {{ pages: Page[], copies: string[], menus: ReturnType<typeof menusOf> }} copies: files that the site has as they are
 * @typedef {{ file: string, title: string, text: string, notebook?: string, search: boolean }} Page text: Markdown, whose
 *   links lead from page to page
 */
export function readPages(root) {
  const pages = new Map();
  const copies = [];
  const waiting = startingPoints(root);
  for (const file of waiting) {
    if (isAsset(file) || file.endsWith('.ipynb')) copies.push(file);
    if (isAsset(file)) continue;
    const page = pageFrom(file, root);
    const { text, files } = linkPages(page.text, { root, file });
    pages.set(file, {
      search: true,
      ...page,
      file,
      text: text.replace('(#the-file)', `(${basename(file)})`),
    });
    waiting.push(...files.filter((other) => !waiting.includes(other)));
  }
  const lesson = lessonOf([...pages]);
  const home = homePage(lesson, root);
  return { pages: [home, ...pages.values()], copies, menus: menusOf(lesson, [...pages]) };
}

function homePage(lesson, root) {
  const first = (lesson[0].notebooks ?? lesson[0].episodes).file;
  const text = readFileSync(HOME, 'utf8')
    .replace('<!-- lesson -->', tableOf(lesson))
    .replace('"FIRST"', `"${first}"`);
  const file = 'index.md';
  return { file, title: "Lola's pi", text: linkPages(text, { root, file }).text, search: false };
}

/** All of episodes/ and notebooks/, and how to set up. */
function startingPoints(root) {
  const below = (folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true })
          .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
          .sort()
      : [];
  const episodes = below('episodes').filter((name) => name.endsWith('.md') && !name.endsWith('/README.md'));
  const notebooks = below('notebooks').filter((name) => /^[^.]+\.ipynb$/.test(name));
  return [...episodes, ...notebooks, ...['environment.md'].filter((name) => existsSync(join(root, name)))];
}

/** One file as Markdown with its front matter's fields; links are still those of the repository. */
function pageFrom(file, root) {
  const text = readFileSync(join(root, file), 'utf8');
  if (file.endsWith('.ipynb')) return notebookPage(file, text, root);
  if (file.endsWith('.md')) return markdownPage(file, text, root);
  return {
    title: file,
    text: `# ${file}\n\n${fenced(extname(file).slice(1) || 'text', text)}`,
    search: false,
  };
}

function markdownPage(file, text, root) {
  const [, head = '', body] = /^(?:---\n([^]*?)\n---\n)?([^]*)$/.exec(text.replaceAll('\r\n', '\n'));
  const field = (name) =>
    new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(head)?.[1].replace(/^(['"])(.*)\1$/, '$2');
  const given = field('title');
  const title = given ?? /^# (.*)$/m.exec(body)?.[1] ?? basename(file, '.md');
  const [teaching, exercises] = ['teaching', 'exercises'].map((name) => Number(field(name) ?? 0));
  const notebook = `notebooks/${basename(file, '.md')}.ipynb`;
  const facts =
    file.startsWith('episodes/') && existsSync(join(root, notebook))
      ? `<div class="facts">\n\n${minutes({ teaching, exercises })}. To run it yourself: [the notebook of this episode](../${notebook}).\n\n</div>\n\n`
      : '';
  const heading = given === undefined ? '' : `# ${given}\n\n`;
  return { title, teaching, exercises, text: heading + facts + drawBlocks(body, file) };
}

function notebookPage(file, text, root) {
  const stem = basename(file, '.ipynb');
  const recorded = join(root, 'episodes', 'recorded', `${stem}.json`);
  const recording = existsSync(recorded) ? JSON.parse(readFileSync(recorded, 'utf8')) : undefined;
  const episode = existsSync(join(root, 'episodes', `${stem}.md`));
  const links = [
    ...(episode ? [`The story without running anything: [the episode](../episodes/${stem}.md).`] : []),
    `In Jupyter: \`npm run notebooks\` in a clone, or [the file alone](#the-file).`,
  ].join(' ');
  const picture = (name) => {
    const svg = readFileSync(join(root, 'episodes', 'recorded', name), 'utf8');
    const alt = /aria-label="([^"]*)"/.exec(svg)?.[1] ?? /<title>([^]*?)<\/title>/.exec(svg)?.[1] ?? '';
    return `![${alt}](../episodes/recorded/${name})`;
  };
  const drawn = drawNotebook(parseNotebook(text, file), recording, { links, picture });
  return { title: /^# (.*)$/m.exec(drawn)?.[1] ?? stem, text: drawn, notebook: stem };
}

/** The lesson's steps in order: what there is of each, an episode, a notebook or both. */
function lessonOf(pages) {
  const stems = new Map();
  for (const [file, page] of pages) {
    const [, kind, stem] = /^(episodes|notebooks)\/(\d\d-[^/]*)\.\w+$/.exec(file) ?? [];
    if (stem) stems.set(stem, { ...stems.get(stem), [kind]: { file, ...page } });
  }
  return [...stems].sort(([a], [b]) => (a < b ? -1 : 1)).map(([stem, found]) => ({ stem, ...found }));
}

function tableOf(lesson) {
  const link = (words, page) => (page ? `[${words}](./${page.file})` : '');
  const rows = lesson.map(({ stem, episodes, notebooks }) => {
    const number = Number(stem.slice(0, 2));
    const title = (episodes ?? notebooks).title;
    const cells = [
      link(title, notebooks) || title,
      link('episode', episodes),
      episodes ? episodes.teaching + episodes.exercises : '',
    ];
    return `| ${number} | ${cells.join(' | ')} |`;
  });
  return ['| step | to run | to read | minutes |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function minutes({ teaching, exercises }) {
  return `${teaching} minutes, and ${exercises} of exercises`;
}
