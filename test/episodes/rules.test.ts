// Every rule for episodes finds its breach in an episode that breaks it, and none in one that keeps them all.
import { describe, expect, test } from 'vitest';
import { agreementBreaches, challengesOf } from '../support/episode-challenges.js';
import { episodeBreaches, pageBreaches } from '../support/episode-rules.js';
import { parsePage } from '../support/episode.js';
import { codeCell, notebookOf, textCell } from '../support/made-up.js';

const SOUND = `---
title: 'One: a loop'
teaching: 15
exercises: 7
---

::: questions

- How does one count?

:::

::: objectives

- Count.

:::

Lola counts ([the notebook](../notebooks/01-serial.ipynb), [below](#the-loop-itself), [the next one](02-profile-and-predict.md)).

## The loop, itself

![Points in a square](../LICENSE)

\`\`\`text
# no heading
::: no block
\`\`\`

::::: challenge

<!-- cell: notebooks/01-serial.ipynb#some -->

### Exercise: count to three (3 minutes)

<!-- end -->

How far?

::: hint

Fingers help.

:::

::: solution

One, two, three.

:::

:::::

::: callout

See [its home](https://example.org).

:::

::::: challenge

### Vote: who is fastest? (4 minutes)

- A) the loop
- B) the pool
- C) neither

::: solution

B), where there are two cores.

:::

::: instructor

A: who believes that starting threads always costs more. C: who thinks of one core.

:::

:::::

::::: challenge

### Stretch: to a million (10 minutes)

::: solution

Patience.

:::

:::::

::: keypoints

- Counting is enough.

:::
`;

const page = (text: string) => parsePage('episodes/01-serial.md', text);
/** The breaches of the sound episode with `old` replaced; every place of it, which must be there. */
function breaches(old: string, now: string): string[] {
  expect(SOUND).toContain(old);
  return episodeBreaches(page(SOUND.replaceAll(old, now)));
}

test('a sound episode breaks no rule', () => {
  expect(episodeBreaches(page(SOUND))).toEqual([]);
});

const solution = '::: solution\n\nOne, two, three.\n\n:::\n\n';
const notes = SOUND.slice(
  SOUND.indexOf('::: instructor'),
  SOUND.indexOf(':::::\n\n::::: challenge\n\n### Stretch'),
);
const questions = SOUND.slice(SOUND.indexOf('::: questions'), SOUND.indexOf('::: objectives'));
const objectives = SOUND.slice(SOUND.indexOf('::: objectives'), SOUND.indexOf('Lola counts'));
const keypoints = SOUND.slice(SOUND.indexOf('::: keypoints'));

