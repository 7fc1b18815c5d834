// What the jobs of a run execute, started here as Slurm's scripts start them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countInside } from '../../lib/sampling/kernel.js';
import { partition } from '../../lib/sampling/partition.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { resumeCommand, type RunFolder } from '../../lib/slurm/run-folder.js';
import { writeRun } from '../support/slurm-site.js';

const label = { samples: 1_000, seed: 'jobs' };
const key = keyOfSeed(label.seed);
const parts = [...partition(label.samples, 4)];
const tasks = parts.map((part, i) => ({
  key: `count-${i}`,
  operation: 'countInside',
  input: { key, ...part },
}));
const counts = parts.map(({ start, samples }) => countInside(key, start, samples));
const total = countInside(key, 0, label.samples);

let parent: string, folder: RunFolder;
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'lola-jobs-'));
  folder = await writeRun(parent, tasks, { label });
  // prettier-ignore
  folder.writeSubmission(0, { spans: [[0, 3], [3, 4]] });
});
afterEach(() => rmSync(parent, { recursive: true }));

function startJob(
  program: string,
  ...words: string[]
): { status: number | null; stdout: string; stderr: string } {
  const path = fileURLToPath(new URL(`../../dist/lib/slurm/${program}.js`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, folder.path, ...words], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, SLURMD_NODENAME: 'node1' },
  });
  return { status, stdout, stderr };
}

describe('an element', () => {
  test('computes its tasks and no other, and says what it ran last', () => {
    expect(startJob('element', '0', '0')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(folder.results()).toEqual(['0-0-0-3']);
    const { first, host, ends } = folder.readResults('0-0-0-3');
    expect({ first, host, values: ends.map(({ value }) => value) }).toEqual({
      first: 0,
      host: 'node1',
      values: counts.slice(0, 3),
    });
    expect(folder.readAlive('0-0')).toMatchObject({ task: 2, host: 'node1' });
  });

  test('that is started again goes on after its last result', () => {
    folder.writeResults('0-0', { first: 0, host: 'node2', ends: [{ start: 1, end: 2, value: counts[0] }] });
    expect(startJob('element', '0', '0').status).toBe(0);
    expect(folder.results().sort()).toEqual(['0-0-0-1', '0-0-1-2']);
  });

  test('ends with its last task, although a task module has left a timer', async () => {
    const leaves = 'data:text/javascript,setInterval(() => {}, 1000); export const one = (x) => x + 1;';
    const ones = [1, 2].map((input) => ({ key: `one-${input}`, operation: 'one', input }));
    folder = await writeRun(parent, ones, { modules: [leaves] });
    folder.writeSubmission(0, { spans: [[0, 2]] });
    expect(startJob('element', '0', '0')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(folder.readResults('0-0-0-2').ends.map(({ value }) => value)).toEqual([2, 3]);
  });

  test('that cannot write its results says so with an exit code of its own', () => {
    rmSync(folder.file('alive'), { recursive: true });
    const { status, stderr } = startJob('element', '0', '0');
    expect({ status, stderr }).toEqual({
      status: 74,
      stderr: expect.stringMatching(/^lola: cannot write to/) as unknown,
    });
  });
});

describe('the job that adds up', () => {
  test('says how many tasks have no result, and leaves no sum', () => {
    startJob('element', '0', '0');
    expect(startJob('reduce')).toEqual({
      status: 1,
      stdout: '',
      stderr: `lola: 1 of 4 tasks have no result: lola slurm resume ${folder.path}\n`,
    });
    expect(existsSync(folder.file('result.txt'))).toBe(false);
  });

  test('leaves pi in the folder if all have one', () => {
    for (const element of ['0', '1']) startJob('element', '0', element);
    const { status, stdout } = startJob('reduce');
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^pi is .* from 1000 samples, seed jobs: ${total} of them inside\n`));
    expect(readFileSync(folder.file('result.txt'), 'utf8')).toBe(stdout);
  });
});

test.each(['/runs/of Ada', '/runs/(50%) #1', "/runs/it's $HOME", '/runs/\u00e4; exit 3'])(
  'what continues a run is a line that a shell reads: %s',
  (path) => {
    const line = `lola() { printf '%s\\n' "$@"; }; ${resumeCommand(path)}`;
    const { stdout } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
    expect(stdout).toBe(`slurm\nresume\n${path}\n`);
  },
);
