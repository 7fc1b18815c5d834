// Minutes: plans add up, can be taught and name what they leave out; episodes, notebooks and notes say the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { challengesOf } from '../support/episode-challenges.js';
import { episodeFolder, isEpisode, pageNames, readPage } from '../support/episode.js';
import { readNotebook, sourceOf } from '../support/notebook.js';

interface Row {
  readonly minutes: number;
  readonly episode: string | undefined;
  /** Learners watch: it takes as long as the instructor likes. */
  readonly shown: boolean;
  /** Titles of the exercises and votes that are done; undefined where a plan has no column for them. */
  readonly done: readonly string[] | undefined;
}

interface Plan {
  readonly minutes: number;
  readonly rows: readonly Row[];
  readonly leftOut: readonly string[];
}

const linkedIn = (text: string) => [...text.matchAll(/\]\((\d\d-[\w-]+\.md)\)/g)].map(([, name]) => name);

/** The third of four columns, of which the first has been read. */
const doneOf = ([, titles, from]: string[]) =>
  from === undefined ? undefined : titles.split(';').flatMap((title) => title.trim() || []);

/** The minutes of an episode, by its front matter. */
function minutesOf(name: string) {
  const { teaching, exercises } = readPage(name).frontMatter ?? {};
  return { teaching: Number(teaching), exercises: Number(exercises) };
}

/** The plans of a page: a heading with the minutes, a table with a row a step, and a paragraph 'Left out'. */
function plansOf(text: string): readonly Plan[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      minutes: Number.parseInt(section, 10),
      rows: [...section.matchAll(/^\| +(\d+) \|(.*)$/gm)].map(([, minutes, rest]) => ({
        minutes: Number(minutes),
        episode: linkedIn(rest)[0],
        shown: /\bshown by you\b/.test(rest),
        done: doneOf(rest.split('|').slice(0, -1)),
      })),
      leftOut: linkedIn(section.slice(section.indexOf('**Left out:**'))),
    }));
}

const plans = plansOf(readFileSync(join(episodeFolder, 'plans.md'), 'utf8'));
const episodes = pageNames().filter(isEpisode);
const notes = readFileSync(join(episodeFolder, 'instructor-notes.md'), 'utf8');

test('there are plans of 45, 90, 180 and 360 minutes', () => {
  expect(plans.map(({ minutes }) => minutes)).toEqual([45, 90, 180, 360]);
});

describe.each(plans)('the plan of $minutes minutes', ({ minutes, rows, leftOut }) => {
  test('adds up', () => {
    expect(rows.reduce((sum, row) => sum + row.minutes, 0)).toBe(minutes);
  });

  test('has each episode in its table or among what is left out, and the table in the order of the lesson', () => {
    const taught = rows.flatMap(({ episode }) => episode ?? []);
    expect(taught).toEqual([...taught].sort());
    expect([...taught, ...leftOut].sort()).toEqual(episodes);
  });

  test('gives no episode more time than it has', () => {
    for (const { minutes, episode } of rows) {
      if (episode === undefined) continue;
      const { teaching, exercises } = minutesOf(episode);
      expect(minutes, episode).toBeLessThanOrEqual(teaching + exercises);
    }
  });

  test('does exercises and votes that there are, and leaves time to teach: half at least where learners work, and not more than all', () => {
    for (const { minutes, episode, shown, done } of rows) {
      if (episode === undefined || done === undefined) continue;
      const challenges = challengesOf(readPage(episode)).filter(({ kind }) => kind !== 'Stretch');
      expect(challenges.map(({ title }) => title)).toEqual(expect.arrayContaining([...done]));
      const taken = challenges.filter(({ title }) => done.includes(title));
      const left = minutes - taken.reduce((sum, one) => sum + one.minutes, 0);
      const { teaching } = minutesOf(episode);
      expect(left, episode).toBeGreaterThanOrEqual(shown ? 0 : teaching / 2);
      expect(left, episode).toBeLessThanOrEqual(teaching);
    }
  });
});

test('a plan that does not add up, or forgets an episode, would be found', () => {
  const text =
    '## 9 minutes: too short\n\n| 5 | x | a; b | [1](01-serial.md) |\n| 2 | x, shown by you | [3](03-c.md) |\n\n**Left out:** [2](02-b.md).\n';
  expect(plansOf(text)).toEqual([
    {
      minutes: 9,
      rows: [
        { minutes: 5, episode: '01-serial.md', shown: false, done: ['a', 'b'] },
        { minutes: 2, episode: '03-c.md', shown: true, done: undefined },
      ],
      leftOut: ['02-b.md'],
    },
  ]);
});

describe.each(episodes)('%s', (name) => {
  const { teaching, exercises } = minutesOf(name);
  const challenges = challengesOf(readPage(name));
  const sumOf = (kind: string) =>
    challenges.filter((one) => one.kind === kind).reduce((sum, { minutes }) => sum + minutes, 0);

  test('its notebook says the same minutes, votes aside', () => {
    const goals = sourceOf(readNotebook(name.replace(/md$/, 'ipynb')).cells[0]);
    expect(goals).toContain(
      `**Minutes.** ${teaching} of reading and running, ${sumOf('Exercise')} of exercises, ${sumOf('Stretch')} more`,
    );
  });

  test('its page in the notes says the same minutes', () => {
    const section = notes.split(`## Episode ${Number(name.slice(0, 2))}:`)[1]?.split('\n## ')[0];
    expect(section).toContain(`_${teaching} minutes of teaching, ${exercises} of exercises and votes._`);
  });

  test('its block on timing adds up to them', () => {
    const sentence = /^\*\*Timing\.\*\* ([^.]*)\./m.exec(
      readFileSync(join(episodeFolder, name), 'utf8'),
    )?.[1];
    const parts = [...(sentence ?? '').matchAll(/\b\d+\b/g)].map(([minutes]) => Number(minutes));
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(teaching + exercises);
  });
});
