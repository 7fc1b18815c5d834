import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { resumeSlurm } from '../../lib/slurm/executor.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { KEY, countTasks, folder, lola, own, slurm, spins, start, sum } from '../support/slurm.js';

describe('who went away and comes back', () => {
  test('a stopped run leaves no job behind, and what it has is taken up again', async () => {
    const directory = folder('stopped');
    const executor = await start('stopped', { elements: 12, label: { samples: 4_000_003 } });
    const controller = new AbortController();
    let heard = 0;
    const onResult = () => ++heard === 5 && controller.abort();
    const tasks = [...countTasks(4_000_003, 60), ...spins(40, 50)];
    await expect(
      executor.run(tasks, { signal: controller.signal, onResult: () => void onResult() }),
    ).rejects.toThrow(/cancelled/);
    await expect.poll(own).toEqual([]);
    const [run] = readdirSync(directory);
    const told = { queued: 0, started: 0, finished: 0, failed: 0, dropped: 0, joined: 0, left: 0 };
    const onEvent = ({ type }: ExecutorEvent) => void told[type]++;
    const stopped = { signal: AbortSignal.abort(), onEvent };
    await expect(resumeSlurm(join(directory, run), stopped)).rejects.toThrow(/cancelled/);
    expect(told).toMatchObject({ queued: 0, finished: 0, dropped: 0 });
    const { label, values } = await resumeSlurm(join(directory, run), { onEvent });
    expect(told).toMatchObject({ queued: 100, finished: 100, dropped: 0 });
    expect(label).toEqual({ samples: 4_000_003 });
    expect(sum(values.slice(0, 60))).toBe(countInside(KEY, 0, 4_000_003));
    expect(existsSync(join(directory, run))).toBe(false);
  });

  /** Starts `lola pi --stage slurm` in a folder of its own, and kills it when so many jobs are there. */
  async function killedClient(name: string, samples: string, jobs: number): Promise<string> {
    const cwd = folder(name);
    mkdirSync(cwd);
    const words = `pi --stage slurm --samples ${samples} --workers 2 --kernel reference`.split(' ');
    const env = { ...process.env, HOME: cwd };
    const client = spawn(process.execPath, [lola, ...words], { cwd, stdio: 'ignore', env });
    await expect.poll(() => own().length).toBeGreaterThanOrEqual(jobs);
    client.kill('SIGKILL');
    return join(cwd, 'lola-runs', readdirSync(join(cwd, 'lola-runs'))[0]);
  }
  const resume = (run: string) =>
    spawnSync(process.execPath, [lola, 'slurm', 'resume', run], { encoding: 'utf8' });
  const piFrom = (samples: number): unknown =>
    expect.stringContaining(
      `from ${samples} samples, seed 2017: ${countInside(keyOfSeed(), 0, samples)} of them inside\nstandard error`,
    );

  test('a client that is killed is no loss: the jobs go on, and lola slurm resume prints the result', async () => {
    const run = await killedClient('killed', '30_000_003', 1);
    const { status, stdout } = resume(run);
    expect({ status, stdout }).toEqual({ status: 0, stdout: piFrom(30_000_003) });
    await expect.poll(own).toEqual([]);
    expect(existsSync(run)).toBe(false);
  });

  test('who never looks back has the result in the run’s folder: a dependent job added it up', async () => {
    const run = await killedClient('left', '50_000_003', 2);
    await expect.poll(own).toEqual([]);
    expect(readFileSync(join(run, 'result.txt'), 'utf8')).toEqual(piFrom(50_000_003));
    expect(resume(run)).toMatchObject({ status: 0, stdout: piFrom(50_000_003) });
  });

  test('what was lost meanwhile is no part of a sum: the job says what is missing, resume computes it', async () => {
    const run = await killedClient('torn', '100_000_003', 2);
    const array = own().find((id) => id.includes('_'))!;
    slurm('scancel', array.split('_')[0]);
    await expect.poll(own).toEqual([]);
    expect(existsSync(join(run, 'result.txt'))).toBe(false);
    const logs = join(run, 'logs');
    const [log] = readdirSync(logs).filter((name) => name.includes('reduce'));
    expect(readFileSync(join(logs, log), 'utf8')).toMatch(
      /\d+ of \d+ tasks have no result: lola slurm resume/,
    );
    expect(resume(run)).toMatchObject({ status: 0, stdout: piFrom(100_000_003) });
    await expect.poll(own).toEqual([]);
  });

  test('of two who come back at once, one goes on; the other is told who does, and submits nothing', async () => {
    const run = await killedClient('twice', '1_000_000_003', 2);
    slurm('scancel', '--me');
    await expect.poll(own).toEqual([]);
    const both = await Promise.all(
      [0, 1].map(async () => {
        const client = spawn(process.execPath, [lola, 'slurm', 'resume', run]);
        const said = { out: '', err: '' };
        client.stdout.on('data', (bytes) => (said.out += String(bytes)));
        client.stderr.on('data', (bytes) => (said.err += String(bytes)));
        return new Promise<{ status: number; out: string; err: string }>((done) =>
          client.on('close', (status: number) => done({ status, ...said })),
        );
      }),
    );
    both.sort((a, b) => a.status - b.status);
    expect(both).toEqual([
      {
        status: 0,
        out: piFrom(1_000_000_003),
        err: expect.stringMatching(/job \d+ is submitted/) as unknown,
      },
      { status: 1, out: '', err: expect.stringMatching(/process \d+ .* follows this run/) as unknown },
    ]);
    expect(both[1].err).not.toContain('is submitted');
    await expect.poll(own).toEqual([]);
  });
});
