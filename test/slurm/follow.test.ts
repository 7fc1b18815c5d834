// Taking a run up from its folder alone: what was told, and what stays open. No Slurm is asked where nothing is missing.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Following } from '../../lib/slurm/follow.js';
import { RunDirectory } from '../../lib/slurm/run-directory.js';
import { writeTasks } from '../../lib/slurm/task-file.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';

let parent: string, run: RunDirectory;
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'lola-follow-'));
  run = RunDirectory.create(parent);
  const tasks = ['a', 'b', 'c'].map((key) => ({ key, operation: 'echo', input: key }));
  await writeTasks(
    run,
    tasks,
    () => {},
    () => Promise.resolve(),
  );
  const outcomes = ['a', 'b'].map((value, i) => ({ start: i, end: i + 1, value }));
  run.writeSegment(0, 0, { first: 0, host: 'node1', outcomes });
});
afterEach(() => rmSync(parent, { recursive: true }));

const plan = { workers: 1, tasksPerElement: 1, maxArraySize: 1000, onReport: () => {} };
/** Takes the run up; gives what was told, in words. */
async function resume(): Promise<{ told: string[]; ended: unknown }> {
  const told: string[] = [];
  const onEvent = (event: ExecutorEvent) =>
    told.push(`${event.type} ${'task' in event ? event.task : event.worker}`);
  const record = run.writeRecord({ tasks: 3, modules: [], settings: {}, label: null });
  const following = new Following(run, record, plan, { onEvent: (event) => void onEvent(event) });
  const ended = await following.resume().catch((error: unknown) => String(error));
  return { told, ended };
}
const begun = ['queued a', 'queued b', 'queued c', 'joined node1:0'];
const both = ['started a', 'finished a', 'started b', 'finished b'];

describe('a run that is taken up', () => {
  test('tells of every task, of those that were done before too', async () => {
    run.writeSegment(0, 1, { first: 2, host: 'node1', outcomes: [{ start: 2, end: 3, value: 'c' }] });
    const { told, ended } = await resume();
    expect(ended).toEqual(['a', 'b', 'c']);
    expect(told).toEqual([
      ...begun,
      ...both,
      'joined node1:1',
      'started c',
      'finished c',
      'left node1:0',
      'left node1:1',
    ]);
  });

  test.runIf(process.platform === 'linux')('closes its files where it cannot be taken up', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    writeFileSync(run.file('results', '0-1-2-1'), 'broken');
    const before = open();
    const { told, ended } = await resume();
    expect(ended).toMatch(/0-1-2-1 cannot be read: .* Delete it and resume the run/);
    expect(told).toEqual([...begun, ...both, 'left node1:0']);
    expect(open()).toBe(before);
  });
});
