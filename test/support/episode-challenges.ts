// The rules for the challenges of an episode: exercises, stretches and votes, their minutes, and the notebook beside them.
import { textBetween, type Block, type Page } from './episode.js';
import { hasTag, sourceOf, type Notebook } from './notebook.js';

const CHALLENGE = /^(Exercise|Stretch|Vote): (.+) \((\d+) minutes?\)$/;
/** Minutes of teaching that may pass for one vote. */
const VOTE_EVERY = 15;

/** A challenge as its heading tells of it. */
export interface Challenge {
  readonly block: Block;
  readonly kind: 'Exercise' | 'Stretch' | 'Vote';
  readonly title: string;
  readonly minutes: number;
}

/** The challenges that have a proper heading. */
export function challengesOf(page: Page): Challenge[] {
  return page.blocks.flatMap((block) => {
    const [, kind, title, minutes] = CHALLENGE.exec(headOf(page, block) ?? '') ?? [];
    if (block.kind !== 'challenge' || kind === undefined) return [];
    return [{ block, kind: kind as Challenge['kind'], title, minutes: Number(minutes) }];
  });
}

/** The heading that a block begins with, if it begins with one of level 3. */
function headOf(page: Page, { first, last }: Block): string | undefined {
  const start = page.lines.findIndex(
    (line, i) => i >= first && line.trim() !== '' && !/^<!--.*-->$/.test(line.trim()),
  );
  return page.headings.find(({ line, level }) => line === start + 1 && line < last && level === 3)?.text;
}

/** Each challenge has a kind, minutes and a solution; a vote has choices, the right one, and what misleads to the others. */
export function challengeBreaches(page: Page): string[] {
  const challenges = challengesOf(page);
  return page.blocks
    .filter(({ kind }) => kind === 'challenge')
    .flatMap((block) => {
      const challenge = challenges.find((one) => one.block === block);
      const found = challenge
        ? []
        : ["must begin with a heading as '### Exercise: a title (5 minutes)'; or Stretch, or Vote"];
      if (innerText(page, block, 'solution') === '') found.push('has no solution, or an empty one');
      if (challenge?.kind === 'Vote') found.push(...voteBreaches(page, block));
      return found.map((one) => `line ${block.first}: the challenge ${one}`);
    });
}

function voteBreaches(page: Page, block: Block): string[] {
  const inner = page.blocks.find(({ parent }) => parent === block);
  const asked = textBetween(page, block.first + 1, (inner ?? { first: block.last }).first - 1);
  const choices = [...asked.matchAll(/^[-*] ([A-Z])\) \S/gm)].map(([, letter]) => letter);
  if (choices.length < 3 || choices.some((letter, i) => letter !== 'ABCDEFGH'[i]))
    return [
      `must give at least three choices, as '- A) ...', in order; it gives ${choices.join(', ') || 'none'}`,
    ];
  const letters = choices.join('');
  const named = new RegExp(`\\*\\*([${letters}])\\b|(?<![\\w])([${letters}])(?=[).:,;*])`);
  const [, bold, plain] = named.exec(innerText(page, block, 'solution')) ?? [];
  const right = bold ?? plain;
  if (right === undefined) return ["must name the right choice in its solution, as 'B)'"];
  const notes = innerText(page, block, 'instructor');
  const silent = choices.filter((one) => one !== right && !new RegExp(`\\b${one}\\b`).test(notes));
  return silent.length === 0
    ? []
    : [`must tell instructors what misleads to ${silent.join(', ')}, in a block 'instructor'`];
}

/** What a block holds within its inner block of a kind, markers aside. */
function innerText(page: Page, block: Block, kind: string): string {
  const inner = page.blocks.filter((one) => one.parent === block && one.kind === kind);
  const texts = inner.map(({ first, last }) => textBetween(page, first + 1, last - 1));
  return texts
    .join('\n')
    .replace(/<!--.*?-->/gs, '')
    .trim();
}

/** Exercises and votes add up, and votes come often enough. */
export function minuteBreaches(page: Page): string[] {
  const { teaching, exercises } = page.frontMatter ?? {};
  const challenges = challengesOf(page);
  const sum = challenges
    .filter(({ kind }) => kind !== 'Stretch')
    .reduce((all, { minutes }) => all + minutes, 0);
  const votes = challenges.filter(({ kind }) => kind === 'Vote').length;
  const wanted = Math.floor(Number(teaching) / VOTE_EVERY);
  const found: string[] = [];
  if (Number(exercises) !== sum)
    found.push(`front matter: exercises is ${exercises}, its challenges take ${sum} minutes`);
  if (votes < wanted) found.push(`votes in ${teaching} minutes of teaching: ${votes}; it needs ${wanted}`);
  return found;
}

/** An episode and its notebook have the same exercises, with the same minutes, beginning with the same code. */
export function agreementBreaches(page: Page, notebook: Notebook): string[] {
  const inNotebook = notebook.cells
    .filter((cell) => hasTag(cell, 'prompt'))
    .map((cell) => /^### (.*)$/m.exec(sourceOf(cell))?.[1] ?? `${cell.id}, which has no heading`);
  const inEpisode = challengesOf(page)
    .filter(({ kind }) => kind !== 'Vote')
    .map(({ kind, title, minutes }) => `${kind}: ${title} (${minutes} minute${minutes === 1 ? '' : 's'})`);
  const only = (these: string[], those: string[]) => these.filter((one) => !those.includes(one));
  return [
    ...only(inNotebook, inEpisode).map((one) => `only in the notebook: ${one}`),
    ...only(inEpisode, inNotebook).map((one) => `only in the episode: ${one}`),
    ...hiddenStarts(page, notebook),
  ];
}

/** Exercises that begin with a function or a text to change, which the episode does not show. Of one line, a prompt tells. */
function hiddenStarts(page: Page, { cells }: Notebook): string[] {
  const starts = cells.filter((cell) => hasTag(cell, 'exercise') && sourceOf(cell).includes('\n'));
  const hidden = starts.filter(({ id }) => !page.lines.some((line) => line.endsWith(`.ipynb#${id} -->`)));
  return hidden.map(({ id }) => `only in the notebook: the code of ${id}`);
}
