import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { SlurmError } from '../../lib/slurm/commands.js';
import { AliveFile } from '../../lib/slurm/alive-file.js';
import { RunDirectory } from '../../lib/slurm/run-directory.js';
import { TaskReader, writeTasks } from '../../lib/slurm/task-file.js';
import type { Task } from '../../lib/task/task.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'lola-run-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const tasks = (count: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `t-${i}`,
    operation: 'echo',
    input: { i, zero: -0, data: new Float32Array([i]) },
  }));

describe('the folder of a run', () => {
  test('any task is read back as it was written, by its number', async () => {
    const run = RunDirectory.create(folder);
    const written = tasks(1203);
    expect(
      await writeTasks(
        run,
        written,
        () => {},
        async () => {},
      ),
    ).toBe(1203);
    const reader = new TaskReader(run);
    for (const i of [0, 499, 500, 1202]) expect(reader.read(i)).toEqual(written[i]);
    expect(() => reader.read(1203)).toThrow(SlurmError);
    reader.close();
  });

  test('a segment appears whole under its name; drafts are nobody’s business', () => {
    const run = RunDirectory.create(folder);
    const segment = {
      first: 7,
      host: 'node1',
      outcomes: [{ start: 1, end: 2, value: new Float64Array([-0]) }],
    };
    run.writeSegment(0, 3, segment);
    writeFileSync(run.file('results', '0-4-8-1.123-abc.draft'), 'half');
    expect(run.segments()).toEqual(['0-3-7-1']);
    expect(run.readSegment('0-3-7-1')).toEqual(segment);
    writeFileSync(run.file('results', '0-4-8-1'), 'broken');
    expect(() => run.readSegment('0-4-8-1')).toThrow(/cannot be read/);
  });

  test('an element tells which task it runs; a shorter number leaves nothing of a longer one', () => {
    const run = RunDirectory.create(folder);
    expect(AliveFile.read(run, '0-1')).toBeUndefined();
    const alive = new AliveFile(run, '0-1', { task: 123_456, time: 1_790_000_000_000.123, host: 'node1' });
    expect(AliveFile.read(run, '0-1')).toEqual({ task: 123_456, time: 1_790_000_000_000.123, host: 'node1' });
    alive.tell(7, 5);
    expect(AliveFile.read(run, '0-1')).toEqual({ task: 7, time: 5, host: 'node1' });
    expect(AliveFile.names(run)).toEqual(['0-1']);
  });

  test('submissions are counted in their order, beyond nine too', () => {
    const run = RunDirectory.create(folder);
    for (let i = 0; i < 12; i++) run.writeSubmission(i, { ranges: [[i, i + 1]], job: String(i) });
    expect(run.submissions().map(({ job }) => job)).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
  });

  test('what cannot be written says where, and leaves no draft', () => {
    const run = RunDirectory.create(folder);
    expect(() => run.write(join('nowhere', 'x'), 'text')).toThrow(/cannot write to .*ENOENT/);
    expect(readdirSync(run.path).sort()).toEqual(['alive', 'logs', 'results']);
    chmodSync(folder, 0o755);
  });

  test('a folder of no run, or of another version, is refused', () => {
    expect(() => new RunDirectory(folder).readRecord()).toThrow(InvalidArgumentError);
    writeFileSync(join(folder, 'run.json'), '{ "format": 99 }');
    expect(() => new RunDirectory(folder).readRecord()).toThrow(/format 99/);
  });
});
