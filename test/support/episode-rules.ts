// The rules that every page in episodes/ keeps, and those that only episodes keep.
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import GithubSlugger from 'github-slugger';
import { challengeBreaches, minuteBreaches } from './episode-challenges.js';
import { readPage, root, type Page } from './episode.js';

const KINDS = [
  ['questions', 'objectives', 'keypoints', 'challenge', 'solution', 'hint'],
  ['callout', 'prereq', 'checklist', 'discussion', 'instructor', 'spoiler', 'caution', 'tab', 'group-tab'],
].flat();
const ONLY_IN_CHALLENGES = ['solution', 'hint'];
const EMPTY_WORDS = /^(click )?(here|this|link|this link|this page|read more|more)$/i;

/** What an episode does against the rules, beside its notebook; empty where it keeps them. */
export function episodeBreaches(page: Page): string[] {
  return [
    ...frontMatterBreaches(page),
    ...blockBreaches(page),
    ...orderBreaches(page),
    ...headingBreaches(page),
    ...linkBreaches(page),
    ...challengeBreaches(page),
    ...minuteBreaches(page),
  ];
}

/** What another page of the kit does against the rules. */
export function pageBreaches(page: Page): string[] {
  const titled = page.frontMatter?.title ? [] : ['front matter: title is missing'];
  return [...titled, ...blockBreaches(page), ...headingBreaches(page), ...linkBreaches(page)];
}

export function frontMatterBreaches({ frontMatter }: Page): string[] {
  if (!frontMatter) return ['front matter: missing; it tells title, teaching and exercises'];
  const { title = '', teaching = '', exercises = '', ...more } = frontMatter;
  const found = title === '' ? ['front matter: title is missing'] : [];
  for (const [name, value] of Object.entries({ teaching, exercises }))
    if (!/^\d+$/.test(value)) found.push(`front matter: ${name} must be whole minutes, is '${value}'`);
  return [...found, ...Object.keys(more).map((name) => `front matter: ${name} is not known`)];
}

/** Each block is of a known kind, closed, nested as it may be, and set apart by blank lines, so that GitHub shows it well. */
export function blockBreaches({ blocks, slips, lines }: Page): string[] {
  const found = blocks.flatMap((block) => {
    const { kind, colons, first, last, parent } = block;
    const wrong: string[] = [];
    if (!KINDS.includes(kind)) wrong.push(`'${kind}' is not a kind of block`);
    const wanted = kind === 'challenge' ? 5 : 3;
    if (colons !== wanted) wrong.push(`'${kind}' has ${colons} colons; ${wanted} it must have`);
    if (kind === 'challenge' && parent) wrong.push(`a challenge stands inside '${parent.kind}'`);
    if (parent && parent.kind !== 'challenge' && kind !== 'challenge')
      wrong.push(`'${kind}' stands inside '${parent.kind}'; only a challenge holds blocks`);
    if (ONLY_IN_CHALLENGES.includes(kind) && !parent) wrong.push(`'${kind}' stands outside a challenge`);
    const around = [first - 2, first, last - 2, last].map((i) => (lines[i] ?? '').trim());
    if (around.some((line) => line !== ''))
      wrong.push(`'${kind}' needs blank lines around its first and its last line`);
    return wrong.map((one) => `line ${first}: ${one}`);
  });
  return [...slips, ...found];
}

/** Questions, then objectives, open an episode; key points close it. */
export function orderBreaches({ blocks, lines, frontMatter }: Page): string[] {
  const kinds = blocks.filter(({ parent }) => !parent).map(({ kind }) => kind);
  const found: string[] = [];
  if (kinds[0] !== 'questions' || kinds[1] !== 'objectives')
    found.push(
      `an episode begins with questions and objectives, not with ${kinds.slice(0, 2).join(' and ') || 'text'}`,
    );
  if (kinds.at(-1) !== 'keypoints')
    found.push(`an episode ends with keypoints, not with ${kinds.at(-1) ?? 'text'}`);
  for (const kind of ['questions', 'objectives', 'keypoints'])
    if (kinds.filter((one) => one === kind).length > 1) found.push(`${kind} stand there twice`);
  if (found.length > 0) return found;
  const top = frontMatter ? lines.indexOf('---', 1) + 1 : 0;
  const between = [
    ['questions', lines.slice(top, blocks[0].first - 1)],
    ['objectives', lines.slice(blocks[0].last, blocks[1].first - 1)],
  ] as const;
  for (const [kind, text] of between)
    if (text.join('').trim() !== '') found.push(`there is text before the ${kind}`);
  const after = lines.slice(blocks.findLast(({ kind }) => kind === 'keypoints')?.last);
  return after.join('').trim() === '' ? found : [...found, 'there is text after the keypoints'];
}

export function headingBreaches({ headings, html }: Page): string[] {
  const found = html.filter((one) => /<h[1-6]\b/i.test(one)).map(() => 'a heading is written in HTML');
  let before = 1;
  for (const { level, text, line } of headings) {
    if (text === '') found.push(`line ${line}: the heading is empty`);
    if (level === 1) found.push(`line ${line}: '${text}' is of level 1, which is the title's`);
    else if (level > before + 1) found.push(`line ${line}: '${text}' skips from level ${before} to ${level}`);
    before = level;
  }
  return found;
}

/** Links are encrypted, lead somewhere and say where; pictures have a text instead of them. */
export function linkBreaches(page: Page): string[] {
  const found = page.html
    .filter((one) => /<img\b(?![^>]*\balt="[^"]+")/i.test(one))
    .map(() => 'an <img> has no alt text');
  for (const { type, text, target } of page.links) {
    if (text.trim() === '') found.push(`${target}: the ${type} has no ${type === 'image' ? 'alt ' : ''}text`);
    if (type === 'link' && EMPTY_WORDS.test(text.trim()))
      found.push(`${target}: '${text}' does not say where it leads`);
    if (/^[a-z][a-z+.-]*:/i.test(target)) {
      if (!/^(https:|mailto:|http:\/\/(127\.0\.0\.1|localhost)\b)/.test(target))
        found.push(`${target}: must be https`);
    } else found.push(...targetBreaches(page, target));
  }
  return found;
}

function targetBreaches(page: Page, target: string): string[] {
  const [path, anchor] = target.split('#');
  const file = path === '' ? page.file : posix.join(posix.dirname(page.file), decodeURI(path));
  if (file.startsWith('..') || target.startsWith('/')) return [`${target}: leads out of the repository`];
  const there = existsSync(join(root, file));
  if (!there && path !== '') return [`${target}: there is no ${file}`];
  if (anchor === undefined) return [];
  if (/^L\d+(-L\d+)?$/.test(anchor) && !file.endsWith('.md')) return [];
  const anchors =
    path === ''
      ? anchorsOf(page)
      : file.startsWith('episodes/')
        ? anchorsOf(readPage(posix.relative('episodes', file)))
        : undefined;
  if (anchors === undefined || anchors.includes(anchor)) return [];
  return [`${target}: ${file} has no heading of that name`];
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf({ headings }: Page): string[] {
  const slugger = new GithubSlugger();
  return headings.map(({ text }) => slugger.slug(text));
}
