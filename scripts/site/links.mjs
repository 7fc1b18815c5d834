// Links of the lesson's Markdown, which lead from file to file of this repository, as links from page to page.
import { existsSync, statSync } from 'node:fs';
import { dirname, extname, join, posix, relative, sep } from 'node:path';
import { codeLines } from './blocks.mjs';

/** Files that are copied as they are; other text becomes a page that shows it. */
const ASSETS = ['.svg', '.png', '.json', '.csv'];

/**
 * Rewrites the links of a page and tells which files of the repository they lead to.
 * @param {string} text Markdown
 * @param {{ root: string, file: string }} place the repository's folder, and the page's own file as a path within
 * @returns {{ text: string, files: string[] }} files as paths within the repository, each once
 * @throws Error where a link leads to no file, or out of the repository
 */
export function linkPages(text, { root, file }) {
  const files = new Set();
  const turn = (target) => {
    if (/^([a-z][a-z+.-]*:|#|\/)/i.test(target)) return target;
    const [path, anchor] = target.split('#');
    const found = join(root, dirname(file), decodeURI(path));
    const within = relative(root, found).split(sep).join('/');
    if (within.startsWith('..') || !existsSync(found))
      throw new Error(`${file}: the link '${target}' leads to no file of this repository.`);
    const whole = statSync(found).isDirectory() ? posix.join(within, 'README.md') : within;
    if (!existsSync(join(root, whole)))
      throw new Error(`${file}: the link '${target}' leads to a folder. Name a file in it.`);
    files.add(whole);
    const page = posix.relative(posix.dirname(file), pageOf(whole));
    return `${page.startsWith('.') ? page : `./${page}`}${anchor === undefined ? '' : `#${anchor}`}`;
  };
  const lines = text.split('\n');
  const inCode = codeLines(lines);
  const turned = lines.map((line, i) => (inCode[i] ? line : turnLine(line, turn)));
  return { text: turned.join('\n'), files: [...files] };
}

/** The page (or the copy) of a file of the repository, as a path within the site. */
export function pageOf(file) {
  return isAsset(file) ? file : `${file.replace(/\.(md|ipynb)$/, '')}.html`;
}

export function isAsset(file) {
  return ASSETS.includes(extname(file));
}

/** Turns what stands between code spans: `](target)`, `[name]: target` and the attributes href and src. */
function turnLine(line, turn) {
  return line
    .split(/(`+[^`]*`+)/)
    .map((piece, i) =>
      i % 2
        ? piece
        : piece
            .replace(/\]\(([^)\s]+)/g, (_, target) => `](${turn(target)}`)
            .replace(/^(\[[^\]]+\]:\s+)(\S+)/, (_, start, target) => start + turn(target))
            .replace(/\b(href|src)="([^"]+)"/g, (_, name, target) => `${name}="${turn(target)}"`),
    )
    .join('');
}
