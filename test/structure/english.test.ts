// Prose and messages are plain English: no page, text cell or message has the phrases that give a translation away.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { readNotebook, notebookNames, sourceOf } from '../support/notebook.js';
import { sourcesIn } from './sources.js';

/** A phrase, and what to write instead. */
const GIVEAWAYS: readonly (readonly [RegExp, string])[] = [
  [/\bhow many times as\b/i, 'by what factor'],
  [/\bonce more\b/i, 'again'],
  [/\bwho(so)?ever\b/i, 'anyone who, or name the actor'],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bbetrays?\b/i, 'show'],
  [/\bcannot be meant\b/i, 'is invalid'],
  [/\b(what|who|that|it|there|here|above|below|also) stands?\b/i, 'is'],
  [/\babsent means\b/i, 'default'],
  [/\bis (said|told) by\b/i, 'name the actor'],
  [/\bso long (a|without|as a)\b/i, 'while, or for as long as'],
  [/\bthose of (what|which|them)\b/i, 'repeat the noun'],
  [/\bno harm\b/i, 'that is fine'],
  [/\blike so\b/i, 'like this'],
  [/\bis (no|not) fault\b/i, 'is fine'],
  [/\bnobody is .* who\b/i, 'if you'],
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'environment.md', 'CONTRIBUTING.md', 'SECURITY.md', 'lib/README.md'];

/** What gives a text away; code in it does not count. */
function giveawaysIn(text: string): string[] {
  const prose = text.replace(
    /^```.*?^```$|`[^`]*`|<!-- bench:begin -->.*<!-- bench:end -->|<!--.*?-->/gms,
    '',
  );
  return GIVEAWAYS.flatMap(([phrase, instead]) => {
    const found = phrase.exec(prose)?.[0];
    return found === undefined ? [] : [`'${found}': ${instead}`];
  });
}

test.each(
  [...PAGES, ...readdirSync(join(root, 'episodes')).map((name) => `episodes/${name}`)].filter((name) =>
    name.endsWith('.md'),
  ),
)('%s is plain English', (name) => {
  expect(giveawaysIn(readFileSync(join(root, name), 'utf8'))).toEqual([]);
});

test.each(notebookNames())('%s is plain English', (name) => {
  const texts = readNotebook(name).cells.filter((cell) => cell.cell_type === 'markdown');
  expect(texts.flatMap((cell) => giveawaysIn(sourceOf(cell)).map((one) => `${cell.id}: ${one}`))).toEqual([]);
});

test('messages are plain English', () => {
  const found = sourcesIn('lib', 'lesson', 'tools', 'room', 'site').flatMap(({ file }) => {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(root, file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    return stringsIn(source).flatMap((text) => giveawaysIn(text).map((one) => `${file}: ${one}`));
  });
  expect(found).toEqual([]);
});

function stringsIn(node: ts.Node): string[] {
  const own =
    ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
      ? [node.text]
      : [];
  const inner: string[] = [];
  ts.forEachChild(node, (child) => void inner.push(...stringsIn(child)));
  return [...own, ...inner];
}

test('a phrase that gives a translation away would be found', () => {
  expect(giveawaysIn('Run it once more. `once more`')).toEqual(["'once more': again"]);
});
