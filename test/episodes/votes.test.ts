// Votes to show or to print: every vote of the lesson is there, its question without the answer, and the answers come last.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pageOf, votesIn } from '../../scripts/votes.mjs';
import { challengesOf } from '../support/episode-challenges.js';
import { episodeFolder, isEpisode, pageNames, readPage } from '../support/episode.js';

const votes = votesIn(episodeFolder);

test('every vote of the lesson is among them, with its choices, its solution and its notes', () => {
  const challenges = pageNames()
    .filter(isEpisode)
    .flatMap((name) => challengesOf(readPage(name)));
  expect(votes.map(({ title }) => title)).toEqual(
    challenges.filter(({ kind }) => kind === 'Vote').map(({ title }) => title),
  );
  for (const { title, question, solution, notes } of votes) {
    expect(question.match(/^- [A-Z]\) /gm)?.length, title).toBeGreaterThan(2);
    expect(question + solution + notes, title).not.toContain(':::');
    expect([solution, notes], title).not.toContain('');
  }
});

test('no question shows its answer, and the answers come after all questions', () => {
  const page = pageOf(votes);
  const [questions, answers] = [page.split('class="answer"')[0], page.split('class="answer"').slice(1)];
  expect(questions.match(/<section>/g)).toHaveLength(votes.length);
  expect(answers).toHaveLength(votes.length);
  expect(questions).not.toMatch(/instructor|solution/i);
});

test.each([
  [['--help'], 0, /^Usage: npm run votes\n/, /^$/],
  [['--pdf'], 2, /^$/, /^lolas-pi: npm run votes: cannot read '--pdf'\. Known:\nUsage: /],
])('the command answers %s, and writes nothing', (words, code, out, err) => {
  const script = fileURLToPath(new URL('../../scripts/votes.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
  expect(stdout).toMatch(out);
  expect(stderr).toMatch(err);
  expect(status).toBe(code);
});
