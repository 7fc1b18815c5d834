// Episodes as files: front matter, blocks of colons, headings, links and pictures, each with its line.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lexer, walkTokens, type Token, type Tokens } from 'marked';

/** The repository, and the folder of its episodes. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const episodeFolder = join(root, 'episodes');

/** The lesson's episodes, in its order; a notebook of the same stem belongs to each. */
export const STEMS = [
  '01-serial',
  '02-profile-and-predict',
  '03-pool',
  '04-streams',
  '05-chunked',
  '06-distributed',
  '07-slurm',
  '08-scaling',
  '09-capstone',
];

/** A block of colons. Lines count from 1 and are those of its colons. */
export interface Block {
  readonly kind: string;
  readonly colons: number;
  readonly first: number;
  readonly last: number;
  readonly parent?: Block;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly line: number;
}

/** A link or a picture; its text is what is read aloud. */
export interface Link {
  readonly type: 'link' | 'image';
  readonly text: string;
  readonly target: string;
}

/** A page as its rules look at it. */
export interface Page {
  /** Its path, from the root of the repository. */
  readonly file: string;
  readonly lines: readonly string[];
  /** What stands between the two lines `---` at the top, by name; undefined where there are none. */
  readonly frontMatter?: { readonly [name: string]: string };
  readonly blocks: readonly Block[];
  /** What is wrong with the colons themselves, and with the marks of quotes. */
  readonly slips: readonly string[];
  readonly headings: readonly Heading[];
  readonly links: readonly Link[];
  /** HTML of its own, without comments. */
  readonly html: readonly string[];
}

/** Names of the pages that there are, README.md aside: episodes have a stem of the lesson. */
export function pageNames(): string[] {
  const names = existsSync(episodeFolder) ? readdirSync(episodeFolder) : [];
  return names.filter((name) => name.endsWith('.md') && name !== 'README.md').sort();
}

export function isEpisode(name: string): boolean {
  return STEMS.includes(name.replace(/^.*\/|\.md$/g, ''));
}

export function readPage(name: string): Page {
  return parsePage(`episodes/${name}`, readFileSync(join(episodeFolder, name), 'utf8'));
}

export function parsePage(file: string, text: string): Page {
  const [top, inner] = /^---\n(.*?)\n---\n/s.exec(text) ?? ['', undefined];
  const lines = text.split('\n');
  const body = '\n'.repeat(top.split('\n').length - 1) + text.slice(top.length);
  return {
    file,
    lines,
    frontMatter: inner === undefined ? undefined : pairsOf(inner),
    ...blocksOf(codeBlanked(body)),
    ...contentOf(body),
  };
}

/** The text of lines `first` to `last`, both within. */
export function textBetween({ lines }: Page, first: number, last: number): string {
  return lines.slice(first - 1, last).join('\n');
}

function pairsOf(inner: string): { [name: string]: string } {
  const pairs = inner.split('\n').map((line) => /^(\w+): *(.*)$/.exec(line) ?? [line, line, '']);
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value.replace(/^(['"])(.*)\1$/, '$2')]));
}

/** The lines with those of fenced code emptied: colons and hashes in code mean nothing. */
function codeBlanked(body: string): string[] {
  const blank = (token: Token) => token.raw.replace(/[^\n]+/g, '');
  return lexer(body)
    .map((token) => (token.type === 'code' ? blank(token) : token.raw))
    .join('')
    .split('\n');
}

function blocksOf(lines: readonly string[]): Pick<Page, 'blocks' | 'slips'> {
  const blocks: Block[] = [];
  const slips: string[] = [];
  const open: Omit<Block, 'last'>[] = [];
  for (const [i, line] of lines.entries()) {
    const [, colons, kind] = /^(:{3,}) *(.*?) *$/.exec(line) ?? [];
    const at = `line ${i + 1}`;
    if (line.includes('> >')) slips.push(`${at}: lines of a quote have run together`);
    if (colons === undefined) continue;
    if (kind !== '') {
      open.push({ kind, colons: colons.length, first: i + 1, parent: open.at(-1) as Block | undefined });
      continue;
    }
    const block = open.pop();
    if (!block) slips.push(`${at}: closes nothing`);
    else {
      if (block.colons !== colons.length)
        slips.push(`${at}: ${colons.length} colons close the ${block.colons} of '${block.kind}'`);
      blocks.push(Object.assign(block, { last: i + 1 })); // the same object, which its inner blocks name as parent
    }
  }
  slips.push(...open.map(({ kind, first }) => `line ${first}: '${kind}' is not closed`));
  return { blocks: blocks.sort((a, b) => a.first - b.first), slips };
}

function contentOf(body: string): Pick<Page, 'headings' | 'links' | 'html'> {
  const tokens = lexer(body);
  const headings: Heading[] = [];
  let line = 1;
  for (const token of tokens) {
    if (token.type === 'heading') {
      const { depth, tokens: inner } = token as Tokens.Heading;
      headings.push({ level: depth, text: plainText(inner), line });
    }
    line += token.raw.split('\n').length - 1;
  }
  const links: Link[] = [];
  const html: string[] = [];
  void walkTokens(tokens, (token) => {
    if (token.type === 'link') links.push({ type: 'link', ...linkOf(token as Tokens.Link) });
    if (token.type === 'image') links.push({ type: 'image', ...linkOf(token as Tokens.Image) });
    if (token.type === 'html') html.push(token.raw.replace(/<!--.*?-->/gs, ''));
  });
  return { headings, links, html };
}

function linkOf({ text, href, tokens }: { text: string; href: string; tokens?: Token[] }) {
  return { text: tokens ? plainText(tokens) : text, target: href };
}

function plainText(tokens: readonly Token[]): string {
  const textOf = (token: Token): string =>
    'tokens' in token && token.tokens ? plainText(token.tokens) : 'text' in token ? String(token.text) : '';
  return tokens.map(textOf).join('').trim();
}
