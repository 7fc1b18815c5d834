// A stream of any length, in little memory.
import { expect, test } from 'vitest';
import { LongText } from '../../site/long-text.js';

test('text that fits is shown as it came', () => {
  const text = new LongText();
  for (const piece of ['one\n', 'tw', 'o\n']) text.add(piece);
  expect(String(text)).toBe('one\ntwo\n');
});

test('of a million lines the first and the last are shown, and all others are counted', () => {
  const text = new LongText();
  for (let i = 0; i < 1e6; i++) text.add(`${i}\n`);
  const shown = String(text);
  const [, leftOut] = /\n\.\.\. ([\d,]+) lines are left out here \.\.\.\n/.exec(shown) ?? [];
  const lines = shown.split('\n').filter((line) => /^\d+$/.test(line));
  expect(lines.slice(0, 3)).toEqual(['0', '1', '2']);
  expect(lines.slice(-2)).toEqual(['999998', '999999']);
  // The line at the cut may be shown in part, and counted.
  expect(Math.abs(lines.length + Number(leftOut.replaceAll(',', '')) - 1e6)).toBeLessThanOrEqual(1);
  expect(shown.length).toBeLessThan(65_000);
});

test('a line without an end is cut too', () => {
  const text = new LongText();
  for (let i = 0; i < 1000; i++) text.add('x'.repeat(1000));
  expect(String(text).length).toBeLessThan(65_000);
});

test('a carriage return begins its line anew', () => {
  const text = new LongText();
  for (const piece of ['10 %\r', '90 %\r', 'done\nnext\r\n']) text.add(piece);
  expect(String(text)).toBe('done\nnext\r\n');
});
