// Ctrl-C and SIGTERM and failures, while `lola slurm` submits or waits: what was submitted is taken back or named.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lola, until, type Lola } from '../../support/cluster.js';
import { echoes, makeSite, writeRun, type Answers } from '../../support/slurm-site.js';

let parent: string, calls: (name: string) => string[], env: NodeJS.ProcessEnv;
const started: Lola[] = [];
beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'lola-stopped-'))));
afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(parent, { recursive: true });
});
function start(...words: string[]): Lola {
  const one = lola(words, { env, cwd: parent });
  started.push(one);
  return one;
}
function site(answers: Answers): void {
  const made = makeSite(parent, answers);
  env = { PATH: made.path, HOME: parent };
  calls = made.calls;
}
const logs = () => join(parent, 'logs');
async function up(workers: string): Promise<Lola> {
  const file = join(parent, 'scheduler.json');
  start('scheduler', '--host', '0.0.0.0', '--port', '0', '--no-dashboard', '--scheduler-file', file);
  await until(() => existsSync(file));
  return start('slurm', 'up', '--workers', workers, '--scheduler-file', file, '--log-dir', logs());
}

describe.skipIf(process.platform === 'win32')('up that cannot wait for what it has submitted', () => {
  const ended = 'JobName=lola-worker UserId=u(1) JobState=FAILED Reason=None ExitCode=1:0 NodeList=node1';
  test.each([
    ['is too old for squeue --me', `echo "squeue: unrecognized option '--me'" >&2; exit 1`, 'too old: 20.02'],
    ['is away', "echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1", 'does not answer'],
    ['has ended one of them', 'true', 'ended before it joined: FAILED'],
  ])('as Slurm %s: it says which jobs stay', async (_, squeue, why) => {
    site({ squeue, scontrol: `echo "JobId=7 ${ended}"` });
    const { output, ended: end } = await up('2');
    expect(await end).not.toBe(0);
    expect(output()).toContain(why);
    expect(output()).toMatch(/ The jobs stay\. To end them: scancel 7 7\n$/);
  });
});

describe.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test('while doctor waits for its probe: the job is cancelled, and the exit code is 130', async () => {
    site({
      scontrol:
        'echo "JobId=7 JobName=$(cat "$SITE/name") UserId=u(1) JobState=PENDING Reason=Resources ExitCode=0:0 NodeList="',
    });
    const { child, output, ended } = start('slurm', 'doctor', '--log-dir', logs());
    await until(() => output().includes('it waits: Resources'));
    child.kill(signal);
    expect(await ended).toBe(130);
    expect(output()).toMatch(/\nStopped before the probe had an answer\.\n$/);
    expect(calls('scancel')).toEqual([expect.stringMatching(/^--name lola-doctor-\w+$/)]);
    expect(readdirSync(logs())).toEqual([]);
  });

  test('while a run waits: the key that ends Slurm’s command is no fault of Slurm, and the exit code is 130', async () => {
    const both = `kill -${signal.slice(3)} $PPID; sleep 1; kill -${signal.slice(3)} $$`;
    site({ sbatch: 'echo 7', scontrol: both });
    const { output, ended } = start('pi', '--stage', 'slurm', '--samples', '1e8', '--workers', '1');
    expect(await ended).toBe(130);
    expect(output()).toMatch(/lola: (scontrol was ended by SIG|stopped; no result was there yet)/); // whichever is told first
    expect(output()).not.toContain('does not answer');
  });

  test('while up submits: the jobs that Slurm has taken are cancelled, and the exit code is 130', async () => {
    const last = join(parent, 'last');
    const next = `job=$(($(cat '${last}' 2>/dev/null || echo 40) + 1)); echo $job > '${last}'`;
    site({ sbatch: `${next}; if [ $job = 42 ]; then kill -${signal.slice(3)} $PPID; fi; echo $job` });
    const { output, ended } = await up('9');
    expect(await ended).toBe(130);
    expect(output()).toBe('Stopped. Jobs submitted so far are cancelled.\n');
    const taken = calls('sbatch').map((_, i) => 41 + i); // the signal may be heard after the next sbatch has begun
    expect(taken.length).toBeLessThan(9);
    expect(calls('scancel')).toEqual([taken.join(' ')]);
  });
});

test.skipIf(process.platform === 'win32')(
  'a doctor whose sbatch was not answered cancels the probe that Slurm may have taken',
  async () => {
    site({ sbatch: "echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1" });
    const { output, ended } = start('slurm', 'doctor', '--log-dir', logs());
    expect(await ended).toBe(1);
    expect(output()).toContain('does not answer');
    expect(calls('scancel')).toEqual([expect.stringMatching(/^--name lola-doctor-\w+$/)]);
  },
);

test.skipIf(process.platform === 'win32')(
  'a doctor whose probe Slurm refuses says why, and leaves nothing where it was started',
  async () => {
    site({ sbatch: "echo 'sbatch: error: Invalid account or account/partition combination' >&2; exit 1" });
    const { output, ended } = start('slurm', 'doctor');
    expect(await ended).toBe(1);
    expect(output()).toContain('sbatch refused');
    expect(calls('scancel')).toEqual([]);
    expect(readdirSync(parent).filter((name) => /logs|doctor/.test(name))).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32')(
  'a run is resumed with the settings that its flags name, and with its own where there are none',
  async () => {
    const one =
      'JobName=$(cat "$SITE/name") UserId=u(1) JobState=CANCELLED Reason=None ExitCode=0:15 NodeList=';
    site({
      scontrol: `echo "JobId=9 ArrayJobId=7 ArrayTaskId=0 ${one}"`,
      sbatch: 'echo "sbatch: error: Invalid account" >&2; exit 1',
    });
    const folder = await writeRun(parent, echoes('a'), {
      settings: { time: '99:00:00', partition: 'short' },
    });
    folder.writeSubmission(0, { spans: [[0, 1] as const], job: '7' });
    writeFileSync(join(parent, 'name'), `lola-${basename(folder.path)}-0\n`);
    const flags = ['--time', '00:30:00', '--extra=--qos=low'];
    const { output, ended } = start('slurm', 'resume', folder.path, ...flags);
    expect(await ended).toBe(1);
    expect(output()).toContain(`add them: lola slurm resume ${folder.path} --time T --partition P`);
    const settings = { time: '00:30:00', partition: 'short', extra: ['--qos=low'] };
    expect(folder.readRecord().settings).toEqual(settings);
  },
);