describe('each breach is named', () => {
  test.each<[string, string, string, string[]]>([
    ['no title', "title: 'One: a loop'\n", '', ['front matter: title is missing']],
    [
      'minutes in words',
      'teaching: 15',
      'teaching: short',
      ["front matter: teaching must be whole minutes, is 'short'"],
    ],
    ['an unknown field', 'exercises: 7', 'exercises: 7\nauthor: Rob', ['front matter: author is not known']],
    ['an unknown block', '::: callout', '::: remark', ["line 54: 'remark' is not a kind of block"]],
    [
      'too few colons',
      ':::::\n\n::: callout',
      '::::\n\n::: callout',
      ["line 52: 4 colons close the 5 of 'challenge'"],
    ],
    [
      'a block that stays open',
      keypoints,
      keypoints.slice(0, -4),
      ["line 94: 'keypoints' is not closed", 'an episode ends with keypoints, not with challenge'],
    ],
    [
      'a quote on one line',
      'Lola counts',
      '> Hello, > > Lola\n\nLola counts',
      ['line 19: lines of a quote have run together'],
    ],
    ['a closing line too many', 'Lola counts', ':::\n\nLola counts', ['line 19: closes nothing']],
    [
      'other colons',
      '::: callout\n\nSee [its home](https://example.org).\n\n:::',
      ':::: callout\n\nSee.\n\n::::',
      ["line 54: 'callout' has 4 colons; 3 it must have"],
    ],
    [
      'a block inside a callout',
      'See [its home](https://example.org).',
      '::: spoiler\n\nIt is far.\n\n:::',
      ["line 56: 'spoiler' stands inside 'callout'; only a challenge holds blocks"],
    ],
    [
      'a challenge inside a callout',
      'See [its home](https://example.org).',
      '::::: challenge\n\n### Stretch: go (1 minute)\n\n::: solution\n\nGone.\n\n:::\n\n:::::',
      ["line 56: a challenge stands inside 'callout'"],
    ],
    [
      'a solution to nothing',
      '::: callout',
      '::: solution',
      ["line 54: 'solution' stands outside a challenge"],
    ],
    [
      'no blank line',
      '::: callout\n\n',
      '::: callout\n',
      ["line 54: 'callout' needs blank lines around its first and its last line"],
    ],
    [
      'no blank line at the end',
      'example.org).\n\n:::',
      'example.org).\n:::',
      ["line 54: 'callout' needs blank lines around its first and its last line"],
    ],
    [
      'no questions',
      questions,
      '',
      ['an episode begins with questions and objectives, not with objectives and challenge'],
    ],
    [
      'objectives first',
      questions + objectives,
      objectives + questions,
      ['an episode begins with questions and objectives, not with objectives and questions'],
    ],
    [
      'text before the questions',
      questions,
      `Hello.\n\n${questions}`,
      ['there is text before the questions'],
    ],
    ['text between them', objectives, `Hello.\n\n${objectives}`, ['there is text before the objectives']],
    ['no key points', keypoints, '', ['an episode ends with keypoints, not with challenge']],
    ['key points twice', keypoints, `${keypoints}\n${keypoints}`, ['keypoints stand there twice']],
    ['text after the key points', keypoints, `${keypoints}\nBye.\n`, ['there is text after the keypoints']],
    [
      'level 1',
      '## The loop, itself',
      '# The loop, itself',
      [
        "line 21: 'The loop, itself' is of level 1, which is the title's",
        "line 34: 'Exercise: count to three (3 minutes)' skips from level 1 to 3",
      ],
    ],
    [
      'a skipped level',
      '\n## The loop, itself',
      '\n### The loop, itself',
      ["line 21: 'The loop, itself' skips from level 1 to 3"],
    ],
    ['an empty heading', 'How far?', '####', ['line 38: the heading is empty']],
    ['a heading in HTML', 'How far?', '<h4>How far?</h4>', ['a heading is written in HTML']],
    ['no alt text', '![Points in a square]', '![]', ['../LICENSE: the image has no alt text']],
    ['no alt text in HTML', 'How far?', '<img src="a.svg">', ['an <img> has no alt text']],
    [
      'a link that says nothing',
      '[its home]',
      '[Click here]',
      ["https://example.org: 'Click here' does not say where it leads"],
    ],
    ['a link without text', '[its home]', '[]', ['https://example.org: the link has no text']],
    [
      'a link in the open',
      'https://example.org',
      'http://example.org',
      ['http://example.org: must be https'],
    ],
    ['a link to no file', '../LICENSE', '../LICENCE', ['../LICENCE: there is no LICENCE']],
    [
      'a link out of the repository',
      '../LICENSE',
      '../../LICENSE',
      ['../../LICENSE: leads out of the repository'],
    ],
    [
      'a link to no heading',
      '(#the-loop-itself)',
      '(#the-pool)',
      ['#the-pool: episodes/01-serial.md has no heading of that name'],
    ],
    [
      'a challenge without a kind',
      '### Exercise: count',
      '### Count',
      [
        "line 30: the challenge must begin with a heading as '### Exercise: a title (5 minutes)'; or Stretch, or Vote",
        'front matter: exercises is 7, its challenges take 4 minutes',
      ],
    ],
    [
      'a challenge without minutes',
      ' (10 minutes)',
      '',
      [
        "line 82: the challenge must begin with a heading as '### Exercise: a title (5 minutes)'; or Stretch, or Vote",
      ],
    ],
    [
      'a challenge whose heading comes late',
      '### Stretch',
      'Now.\n\n### Stretch',
      [
        "line 82: the challenge must begin with a heading as '### Exercise: a title (5 minutes)'; or Stretch, or Vote",
      ],
    ],
    ['no solution', solution, '', ['line 30: the challenge has no solution, or an empty one']],
    [
      'an empty solution',
      'One, two, three.',
      '<!-- cell: a#b --><!-- end -->',
      ['line 30: the challenge has no solution, or an empty one'],
    ],
    [
      'a vote of two',
      '- C) neither\n',
      '',
      ["line 60: the challenge must give at least three choices, as '- A) ...', in order; it gives A, B"],
    ],
    [
      'a vote without an answer',
      'B), where',
      'The pool, where',
      ["line 60: the challenge must name the right choice in its solution, as 'B)'"],
    ],
    [
      'a vote without notes',
      notes,
      '',
      ["line 60: the challenge must tell instructors what misleads to A, C, in a block 'instructor'"],
    ],
    [
      'a wrong choice without a reason',
      ' C: who',
      ' Who',
      ["line 60: the challenge must tell instructors what misleads to C, in a block 'instructor'"],
    ],
    [
      'minutes that do not add up',
      '(3 minutes)',
      '(5 minutes)',
      ['front matter: exercises is 7, its challenges take 9 minutes'],
    ],
    ['too few votes', 'teaching: 15', 'teaching: 30', ['votes in 30 minutes of teaching: 1; it needs 2']],
  ])('%s', (_, old, now, found) => {
    expect(breaches(old, now)).toEqual(found);
  });

  test('no front matter', () => {
    const text = SOUND.slice(SOUND.indexOf('::: questions'));
    expect(episodeBreaches(page(text))[0]).toBe(
      'front matter: missing; it tells title, teaching and exercises',
    );
  });
});

