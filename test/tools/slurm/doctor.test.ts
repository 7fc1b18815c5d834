import { describe, expect, test } from 'vitest';
import { describeFound } from '../../../tools/slurm/doctor.js';
import { allowedThreads, onLoginNode } from '../../../tools/slurm/login-node.js';

const NODE = process.versions.node;
const problems = (ways: { [address: string]: string }, standIn = false, node = NODE) =>
  describeFound({ host: 'node1', node, ways }, Object.keys(ways), standIn)
    .filter(({ ok }) => !ok)
    .map(({ text }) => text);

describe('what a probe found', () => {
  test.each([
    ['ECONNREFUSED', /refused: .*Is the scheduler up/],
    ['ETIMEDOUT', /blocked: .*firewall/],
    ['ENETUNREACH', /unreachable: .*--host/],
    ['EHOSTUNREACH', /unreachable: /],
    ['ENOTFOUND', /name not found: /],
    ['EPERM', /cannot be reached \(EPERM\)/],
  ])('%s has a remedy of its own', (code, words) => {
    expect(problems({ 'ws://10.0.0.1:8786': code })).toEqual([expect.stringMatching(words)]);
  });

  test('a scheduler that only its own host can reach is the wrong interface', () => {
    const ways = { 'ws://127.0.0.1:8786': 'ECONNREFUSED', 'ws://localhost:8786': 'ok' };
    expect(problems(ways)).toEqual([expect.stringMatching(/^wrong interface: .*--host 0\.0\.0\.0/)]);
  });

  test('one way is enough: workers try each address', () => {
    expect(
      problems({
        'ws://192.0.2.1:1': 'ENETUNREACH',
        'ws://10.0.0.1:1': 'ok',
        'ws://127.0.0.1:1': 'ECONNREFUSED',
      }),
    ).toEqual([]);
  });

  test('another Node there than here is told', () => {
    expect(problems({ 'ws://10.0.0.1:1': 'ok' }, true, '18.0.0')).toEqual([
      expect.stringContaining('Node 18.0.0 there'),
    ]);
  });
});

describe('a login node', () => {
  test('is a host where Slurm answers, outside of a job', () => {
    expect(onLoginNode({}, () => true)).toBe(true);
    expect(onLoginNode({ SLURM_JOB_ID: '1' }, () => true)).toBe(false);
    expect(onLoginNode({}, () => false)).toBe(false);
  });

  test('gives two threads at most, and says why', () => {
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    expect([1, 2, 8].map((asked) => allowedThreads(asked, say, () => true))).toEqual([1, 2, 2]);
    expect(said).toEqual([expect.stringMatching(/login node.* 2 threads instead of 8/)]);
    expect(allowedThreads(8, say, () => false)).toBe(8);
  });
});
