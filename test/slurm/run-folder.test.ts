import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { SlurmError } from '../../lib/slurm/commands.js';
import { RunFolder } from '../../lib/slurm/run-folder.js';
import { Run } from '../../lib/task/run.js';
import type { Task } from '../../lib/task/task.js';

let parent: string, folder: RunFolder;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lola-run-'));
  folder = RunFolder.create(parent);
});
afterEach(() => rmSync(parent, { recursive: true }));

const tasks = (count: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `t-${i}`,
    operation: 'echo',
    input: { i, zero: -0, data: new Float32Array([i]) },
  }));

describe('the folder of a run', () => {
  test('any task is read back as it was written, by its number', async () => {
    const written = tasks(1203);
    const drawn = await folder.writeTasks(new Run(written, {}));
    expect(drawn.map(({ task }) => task)).toEqual(written);
    for (const i of [0, 499, 500, 1202]) expect([...folder.tasks([i, i + 1])]).toEqual([written[i]]);
    expect([...folder.tasks([498, 1002])]).toEqual(written.slice(498, 1002));
    expect([...folder.tasks([0, 1203])]).toEqual(written);
    expect(() => [...folder.tasks([1202, 1204])]).toThrow(SlurmError);
  });

  test('large tasks do not share a page with hundreds of others', async () => {
    const data = new Float64Array(300_000).fill(1);
    const large = Array.from({ length: 5 }, (_, i) => ({
      key: `large-${i}`,
      operation: 'echo',
      input: data,
    }));
    await folder.writeTasks(new Run(large, {}));
    expect(readdirSync(folder.file('tasks')).sort()).toEqual(['0', '2', '4']);
    expect(Array.from(folder.tasks([3, 5]), ({ key }) => key)).toEqual(['large-3', 'large-4']);
  });

  test('results appear whole under their name; drafts are nobody’s business', () => {
    const results = { first: 7, host: 'node1', ends: [{ start: 1, end: 2, value: new Float64Array([-0]) }] };
    folder.writeResults('0-3', results);
    writeFileSync(folder.file('results', '0-4-8-1.123-abc.draft'), 'half');
    expect(folder.results()).toEqual(['0-3-7-1']);
    expect(folder.readResults('0-3-7-1')).toEqual(results);
    writeFileSync(folder.file('results', '0-4-8-1'), 'broken');
    expect(() => folder.readResults('0-4-8-1')).toThrow(SlurmError);
    expect(() => folder.readResults('0-4-8-1')).toThrow(/cannot be read/);
  });

  test('an element says which task it runs; a shorter number leaves nothing of a longer one', () => {
    expect(folder.readAlive('0-1')).toBeUndefined();
    const say = folder.openAlive('0-1');
    expect(folder.readAlive('0-1')).toBeUndefined();
    say({ task: 123_456, time: 1_790_000_000_000.123, host: 'node1' });
    expect(folder.readAlive('0-1')).toEqual({ task: 123_456, time: 1_790_000_000_000.123, host: 'node1' });
    say({ task: 7, time: 5, host: 'node1' });
    expect(folder.readAlive('0-1')).toEqual({ task: 7, time: 5, host: 'node1' });
  });

  test('submissions are counted, beyond nine too', () => {
    for (let i = 0; i < 12; i++) folder.writeSubmission(i, { spans: [[i, i + 1]], job: String(i) });
    expect(folder.submissions()).toBe(12);
    expect(folder.readSubmission(11)).toEqual({ spans: [[11, 12]], job: '11' });
  });

  test('what cannot be written says where, and leaves no draft', () => {
    expect(() => folder.write(join('nowhere', 'x'), 'text')).toThrow(/cannot write to .*ENOENT/);
    expect(readdirSync(folder.path).sort()).toEqual(['alive', 'logs', 'results', 'tasks']);
  });

  test('a folder of no run, or of another version, is refused', () => {
    expect(() => folder.readRecord()).toThrow(InvalidArgumentError);
    writeFileSync(folder.file('run.json'), '{ "format": 99 }');
    expect(() => folder.readRecord()).toThrow(/reads format 2/);
  });
});
