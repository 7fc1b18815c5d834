// How a run ends for its caller and for its jobs: with programs of Slurm's names that answer as one small site.
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Recorder } from '../../tools/dashboard/recorder.js';
import { CancelledError, InvalidArgumentError, TaskError, WorkerLostError } from '../../lib/errors.js';
import { SlurmError } from '../../lib/slurm/commands.js';
import { resumeSlurm, startSlurm, type SlurmOptions } from '../../lib/slurm/executor.js';
import { RunFolder } from '../../lib/slurm/run-folder.js';
import { Submitter } from '../../lib/slurm/submit.js';
import { clock, type ExecutorEvent } from '../../lib/task/executor.js';
import { echoes, endsWith, makeSite, writeRun, type Answers } from '../support/slurm-site.js';

const tasks = echoes('a', 'b', 'c', 'd');

let parent: string, folder: RunFolder, calls: (name: string) => string[];
function site(answers?: Answers): void {
  const made = makeSite(parent, answers);
  vi.stubEnv('PATH', made.path);
  calls = made.calls;
}
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'lola-resume-'));
  site();
  folder = await writeRun(parent, tasks, { label: 'sum' });
  folder.writeSubmission(0, { spans: [[0, 2] as const, [2, 4] as const], job: '7' });
  folder.writeResults('0-0', { first: 0, host: 'node1', ends: endsWith('a', 'b') });
  writeFileSync(join(parent, 'name'), `lola-${basename(folder.path)}-0\n`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(parent, { recursive: true });
});
const begins = (where: RunFolder, task: number) =>
  where.openAlive(`0-${task < 2 ? 0 : 1}`)({ task, time: clock(), host: 'node1' });
const start = (options: SlurmOptions = {}) => startSlurm({ directory: join(parent, 'runs'), ...options });
/** What scontrol prints of element 1 of job 7: of ours, or of another job that has this number by now. */
const element = (state: string, exitCode = '0:0', name = '$(cat "$SITE/name")') => ({
  scontrol: `case "$*" in
    *config*) echo 'MaxArraySize = 1001' ;;
    *) echo "JobId=9 ArrayJobId=7 ArrayTaskId=1 JobName=${name} UserId=u(1) JobState=${state} Reason=None ExitCode=${exitCode} NodeList=node1" ;;
  esac`,
});

