// Taking a run up from its folder alone: what is reported, and what stays open. No Slurm is asked if nothing is missing.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resumeSlurm } from '../../lib/slurm/executor.js';
import type { RunFolder } from '../../lib/slurm/run-folder.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { echoes, endsWith, writeRun } from '../support/slurm-site.js';

let parent: string, folder: RunFolder;
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'lola-follow-'));
  folder = await writeRun(parent, echoes('a', 'b', 'c'));
  folder.writeResults('0-0', { first: 0, host: 'node1', ends: endsWith('a', 'b') });
});
afterEach(() => rmSync(parent, { recursive: true }));

/** Takes the run up; gives what was reported, in words. */
async function resume(): Promise<{ reported: string[]; ended: unknown }> {
  const reported: string[] = [];
  const onEvent = (event: ExecutorEvent) =>
    void reported.push(`${event.type} ${'task' in event ? event.task : event.worker}`);
  const ended = await resumeSlurm(folder.path, { onEvent }).then(({ values }) => values, String);
  return { reported, ended };
}
const begun = ['queued a', 'queued b', 'queued c', 'joined node1:0'];
const both = ['started a', 'finished a', 'started b', 'finished b'];

describe('a run that is taken up', () => {
  test('reports every task, those too that were done before', async () => {
    folder.writeResults('0-1', { first: 2, host: 'node1', ends: endsWith('c') });
    const { reported, ended } = await resume();
    expect(ended).toEqual(['a', 'b', 'c']);
    expect(reported).toEqual([
      ...begun,
      ...both,
      'joined node1:1',
      'started c',
      'finished c',
      'left node1:0',
      'left node1:1',
    ]);
  });

  test.runIf(process.platform === 'linux')('closes its files if it cannot be taken up', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    writeFileSync(folder.file('results', '0-1-2-1'), 'broken');
    const before = open();
    const { reported, ended } = await resume();
    expect(ended).toMatch(/0-1-2-1 cannot be read: .* Delete it and resume the run/);
    expect(reported).toEqual([...begun, ...both, 'dropped c', 'left node1:0']);
    expect(open()).toBe(before);
  });

  test('whose tasks are not all there is refused, and no value is made up', async () => {
    rmSync(folder.file('tasks', '0'));
    expect((await resume()).ended).toMatch(/lacks tasks/);
  });
});
