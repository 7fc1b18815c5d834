// The plans add up, use no more time for an episode than it has, and name what they leave out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { episodeFolder, isEpisode, pageNames } from '../support/episode.js';

interface Plan {
  readonly minutes: number;
  readonly rows: readonly { readonly minutes: number; readonly episode: string | undefined }[];
  readonly leftOut: readonly string[];
}

const linkedIn = (text: string) => [...text.matchAll(/\]\((\d\d-[\w-]+\.md)\)/g)].map(([, name]) => name);

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
      })),
      leftOut: linkedIn(section.slice(section.indexOf('**Left out:**'))),
    }));
}

const plans = plansOf(readFileSync(join(episodeFolder, 'plans.md'), 'utf8'));
const episodes = pageNames().filter(isEpisode);

test('there are plans of 45, 180 and 360 minutes', () => {
  expect(plans.map(({ minutes }) => minutes)).toEqual([45, 180, 360]);
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
      const text = readFileSync(join(episodeFolder, episode), 'utf8');
      const [teaching, exercises] = ['teaching', 'exercises'].map((name) =>
        Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]),
      );
      expect(minutes, episode).toBeLessThanOrEqual(teaching + exercises);
    }
  });
});

test('a plan that does not add up, or forgets an episode, would be found', () => {
  const [plan] = plansOf(
    '## 9 minutes: too short\n\n| 5 | x | [1](01-serial.md) |\n\n**Left out:** [2](02-b.md).\n',
  );
  expect(plan).toEqual({ minutes: 9, rows: [{ minutes: 5, episode: '01-serial.md' }], leftOut: ['02-b.md'] });
});