describe.skipIf(process.platform === 'win32')('a run that is taken up', () => {
  const ofThisRun = () => [
    `--name lola-${basename(folder.path)}-reduce`,
    `--name lola-${basename(folder.path)}-0`,
  ];

  test('has failed if a task threw while nobody was there: its jobs are cancelled', async () => {
    const error = { name: 'RangeError', message: 'no' };
    folder.writeResults('0-1', { first: 2, host: 'node1', ends: [{ start: 2, end: 3, error }] });
    for (let time = 1; time <= 2; time++) {
      await expect(resumeSlurm(folder.path)).rejects.toThrow(TaskError);
      await expect.poll(() => calls('scancel')).toEqual(Array.from({ length: time }, ofThisRun).flat());
    }
  });

  test('and so has one that is cancelled at its first result', async () => {
    const controller = new AbortController();
    const onResult = () => controller.abort();
    const resumed = resumeSlurm(folder.path, { signal: controller.signal, onResult });
    await expect(resumed).rejects.toThrow(CancelledError);
    await expect.poll(() => calls('scancel')).toEqual(ofThisRun());
  });

  test('names the jobs that Slurm does not cancel: somebody has to', async () => {
    site({ scancel: "echo 'scancel: error: Problem talking to database' >&2; exit 1" });
    const [controller, reports] = [new AbortController(), [] as string[]];
    const given = { onReport: (text: string) => reports.push(text), onResult: () => controller.abort() };
    await expect(resumeSlurm(folder.path, { signal: controller.signal, ...given })).rejects.toThrow(
      CancelledError,
    );
    for (const job of ofThisRun()) await expect.poll(() => reports.join('\n')).toContain(`scancel ${job}`);
  });

  test('takes other settings for what has not begun, keeps them, and keeps the name of its jobs', async () => {
    site({ ...element('CANCELLED', '0:15'), sbatch: 'echo 8' });
    folder.writeRecord({ ...folder.readRecord(), settings: { time: '99:00:00', account: 'a' } });
    const onReport = (text: string) => {
      if (!text.includes('is submitted')) return;
      const script = readFileSync(folder.file('array-1.sh'), 'utf8');
      expect(script).toContain(
        `--job-name=lola-${basename(folder.path)}-1\n#SBATCH --array=0-0%1\n#SBATCH --time=00:30:00`,
      );
      expect(folder.readRecord().settings).toEqual({ time: '00:30:00', account: 'a' });
      folder.writeResults('1-0', { first: 2, host: 'node1', ends: endsWith('c', 'd') });
    };
    const settings = { time: '00:30:00', name: 'other' };
    expect((await resumeSlurm(folder.path, { settings, onReport })).values).toEqual(['a', 'b', 'c', 'd']);
    expect(calls('scancel')[0]).toBe(`--state=PENDING --name lola-${basename(folder.path)}-0`);
  });

  test('is refused if it is given settings that there are not: nothing is cancelled', async () => {
    const resumed = resumeSlurm(folder.path, { settings: { time: 'an hour' } });
    await expect(resumed).rejects.toThrow(/^resume: settings: time: Expected HH:MM:SS/);
    expect(calls('scancel')).toEqual([]);
  });

  test('is known by its own name where a link leads to it', async () => {
    symlinkSync(folder.path, join(parent, 'latest'));
    const link = new RunFolder(join(parent, 'latest'));
    await new Submitter(link, link.readRecord()).cancel('0');
    expect(calls('scancel')).toEqual([`--name lola-${basename(folder.path)}-0`]);
  });

  const asked = () => calls('scontrol').filter((words) => words.endsWith('show job -o 7')).length;
  const rest = () => folder.writeResults('0-1', { first: 2, host: 'node1', ends: endsWith('c', 'd') });

  test('waits for results that a file system shows a minute late', async () => {
    site(element('COMPLETED'));
    const now = performance.now.bind(performance);
    const resumed = resumeSlurm(folder.path);
    await expect.poll(asked).toBeGreaterThan(1); // the first answer has been heard
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    const before = asked();
    await expect.poll(asked).toBeGreaterThan(before + 1);
    rest();
    expect((await resumed).values).toEqual(['a', 'b', 'c', 'd']);
    expect(calls('sbatch')).toEqual([]);
  });

  test('reads again what is named already, but not there yet', async () => {
    symlinkSync(join(parent, 'later'), folder.file('results', '0-1-2-2'));
    const reports: string[] = [];
    const onReport = (text: string) => {
      reports.push(text);
      rest();
    };
    expect((await resumeSlurm(folder.path, { onReport })).values).toEqual(['a', 'b', 'c', 'd']);
    expect(reports).toEqual([expect.stringMatching(/^ENOENT.*0-1-2-2'\. Trying again\.$/)]);
    expect(['sbatch', 'scancel'].flatMap(calls).filter((words) => !words.includes('reduce'))).toEqual([]);
  });

  test('has not failed if one of its files is torn: its jobs go on', async () => {
    writeFileSync(folder.file('results', '0-1-2-1'), 'broken');
    await expect(resumeSlurm(folder.path)).rejects.toThrow(SlurmError);
    expect(calls('scancel')).toEqual([]);
  });

  test('is refused if its folder belongs to another user: nothing it says is done', async () => {
    const uid = process.getuid!();
    vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
    await expect(resumeSlurm(folder.path)).rejects.toThrow(InvalidArgumentError);
    await expect(resumeSlurm(folder.path)).rejects.toThrow(`belongs to another user (uid ${uid})`);
    expect(['sbatch', 'scancel', 'squeue'].flatMap(calls)).toEqual([]);
  });

  const choices = [
    [undefined, 'two', /another of this site's clusters.*Run: unset SLURM_CLUSTERS SBATCH_CLUSTERS$/],
    ['two', undefined, /Run: export SLURM_CLUSTERS='two'$/],
    ['two', 'three', /Run: export SLURM_CLUSTERS='two'$/],
  ] as const;
  test.each(choices)(
    'is refused if started with SLURM_CLUSTERS=%s, resumed with %s: nothing is submitted twice',
    async (clusters, here, words) => {
      folder.writeRecord({ ...folder.readRecord(), clusters });
      vi.stubEnv('SBATCH_CLUSTERS', here);
      const failure: unknown = await resumeSlurm(folder.path).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(InvalidArgumentError);
      expect((failure as Error).message).toMatch(words);
      expect(['sbatch', 'scancel', 'squeue', 'scontrol'].flatMap(calls)).toEqual([]);
    },
  );

  test('is known by the cluster that was chosen when it started', async () => {
    vi.stubEnv('SLURM_CLUSTERS', 'two');
    const executor = await start({ label: 'sum' });
    const controller = new AbortController();
    const running = executor.run(tasks, { signal: controller.signal });
    await expect.poll(() => calls('sbatch').length).toBeGreaterThan(0);
    controller.abort();
    await expect(running).rejects.toThrow(CancelledError);
    await executor.close();
    const [name] = readdirSync(join(parent, 'runs'));
    expect(new RunFolder(join(parent, 'runs', name)).readRecord().clusters).toBe('two');
  });

  test('blames the task that ran when its element ended, by name, with the code', async () => {
    site(element('FAILED', '7:0'));
    begins(folder, 3);
    const failure = (await resumeSlurm(folder.path).catch((error: unknown) => error)) as WorkerLostError;
    expect(failure).toBeInstanceOf(WorkerLostError);
    expect({ key: failure.key, ended: failure.ended }).toEqual({
      key: 'd',
      ended: [expect.stringMatching(/^FAILED, on node1, exit code 7, no log at/)],
    });
  });

  test('blames no task if the element never began', async () => {
    site(element('FAILED', '127:0'));
    await expect(resumeSlurm(folder.path)).rejects.toThrow(
      /job 7, element 1, ended before its first task: FAILED, on node1, exit code 127.*'prologue'/,
    );
  });

  test.each([
    ['was lost', element('CANCELLED', '0:15'), 'CANCELLED'],
    ['is gone: its number is that of a job that runs', element('RUNNING', '0:0', 'theirs'), 'GONE'],
    ['is gone: its number is that of a job that failed', element('FAILED', '127:0', 'theirs'), 'GONE'],
  ])('submits what %s, and that only', async (_, answers, state) => {
    site({ ...answers, sbatch: 'echo 8' });
    folder.writeResults('0-1', { first: 2, host: 'node1', ends: endsWith('c') });
    const reports: string[] = [];
    const onReport = (text: string) => {
      reports.push(text);
      if (text.includes('is submitted'))
        folder.writeResults('1-0', { first: 3, host: 'node1', ends: endsWith('d') });
    };
    expect(await resumeSlurm(folder.path, { onReport })).toEqual({
      label: 'sum',
      values: ['a', 'b', 'c', 'd'],
    });
    expect(reports[0]).toMatch(
      new RegExp(`^job 7, element 1: ${state}.*; submitting again what is missing$`),
    );
    expect(reports[1]).toMatch(/^job 8 is submitted/);
    expect(calls('sbatch').map((words) => basename(words))).toEqual(['array-1.sh', 'reduce.sh']);
    expect(calls('scancel').filter((words) => !words.startsWith('--name lola-run-'))).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('a run that Slurm refuses', () => {
  const refusal =
    "echo 'sbatch: error: Batch job submission failed: Requested node configuration is not available' >&2; exit 1";
  const recorded = { sbatch: refusal, squeue: "echo 'job=53|FAILED|BadConstraints'" };
  const runs = () => readdirSync(join(parent, 'runs'));
  const reports: string[] = [];
  beforeEach(() => void (reports.length = 0));
  const onReport = (text: string) => void reports.push(text);

  test('leaves no folder and promises no resume, although Slurm has it on record', async () => {
    site(recorded);
    const executor = await start({ onReport });
    await expect(executor.run(tasks)).rejects.toThrow(/^sbatch refused .* set less 'cpus' or 'memory'\.$/);
    await executor.close();
    expect({ runs: runs(), reports }).toEqual({ runs: [], reports: [] });
  });

  test.each([
    ['is not there', (sbatch: string) => rmSync(sbatch), 'sbatch is not on the PATH.'],
    ['may not be run', (sbatch: string) => chmodSync(sbatch, 0o600), 'sbatch cannot be started (EACCES).'],
  ])('nor does one whose sbatch %s: it fails at once', async (_, spoil, words) => {
    const bin = join(parent, 'bin');
    vi.stubEnv('PATH', bin); // this machine may have an sbatch
    spoil(join(bin, 'sbatch'));
    const executor = await start({ onReport });
    await expect(executor.run(tasks)).rejects.toThrow(words);
    await executor.close();
    expect({ runs: runs(), reports }).toEqual({ runs: [], reports: [] });
  });

  test.each([
    ['Slurm may have taken it', { sbatch: refusal, squeue: 'exit 1' }],
    ['the answer names no job', { sbatch: 'echo hello' }],
  ])('keeps its folder if %s', async (_, answers) => {
    site(answers);
    const executor = await start({ onReport });
    await expect(executor.run(tasks)).rejects.toThrow(SlurmError);
    await executor.close();
    expect(runs()).toEqual([expect.stringMatching(/^run-/)]);
    expect(reports).toEqual([expect.stringMatching(/lola slurm resume continues from there$/)]);
  });

  test('keeps what it has, and says where its settings are, if that was a later array of it', async () => {
    site({ ...element('CANCELLED', '0:15'), ...recorded });
    await expect(resumeSlurm(folder.path)).rejects.toThrow(
      `To continue with other settings, add them: lola slurm resume ${folder.path} --time T --partition P`,
    );
    expect(folder.submissions()).toBe(1);
    expect(folder.results()).toEqual(['0-0-0-2']);
  });

  test('is not followed where an earlier client left it: it is submitted, and the remedy is said again', async () => {
    site(recorded);
    folder.writeSubmission(0, { spans: [[0, 4]] });
    await expect(resumeSlurm(folder.path)).rejects.toThrow(
      /^sbatch refused .* set less 'cpus' or 'memory'\./,
    );
    expect(calls('scontrol')).toEqual([]);
    expect(folder.submissions()).toBe(1); // that client's try may have been taken
  });
});

describe.skipIf(process.platform === 'win32')('a task that runs when its run is cancelled', () => {
  const heard: ExecutorEvent[] = [];
  let controller: AbortController;
  beforeEach(() => {
    heard.length = 0;
    controller = new AbortController();
  });
  const onEvent = (event: ExecutorEvent) => {
    heard.push(event);
    if (event.type === 'started' && event.task === 'c') controller.abort();
  };
  const inWords = () => heard.map((event) => `${event.type} ${'task' in event ? event.task : event.worker}`);
  const progress = () => {
    const recorder = new Recorder('slurm');
    for (const event of heard) recorder.add(event);
    return recorder.picture().progress;
  };
  const ends = ['dropped a', 'dropped b', 'dropped c', 'dropped d', 'left node1:0'];

  test('is dropped before its worker leaves, and not counted as tried again: when somebody comes back', async () => {
    begins(folder, 2);
    const resumed = resumeSlurm(folder.path, { signal: controller.signal, onEvent });
    await expect(resumed).rejects.toThrow(CancelledError);
    expect(inWords().slice(-5)).toEqual(ends);
    expect(progress()).toMatchObject({ queued: 4, dropped: 4, retried: 0, running: 0, waiting: 0 });
  });

  test('and for the client that began it', async () => {
    const onReport = (text: string) => {
      const path = /resume (\S+)/.exec(text)?.[1];
      if (text.includes('is submitted')) begins(new RunFolder(path!), 2);
    };
    const executor = await start({ label: 'sum', onReport });
    await expect(executor.run(tasks, { signal: controller.signal, onEvent })).rejects.toThrow(CancelledError);
    await executor.close();
    expect(inWords().slice(-5)).toEqual(ends);
    expect(progress()).toMatchObject({ queued: 4, dropped: 4, retried: 0, running: 0, waiting: 0 });
  });
});

describe.skipIf(process.platform === 'win32')('a run is submitted once', () => {
  /** Starts a run of eight tasks, and gives its array job as soon as it is submitted. */
  async function submissionOf(options: SlurmOptions): Promise<unknown> {
    const controller = new AbortController();
    let submission: unknown;
    const onReport = (text: string) => {
      const path = /resume (\S+)/.exec(text)?.[1];
      if (!text.includes('is submitted')) return;
      submission = new RunFolder(path!).readSubmission(0);
      controller.abort();
    };
    const executor = await start({ label: 'sum', workers: 2, onReport, ...options });
    const running = executor.run([...tasks, ...tasks], { signal: controller.signal });
    await expect(running).rejects.toThrow(CancelledError);
    await executor.close();
    return submission;
  }

  test('in no more elements than an array may have: one array is the whole of it', async () => {
    site({ scontrol: "echo 'MaxArraySize = 3'" });
    // prettier-ignore
    expect(await submissionOf({ elements: 1_005 })).toEqual({ spans: [[0, 3], [3, 6], [6, 8]], job: '7' });
  });

  test('in four elements for each worker, unless they would have too few tasks', async () => {
    const lengths = (submission: unknown) =>
      (submission as { spans: [number, number][] }).spans.map(([first, end]) => end - first);
    expect(lengths(await submissionOf({}))).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(lengths(await submissionOf({ tasksPerElement: 5 }))).toEqual([5, 3]);
    await expect(start({ tasksPerElement: 0 })).rejects.toThrow(InvalidArgumentError);
  });

  test('although the answer names no job: the run fails with the text, and its array is cancelled by name', async () => {
    site({ sbatch: "echo 'Your project has 1234 core-hours left.'" });
    const executor = await start();
    await expect(executor.run(tasks)).rejects.toThrow(
      /names no job: 'Your project has 1234 core-hours left\.'/,
    );
    await executor.close();
    expect(calls('sbatch')).toHaveLength(1);
    expect(calls('scancel')).toEqual([expect.stringMatching(/^--name lola-run-.*-0$/)]);
  });

  test('although the controller went away over it: it is asked for the job before another try', async () => {
    site({
      sbatch: "echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1",
      squeue: 'echo job=7',
    });
    const onReport = vi.fn();
    const executor = await start({ onReport });
    const controller = new AbortController();
    const running = executor.run(tasks, { signal: controller.signal });
    await expect.poll(() => calls('scontrol')).toContain('show job -o 7');
    controller.abort();
    await expect(running).rejects.toThrow(CancelledError);
    await executor.close();
    expect(calls('sbatch')).toHaveLength(1);
    expect(onReport).toHaveBeenCalledWith(expect.stringMatching(/does not answer/));
  });

  test('under one name, if it seems not to have it: whatever turns up later is cancelled with the rest', async () => {
    site({ sbatch: "echo 'Socket timed out on send/recv operation' >&2; exit 1" });
    const executor = await start();
    const controller = new AbortController();
    const running = executor.run(tasks, { signal: controller.signal });
    await expect.poll(() => calls('sbatch').length).toBeGreaterThan(1);
    controller.abort();
    await expect(running).rejects.toThrow(CancelledError);
    await executor.close();
    expect(new Set(calls('sbatch').map((words) => words.replace(/.*\//, '')))).toEqual(
      new Set(['array-0.sh']),
    );
    expect(calls('scancel')).toEqual([expect.stringMatching(/^--name lola-run-.*-0$/)]);
  });
});
