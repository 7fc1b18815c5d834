// Checks a built site: every link within it leads to a page or file that is there, and every anchor to a place on it.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

const TAG = /<([a-z][\w-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+))?)*)\s*\/?>/gi;
const ATTRIBUTE = /\s(id|href|src)\s*=\s*"([^"]*)"/gi;

/**
 * @param {string} folder the built site
 * @returns {{ pages: number, links: number, problems: string[] }} problems: one line for each link that leads nowhere
 */
export function checkSite(folder) {
  const pages = new Map();
  for (const name of readdirSync(folder, { recursive: true }).sort()) {
    const file = name.replaceAll('\\', '/');
    if (file.endsWith('.html')) pages.set(file, attributesOf(readFileSync(join(folder, name), 'utf8')));
  }
  const links = [...pages].flatMap(([page, { targets }]) => targets.map((target) => ({ page, target })));
  const problems = links.flatMap(({ page, target }) => {
    const problem = problemOf(target, page, { folder, pages });
    return problem ? [`${page}: '${target}' ${problem}`] : [];
  });
  return { pages: pages.size, links: links.length, problems: [...new Set(problems)] };
}

function problemOf(target, page, { folder, pages }) {
  if (/^([a-z][a-z+.-]*:|\/\/)/i.test(target)) return undefined; // not within the site
  const [, path, anchor] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(target);
  if (path.startsWith('/')) return 'is not relative, so it works at one path of a host alone';
  let file = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
  if (file.startsWith('..')) return 'leads out of the site';
  if (file === '.' || file.endsWith('/')) file = posix.join(file, 'index.html');
  if (!existsSync(join(folder, file)) || !statSync(join(folder, file)).isFile()) return 'leads to no file';
  const known = pages.get(file);
  if (anchor && known && !known.ids.has(decodeURIComponent(anchor))) return 'leads to no place on its page';
  return undefined;
}

function attributesOf(html) {
  const ids = new Set();
  const targets = [];
  const visible = html.replace(/<!--[^]*?-->|<(script|style)\b([^>]*)>[^]*?<\/\1>/gi, '<$1$2>');
  for (const [, , attributes] of visible.matchAll(TAG)) {
    for (const [, name, value] of attributes.matchAll(ATTRIBUTE)) {
      const text = value.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
      if (name.toLowerCase() === 'id') ids.add(text);
      else targets.push(text);
    }
  }
  return { ids, targets };
}
