// How a run ends for those who follow it, and for its jobs: with programs of Slurm's names that answer as one small site.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Recorder } from '../../tools/dashboard/recorder.js';
import { CancelledError, TaskError } from '../../lib/errors.js';
import { AliveFile } from '../../lib/slurm/alive-file.js';
import { SlurmError } from '../../lib/slurm/commands.js';
import { resumeSlurm, startSlurm } from '../../lib/slurm/executor.js';
import { RunDirectory } from '../../lib/slurm/run-directory.js';
import { writeTasks } from '../../lib/slurm/task-file.js';
import { clock, type ExecutorEvent } from '../../lib/task/executor.js';

const SITE = `#!/bin/sh
case $(basename "$0") in
  sinfo) echo 'debug*|0/4/0/4' ;;
  scontrol) echo 'MaxArraySize = 1001' ;;
  squeue) echo '7|7|1|RUNNING|node1|None|lola' ;;
  sbatch) echo 7 ;;
  scancel) echo "$@" >> "$SCANCELLED" ;;
esac
`;
const tasks = ['a', 'b', 'c', 'd'].map((key) => ({ key, operation: 'echo', input: key }));

let parent: string, run: RunDirectory;
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'lola-resume-'));
  mkdirSync(join(parent, 'bin'));
  for (const name of ['sinfo', 'scontrol', 'squeue', 'sbatch', 'scancel']) {
    writeFileSync(join(parent, 'bin', name), SITE);
    chmodSync(join(parent, 'bin', name), 0o755);
  }
  vi.stubEnv('PATH', `${join(parent, 'bin')}${delimiter}${process.env.PATH}`);
  vi.stubEnv('SCANCELLED', join(parent, 'scancelled'));
  run = RunDirectory.create(parent);
  const total = await writeTasks(
    run,
    tasks,
    () => {},
    () => Promise.resolve(),
  );
  run.writeRecord({ tasks: total, modules: [], settings: {}, label: 'sum' });
  const ranges = [[0, 2] as const, [2, 4] as const];
  run.writeSubmission(0, { ranges, job: '7' });
  const outcomes = ['a', 'b'].map((value, i) => ({ start: i, end: i + 1, value }));
  run.writeSegment(0, 0, { first: 0, host: 'node1', outcomes });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});
const scancelled = () =>
  existsSync(join(parent, 'scancelled'))
    ? readFileSync(join(parent, 'scancelled'), 'utf8').trim().split('\n')
    : [];
const begins = (where: RunDirectory, task: number) =>
  new AliveFile(where, `0-${task < 2 ? 0 : 1}`, { task, time: clock(), host: 'node1' });

describe.skipIf(process.platform === 'win32')('a run that is taken up', () => {
  const ofThisRun = () => [`--name lola-${basename(run.path)}-reduce`, '7'];

  test('where a task threw while nobody was there has failed: its jobs are taken back', async () => {
    const error = { name: 'RangeError', message: 'no' };
    run.writeSegment(0, 1, { first: 2, host: 'node1', outcomes: [{ start: 2, end: 3, error }] });
    for (let time = 1; time <= 2; time++) {
      await expect(resumeSlurm(run.path)).rejects.toThrow(TaskError);
      await expect.poll(scancelled).toEqual(Array.from({ length: time }, ofThisRun).flat());
    }
  });

  test('and cancelled at its first result too', async () => {
    const controller = new AbortController();
    const onResult = () => controller.abort();
    const resumed = resumeSlurm(run.path, { signal: controller.signal, onResult });
    await expect(resumed).rejects.toThrow(CancelledError);
    await expect.poll(scancelled).toEqual(ofThisRun());
  });

  test('of which a file is torn has not failed: its jobs go on', async () => {
    writeFileSync(run.file('results', '0-1-2-1'), 'broken');
    await expect(resumeSlurm(run.path)).rejects.toThrow(SlurmError);
    expect(scancelled()).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('a task that runs when its run is cancelled', () => {
  const told: ExecutorEvent[] = [];
  let controller: AbortController;
  beforeEach(() => {
    told.length = 0;
    controller = new AbortController();
  });
  const onEvent = (event: ExecutorEvent) => {
    told.push(event);
    if (event.type === 'started' && event.task === 'c') controller.abort();
  };
  const inWords = () => told.map((event) => `${event.type} ${'task' in event ? event.task : event.worker}`);
  const progress = () => {
    const recorder = new Recorder('slurm');
    for (const event of told) recorder.add(event);
    return recorder.picture().progress;
  };

  test('is dropped before its worker leaves, and not counted as tried again: by who comes back', async () => {
    begins(run, 2);
    const resumed = resumeSlurm(run.path, { signal: controller.signal, onEvent });
    await expect(resumed).rejects.toThrow(CancelledError);
    expect(inWords().slice(-5)).toEqual(['dropped a', 'dropped b', 'dropped c', 'dropped d', 'left node1:0']);
    expect(progress()).toMatchObject({ queued: 4, dropped: 4, retried: 0, running: 0, waiting: 0 });
  });

  test('and by who began it', async () => {
    const onReport = (text: string) => {
      const path = /resume (\S+)/.exec(text)?.[1];
      if (text.includes('is submitted')) begins(new RunDirectory(path!), 2);
    };
    const executor = await startSlurm({ directory: join(parent, 'runs'), label: 'sum', onReport });
    await expect(executor.run(tasks, { signal: controller.signal, onEvent })).rejects.toThrow(CancelledError);
    await executor.close();
    expect(inWords().slice(-5)).toEqual(['dropped a', 'dropped b', 'dropped c', 'dropped d', 'left node1:0']);
    expect(progress()).toMatchObject({ queued: 4, dropped: 4, retried: 0, running: 0, waiting: 0 });
  });
});
