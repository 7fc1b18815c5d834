// The votes of the lesson, read from its episodes: question, choices, the right one, and the misconceptions behind the others.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A vote as an episode has it, as plain text. */
export interface Vote {
  /** Its episode and its place there, as '03-1'. */
  readonly id: string;
  readonly title: string;
  readonly question: string;
  readonly choices: readonly { readonly letter: string; readonly text: string }[];
  /** The right choice. Missing where the solution names none. */
  readonly right?: string;
  readonly solution: string;
  /** For the instructor: the misconception behind each wrong choice, by its letter, and what else helps. */
  readonly notes: Readonly<Record<string, string>>;
  readonly advice: string;
}

/** The votes of all episodes in a folder, in the lesson's order; none if there is no such folder. */
export function readVotes(folder: string): Vote[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d\d-.*\.md$/.test(name)) : [];
  return names.sort().flatMap((name) => votesOf(readFileSync(join(folder, name), 'utf8'), name.slice(0, 2)));
}

/** @param episode its number, as '03' */
export function votesOf(markdown: string, episode: string): Vote[] {
  return voteBlocks(markdown).map((text, i) => ({ id: `${episode}-${i + 1}`, ...voteIn(text) }));
}

/** The challenges of an episode that are votes, in Markdown. */
export function voteBlocks(markdown: string): string[] {
  const blocks = [...markdown.replaceAll('\r\n', '\n').matchAll(/^(:{4,}) challenge\n(.*?)^\1$/gms)];
  return blocks.map(([, , text]) => text).filter((text) => /^### Vote: /m.test(text));
}

/** Reads the text of a challenge that is a vote. A part that is missing is empty. */
export function voteIn(block: string): Omit<Vote, 'id'> {
  const text = block.replace(/<!--.*?-->/gs, '');
  const [, title = ''] = /^### Vote: (.*?)(?: \(.*\))?$/m.exec(text) ?? [];
  const asked = text.replace(/^### .*$/m, '').split(/^:{3,}/m)[0];
  const [question] = asked.split(/^[-*] [A-Z]\)/m);
  const choices = [...asked.matchAll(/^[-*] ([A-Z])\) (\S.*(?:\n {2,}\S.*)*)/gm)];
  const letters = choices.map(([, letter]) => letter).join('') || '-';
  const solution = inner(text, 'solution');
  const named = new RegExp(`\\*\\*([${letters}])\\b|(?<![\\w])([${letters}])(?=[).:,;*])`).exec(solution);
  return {
    title: plainText(title),
    question: plainText(question),
    choices: choices.map(([, letter, words]) => ({ letter, text: plainText(words) })),
    right: named?.[1] ?? named?.[2],
    solution: plainText(solution),
    ...notesIn(
      inner(text, 'instructor')
        .split(/\n\s*\n/)
        .map(plainText),
    ),
  };
}

/** Paragraphs that begin with a choice: 'A) ...' up to the next one, 'A) and B) ...' for both. All others are advice. */
function notesIn(paragraphs: readonly string[]): Pick<Vote, 'notes' | 'advice'> {
  const notes: Record<string, string> = {};
  const isNote = (text: string) => /^[A-H][):]\s/.test(text);
  for (const part of paragraphs.filter(isNote).flatMap((text) => text.split(/(?<=[.?!)] )(?=[A-H][):]\s)/))) {
    const [, marks, words] = /^((?:[A-H][):]\s+(?:and\s+)?)+)(.*)$/.exec(part.trim())!;
    const letters = marks.match(/[A-H]/g)!;
    for (const letter of letters) notes[letter] = letters.length > 1 ? marks + words : words;
  }
  return { notes, advice: paragraphs.filter((text) => text && !isNote(text)).join(' ') };
}

/** What a challenge holds in its blocks of a kind, as 'solution'. */
export function inner(text: string, kind: string): string {
  return [...text.matchAll(new RegExp(`^(:{3,}) ${kind}\\n(.*?)^\\1$`, 'gms'))]
    .map(([, , body]) => body)
    .join('\n');
}

/** Markdown without its marks. */
function plainText(markdown: string): string {
  const code: string[] = [];
  return markdown
    .replace(/`([^`]*)`/g, (_, words: string) => `\0${code.push(words) - 1}\0`)
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*(.+?)\*\*/gs, '$1')
    .replace(/(?<![\w*])([*_])(?=\S)(.+?)(?<=\S)\1(?![\w*])/gs, '$2')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\0(\d+)\0/g, (_, i: string) => code[Number(i)]);
}
