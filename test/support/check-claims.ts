// What the tests of checks share: hear what a check prints, and claim which answers pass and how wrong ones are told apart.
import { afterEach, beforeEach, expect, vi, type MockInstance } from 'vitest';

let log: MockInstance;
beforeEach(() => (log = vi.spyOn(console, 'log').mockImplementation(() => {})));
afterEach(() => log.mockRestore());

/** A text whose lines were wrapped at 100 characters, as it was before. */
function unwrapped(text: string): string {
  let [whole, last] = ['', ''];
  for (const line of text.split('\n')) {
    const hasNoRoom = `${last} ${/^\S*/.exec(line)![0]}`.length > 100;
    whole += `${hasNoRoom && /^\S/.test(line) ? ' ' : '\n'}${line}`;
    last = line;
  }
  return whole.slice(1);
}

/** What a check prints for an answer, which may be of any type: cells are not checked strictly. */
export async function said<A>(check: (answer: A) => unknown, answer: unknown): Promise<string> {
  log.mockClear();
  await check(answer as A);
  expect(log.mock.calls.length).toBe(1);
  const text = log.mock.calls[0][0] as string;
  expect(text.split('\n').filter((line) => line.length > 100 && line.includes(' '))).toEqual([]); // it fits the page
  return unwrapped(text);
}

/** Claims that some answers pass, and that wrong ones do not and are told apart. */
export async function claim<A>(
  check: (answer: A) => unknown,
  { right, wrong }: { right: unknown[]; wrong: [unknown, RegExp][] },
) {
  const textsOf = async (answers: unknown[]) => {
    const texts: string[] = [];
    for (const answer of answers) texts.push(await said(check, answer));
    return texts;
  };
  expect((await textsOf(right)).map((text) => text.split(':')[0])).toEqual(right.map(() => 'passed'));
  const texts = await textsOf(wrong.map(([answer]) => answer));
  expect(texts).toEqual(wrong.map(([, part]) => expect.stringMatching(part)));
  expect(texts.filter((text) => !text.startsWith('not yet: '))).toEqual([]);
  expect(new Set(texts).size).toBe(texts.length);
}

/** A learner's function that throws. */
export const fails = () => {
  throw new RangeError('oops');
};
