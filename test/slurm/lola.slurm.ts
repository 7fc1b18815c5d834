import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PROTOCOL } from '../../lib/cluster/messages.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { folder, lola, own, slurm } from '../support/slurm.js';

describe('lola slurm', () => {
  const cwd = folder('cli');
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [lola, ...words], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, HOME: cwd },
    });

  /** The file of a scheduler that was killed. */
  function fileOfGone(address: string): string {
    const file = join(cwd, 'gone.json');
    const info = { protocol: PROTOCOL, addresses: [address], port: 9, token: '0'.repeat(64), pid: 1 };
    writeFileSync(file, JSON.stringify({ ...info, closedToOthers: true }), { mode: 0o600 });
    chmodSync(file, 0o600);
    return file;
  }

  test('doctor starts a job, and tells a scheduler that is reached from one that is not', () => {
    mkdirSync(join(cwd, '.lola'), { recursive: true });
    const { status, stdout } = run('slurm', 'doctor');
    expect(stdout).toMatch(/\+ ok {7}a job started on .*, saw our files, and ran Node/);
    expect(status).toBe(0);
    const file = fileOfGone('ws://127.0.0.1:9');
    const wrong = run('slurm', 'doctor', '--scheduler-file', file);
    expect(wrong.stdout).toMatch(/x problem {2}wrong interface/);
    expect(wrong.status).toBe(1);
    expect(own()).toEqual([]);
  });

  test('up submits nothing for a scheduler that is gone', () => {
    const file = fileOfGone(`ws://${hostname()}:9`);
    const { status, stdout } = run('slurm', 'up', '--scheduler-file', file);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(own()).toEqual([]);
  });

  test('worker and doctor --dry-run print a script that bash understands; nothing is submitted', () => {
    for (const words of [['worker'], ['doctor', '--dry-run'], ['up', '--workers', '2', '--dry-run']]) {
      const { stdout } = run('slurm', ...words);
      expect(spawnSync('bash', ['-n'], { input: stdout }).status).toBe(0);
    }
    expect(own()).toEqual([]);
  });

  /** A scheduler of its own, and its file once it is up. */
  async function startScheduler(name: string): Promise<{ file: string; scheduler: ChildProcess }> {
    const file = join(cwd, `${name}.json`);
    rmSync(file, { force: true });
    const words = ['scheduler', '--host', '0.0.0.0', '--port', '0', '--scheduler-file', file];
    const scheduler = spawn(process.execPath, [lola, ...words], { stdio: 'ignore' });
    await expect.poll(() => existsSync(file)).toBe(true);
    return { file, scheduler };
  }
  const workersAt = (file: string): number =>
    (JSON.parse(run('status', '--json', '--scheduler-file', file).stdout) as { workers: [] }).workers.length;
  const countAt = (file: string): unknown =>
    JSON.parse(
      run('pi', '--stage', 'distributed', '--scheduler-file', file, '--samples', '1_000_003', '--json')
        .stdout,
    );
  const processesOf = (file: string): string =>
    spawnSync('pgrep', ['-f', file], { encoding: 'utf8' }).stdout.trim();

  /** By hand, as Lola did: the script that `lola slurm worker` prints, with less patience than an hour's job has. */
  function submitByHand(file: string, deathTimeout: number): void {
    const script = run('slurm', 'worker', '--scheduler-file', file, '--cpus', '1').stdout;
    expect(script).toContain('--death-timeout 60');
    writeFileSync(
      join(cwd, 'worker.sh'),
      script.replace('--death-timeout 60', `--death-timeout ${deathTimeout}`),
    );
    for (const log of ['worker1.log', 'worker2.log'])
      slurm('sbatch', '-o', join(cwd, log), join(cwd, 'worker.sh'));
  }

  test('workers whose scheduler was killed end by themselves, and no job or process stays', async () => {
    const { file, scheduler } = await startScheduler('killed');
    submitByHand(file, 3);
    await expect.poll(() => workersAt(file)).toBe(2);
    scheduler.kill('SIGKILL');
    await expect.poll(own).toEqual([]);
    await expect.poll(() => processesOf(file)).toBe('');
    for (const log of ['worker1.log', 'worker2.log'])
      expect(readFileSync(join(cwd, log), 'utf8')).toMatch(/no scheduler for 3 s/);
  });

  test('a scheduler that comes back in time has its workers back: they read its file again', async () => {
    const first = await startScheduler('back');
    submitByHand(first.file, 60);
    await expect.poll(() => workersAt(first.file)).toBe(2);
    first.scheduler.kill('SIGKILL');
    const { file, scheduler } = await startScheduler('back');
    try {
      await expect.poll(() => workersAt(file)).toBe(2);
      expect(countAt(file)).toMatchObject({ workers: 2, inside: countInside(keyOfSeed(), 0, 1_000_003) });
    } finally {
      slurm('scancel', ...own());
      await expect.poll(own).toEqual([]);
      scheduler.kill('SIGTERM');
    }
    await expect.poll(() => processesOf(file)).toBe('');
  });

  test('all in one job, where nothing may run on the login node: scheduler, two workers and the client', async () => {
    const log = join(cwd, 'all.log');
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const script = join(root, 'lib', 'slurm', 'templates', 'all-in-one.sh');
    // The job is in the project's folder, and has a home of its own.
    const env = { ...process.env, HOME: cwd };
    spawnSync('sbatch', ['-o', log, '-D', root, script], { env });
    await expect.poll(own).toEqual([]);
    const said = readFileSync(log, 'utf8');
    expect(said).toContain(`${countInside(keyOfSeed(), 0, 1e9)} of them inside`);
    expect(said.match(/Worker joined/g)).toHaveLength(2);
    expect(readdirSync(join(cwd, '.lola')).filter((name) => name.startsWith('job-'))).toEqual([]);
  });

  test('up submits and waits until all have joined, once more adds, down ends only these', async () => {
    const { file, scheduler } = await startScheduler('up');
    const other = slurm('sbatch', '--parsable', '-o', '/dev/null', '--wrap', 'sleep 60');
    try {
      for (let round = 1; round <= 2; round++) {
        const { status, stdout, stderr } = run('slurm', 'up', '--scheduler-file', file, '--cpus', '1');
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(stdout).toMatch(/job \d+: joined/);
        expect(run('slurm', 'status').stdout.match(/RUNNING on node/g)).toHaveLength(round);
      }
      expect(countAt(file)).toMatchObject({ workers: 2, inside: countInside(keyOfSeed(), 0, 1_000_003) });
      expect(run('slurm', 'down').stdout).toMatch(/^ended: \d+, \d+$/m);
      await expect.poll(own).toEqual([other]);
      const logs = readdirSync(join(cwd, 'lola-logs')).filter((name) => name.endsWith('.log'));
      for (const log of logs)
        expect(readFileSync(join(cwd, 'lola-logs', log), 'utf8')).toContain('Finishing running tasks');
    } finally {
      scheduler.kill('SIGTERM');
      slurm('scancel', other);
    }
  });
});
