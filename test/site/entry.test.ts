// The entry below a prediction: it finds the number in the cell's call, and nothing else.
import { expect, test } from 'vitest';
import { CALL } from '../../site/entry.js';
import { notebookNames, readNotebook, sourceOf } from '../support/notebook.js';

const found = (text: string) => CALL.exec(text)?.slice(2);

test('every prediction of the notebooks has one', () => {
  const calls = notebookNames()
    .flatMap((name) => readNotebook(name).cells.filter((cell) => cell.cell_type === 'code'))
    .map(sourceOf)
    .filter((text) => /\bpredict\(/.test(text));
  expect(calls.length).toBeGreaterThanOrEqual(8);
  for (const text of calls) expect(found(text), text).toEqual([expect.any(String), 'NaN']);
});

test.each(notebookNames())('%s asks for a prediction, and shows each beside the result', (name) => {
  const code = readNotebook(name)
    .cells.filter((cell) => cell.cell_type === 'code')
    .map(sourceOf);
  const asking = code.flatMap((text, i) => (/\bpredict\(/.test(text) ? [i] : []));
  expect(asking.length).toBeGreaterThan(0);
  for (const i of asking) {
    const variable = /(\w+) = predict\(/.exec(code[i])?.[1];
    const answer = new RegExp(`\\b${variable} (\\?\\?|=== undefined \\?) 'nothing'`);
    expect(
      code.slice(i).some((text) => answer.test(text)),
      code[i],
    ).toBe(true);
  }
});

test.each([
  ["let g = predict('a', 4); // 5", ['a', '4']],
  ["a();\ng = predict('it\\'s b', -1.5e-3);", ["it\\'s b", '-1.5e-3']],
  ["predict(\n  'c',\n  NaN\n)", ['c', 'NaN']],
  ["predict('d', 2 * 3)", undefined],
  ["predict('e', x)", undefined],
  ["forecast('f', 3)", undefined],
  ["repredict('g', 3)", undefined],
])('of %j is %j', (text, wanted) => {
  expect(found(text)).toEqual(wanted);
});
