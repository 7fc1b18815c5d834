// The blocks of an episode as HTML, without building a site.
import { expect, test } from 'vitest';
import { drawBlocks } from '../../scripts/site/blocks.mjs';

const draw = (...lines: string[]) => drawBlocks(lines.join('\n'), 'episodes/x.md');
/** What is left when blank lines do not count. */
const drawn = (...lines: string[]) =>
  draw(...lines)
    .split('\n')
    .filter((line) => line !== '');

test('a challenge is a section under its own heading, and its solution folds', () => {
  const text = ['::::: challenge', '', '### Exercise: one (3 minutes)', '', 'How many?', ''];
  expect(drawn(...text, '::: solution', '', 'One.', '', ':::', '', ':::::')).toEqual([
    '<section class="box challenge">',
    '### Exercise: one (3 minutes)',
    'How many?',
    '<details class="box solution">',
    '<summary>Solution</summary>',
    'One.',
    '</details>',
    '</section>',
  ]);
});

test('a box without a heading of its own gets one, a level below the section it stands in', () => {
  expect(drawn('::: keypoints', '', '- One.', '', ':::')[1]).toBe('## Key points');
  expect(drawn('## A', '### B', '::: discussion', '', 'What?', '', ':::')[3]).toBe(
    '<h4 class="box-title">Discussion</h4>',
  );
});

test('the heading of a fold becomes its summary', () => {
  const fold = (kind: string, heading: string) =>
    drawn(`::: ${kind}`, '', `#### ${heading}`, '', 'Text.', '', ':::').slice(1, 3);
  expect(fold('solution', 'Solution to `<one>`')).toEqual([
    '<summary>Solution to &lt;one&gt;</summary>',
    'Text.',
  ]);
  expect(fold('hint', 'Square it')[0]).toBe('<summary>Hint: Square it</summary>');
  expect(fold('spoiler', 'The proof')[0]).toBe('<summary>The proof</summary>');
});

test('markers go, also within a line; in code everything stays', () => {
  expect(draw('Ask <!-- setting: contact -->a@b.c<!-- end --> first.')).toBe('Ask a@b.c first.');
  const code = ['````md', '::: nothing', '```', '<!-- end -->', ':::', '````'];
  expect(draw(...code)).toBe(code.join('\n'));
});

test.each([
  [['::: riddle', ':::'], "line 1: 'riddle' is no block. Known: questions, "],
  [['a', ':::'], 'line 2: a block is closed here, and none is open.'],
  [['::::: challenge', ':::'], "line 2: ':::' closes nothing: line 1 opened challenge with ':::::'."],
  [['::: hint', 'x'], 'line 1: the block hint is never closed.'],
])('%j is refused with its line', (lines, message) => {
  expect(() => draw(...lines)).toThrow(`episodes/x.md, ${message}`);
});
