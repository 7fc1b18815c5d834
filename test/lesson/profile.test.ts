import type { Profiler } from 'node:inspector';
import { describe, expect, test } from 'vitest';
import { describeProfile, linesOf, profileSerial } from '../../lesson/profile.js';

const frame = (functionName: string, url: string) => ({
  functionName,
  url,
  scriptId: '1',
  lineNumber: 0,
  columnNumber: 0,
});

test('ticks are summed by line over all callers, idle time is left out, and shares add up to 1', () => {
  const profile: Profiler.Profile = {
    startTime: 0,
    endTime: 1,
    nodes: [
      { id: 1, callFrame: frame('(idle)', ''), hitCount: 1000 },
      {
        id: 2,
        callFrame: frame('f', 'file:///a.js'),
        hitCount: 7,
        positionTicks: [
          { line: 1, ticks: 3 },
          { line: 2, ticks: 4 },
        ],
      },
      { id: 3, callFrame: frame('f', 'file:///a.js'), hitCount: 1, positionTicks: [{ line: 2, ticks: 1 }] },
      // the same line where the compiler has put f into its caller
      { id: 5, callFrame: frame('g', 'file:///a.js'), hitCount: 1, positionTicks: [{ line: 2, ticks: 1 }] },
      { id: 4, callFrame: frame('(garbage collector)', ''), hitCount: 1 },
    ],
  };
  const lines = linesOf(profile, () => ['  first();', '  second();']);
  expect(lines.map(({ source, file, line, share }) => [source, file, line, share])).toEqual([
    ['second();', 'a.js', 2, 0.6],
    ['first();', 'a.js', 1, 0.3],
    ['(garbage collector)', '', 0, 0.1],
  ]);
});

describe('the serial stage', () => {
  test('spends nearly all of its time on random numbers and the test, both found in the lines of the kernel', async () => {
    const profile = await profileSerial(1e8);
    const { randomNumbers, test: tested, rest, lines } = profile;
    expect(randomNumbers + tested + rest).toBeCloseTo(1, 10);
    expect(randomNumbers).toBeGreaterThan(0.1);
    expect(tested).toBeGreaterThan(0.05);
    expect(lines[0].file).toBe('kernel.js');
    expect(lines.some(({ source }) => source.includes('<= 1'))).toBe(true);
    expect(describeProfile(profile)).toMatch(/^random numbers \d+\.\d %, test \d+\.\d %.*73 %/);
  });
});
