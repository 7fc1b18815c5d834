// `npm run votes`: writes votes.html, a page for each vote of the episodes, to show or to print; the answers come last.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { marked } from 'marked';
import { EpisodeError, runAsCommand } from './episodes/errors.mjs';
import { prepare } from './prepare.mjs';

prepare();
const { inner, voteBlocks } = await import('../dist/room/votes.js');
const HELP = `Usage: npm run votes

Writes votes.html: a page for each vote of the episodes, to show or to print; the answers come last.
  --help  print this text
`;
const root = fileURLToPath(new URL('..', import.meta.url));
const STYLE = `
body { font: 1.6rem/1.5 system-ui, sans-serif; margin: 0; color: #222; background: #fff }
section { box-sizing: border-box; min-height: 100vh; padding: 6vh 8vw; break-after: page }
section.answer { min-height: 0; font-size: 1.1rem; break-inside: avoid; break-after: auto }
h1 { font-size: 2.4rem; margin: 0 } h2 { font-size: 1.3rem }
:is(h1, h2)::first-letter { text-transform: uppercase }
ul { list-style: none; padding: 0 } li { margin: 1rem 0 }
p.from { color: #555; font-size: 1rem } pre { font-size: 1.1rem; white-space: pre-wrap }`;

/** The votes of an episode's text: title, question with its choices, solution, and the notes on wrong choices. */
export function votesOf(text) {
  return voteBlocks(text).map((block) => ({
    title: /^### Vote: (.*?) \(/m.exec(block)[1],
    question: block
      .replace(/^### .*$/m, '')
      .split(/^::: /m)[0]
      .trim(),
    solution: inner(block, 'solution').trim(),
    notes: inner(block, 'instructor').trim(),
  }));
}

/** The page, from the votes by episode. */
export function pageOf(votes) {
  const slides = votes.map(({ from, title, question }) => {
    return `<section><p class="from">${from}</p><h1>${marked.parseInline(title)}</h1>${marked.parse(question)}</section>`;
  });
  const answers = votes.map(({ from, title, solution, notes }) => {
    const parts = marked.parse(`${solution}\n\n${notes}`);
    return `<section class="answer"><p class="from">${from}</p><h2>${marked.parseInline(title)}</h2>${parts}</section>`;
  });
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Votes</title>`;
  return `<!doctype html><html lang="en">${head}<style>${STYLE}</style>${slides.join('\n')}\n${answers.join('\n')}</html>\n`;
}

/** All votes of the lesson, in its order. */
export function votesIn(folder) {
  const names = readdirSync(folder).filter((name) => /^\d\d-.*\.md$/.test(name));
  return names.sort().flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    return votesOf(text).map((vote) => ({ from: `Episode ${Number(name.slice(0, 2))}`, ...vote }));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runAsCommand((words) => {
    if (words.join() === '--help') return void process.stdout.write(HELP);
    if (words.length > 0)
      throw new EpisodeError(
        'BAD_ARGUMENT',
        `npm run votes: cannot read '${words.join(' ')}'. Known:\n${HELP.trimEnd()}`,
      );
    const votes = votesIn(join(root, 'episodes'));
    writeFileSync(join(root, 'votes.html'), pageOf(votes));
    process.stdout.write(
      `votes.html: ${votes.length} votes. Open it in a browser, to show or to print them.\n`,
    );
  });
}