test("colons and hashes in code mean nothing, and a stretch's minutes do not count", () => {
  const { blocks, headings } = page(SOUND);
  expect(blocks.map(({ kind }) => kind)).not.toContain('no block');
  expect(headings.map(({ text }) => text)).not.toContain('no heading');
  expect(breaches('(10 minutes)', '(99 minutes)')).toEqual([]);
});

test('another page of the kit needs a title, and keeps the rules for blocks, headings and links', () => {
  const text = '---\nteaching: 3\n---\n\n# Plans\n\n[Rob](http://example.org)\n\n::: callout\n';
  expect(pageBreaches(parsePage('episodes/plans.md', text))).toEqual([
    'front matter: title is missing',
    "line 9: 'callout' is not closed",
    "line 5: 'Plans' is of level 1, which is the title's",
    'http://example.org: must be https',
  ]);
});

describe('an episode and its notebook', () => {
  const prompts = ['Exercise: count to three (3 minutes)', 'Stretch: to a million (10 minutes)'];
  const notebook = (...heads: string[]) =>
    notebookOf(heads.map((head, i) => textCell(`cell-${i}`, `### ${head}\n\nHow?`, 'prompt')));

  test('agree where titles and minutes do; votes are of the episode alone', () => {
    expect(challengesOf(page(SOUND)).map(({ kind }) => kind)).toEqual(['Exercise', 'Vote', 'Stretch']);
    expect(agreementBreaches(page(SOUND), notebook(...prompts))).toEqual([]);
  });

  test('differ in the code that an exercise begins with, where that is more than a line', () => {
    const starts = [
      codeCell('count-exercise', 'count = () => {\n};'),
      codeCell('sum-exercise', 'sum = NaN;'),
    ];
    const { cells } = notebook(...prompts);
    const tagged = starts.map((cell) => ({ ...cell, metadata: { tags: ['exercise'] } }));
    const both = notebookOf([...cells, ...tagged]);
    expect(agreementBreaches(page(SOUND), both)).toEqual([
      'only in the notebook: the code of count-exercise',
    ]);
    const shown = SOUND.replace(
      'One, two',
      '<!-- cell: notebooks/01-serial.ipynb#count-exercise -->\n\nOne, two',
    );
    expect(agreementBreaches(page(shown), both)).toEqual([]);
  });

  test('differ in a title, in minutes, in an exercise that one of them lacks', () => {
    expect(agreementBreaches(page(SOUND), notebook(prompts[0]))).toEqual([
      `only in the episode: ${prompts[1]}`,
    ]);
    expect(agreementBreaches(page(SOUND), notebook(...prompts, 'Exercise: more (2 minutes)'))).toEqual([
      'only in the notebook: Exercise: more (2 minutes)',
    ]);
    expect(
      agreementBreaches(page(SOUND), notebook('Exercise: count to three (4 minutes)', prompts[1])),
    ).toEqual([
      'only in the notebook: Exercise: count to three (4 minutes)',
      `only in the episode: ${prompts[0]}`,
    ]);
  });
});
