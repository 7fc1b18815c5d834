import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { WorkerLostError } from '../../lib/errors.js';
import { estimateChunked } from '../../lib/estimators/chunked.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { partition } from '../../lib/sampling/partition.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { SlurmError } from '../../lib/slurm/commands.js';
import { resumeSlurm, startSlurm, type SlurmOptions } from '../../lib/slurm/executor.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import type { Task } from '../../lib/task/task.js';
import { CONTRACT_TASKS } from '../support/executor-contract.js';

const parent = mkdtempSync(join(tmpdir(), 'lola-faults-'));
afterAll(() => rmSync(parent, { recursive: true }));

const lola = fileURLToPath(new URL('../support/lola.mjs', import.meta.url));
const slurm = (command: string, ...args: string[]) =>
  spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();
const own = () => slurm('squeue', '-h', '--me', '-o', '%i').split('\n').filter(Boolean);
const folder = (name: string) => join(parent, name);
const start = (name: string, options: SlurmOptions = {}) =>
  startSlurm({ directory: folder(name), tasks: [CONTRACT_TASKS], workers: 4, ...options });

const KEY = keyOfSeed('faults');
function countTasks(samples: number, parts: number): Task[] {
  return Array.from(partition(samples, parts), (part, i) => ({
    key: `count-${i}`,
    operation: 'countInside',
    input: { key: KEY, ...part },
  }));
}
const sum = (values: readonly unknown[]) => (values as number[]).reduce((a, b) => a + b, 0);
const spins = (count: number, ms: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({ key: `spin-${i}`, operation: 'spin', input: ms }));

/** Slurm holds a requeued job for two minutes; this ends the hold once it has begun. */
async function hasten(element: string): Promise<void> {
  await expect
    .poll(() => slurm('squeue', '-h', '-j', element, '-o', '%T %r'), { timeout: 30_000 })
    .toBe('PENDING BeginTime');
  const held = Date.now(); // a node refuses a job whose permit is of the very second in which the last one was revoked
  await expect.poll(() => Date.now() - held, { timeout: 10_000 }).toBeGreaterThan(2500);
  slurm('scontrol', 'update', `jobid=${element}`, 'starttime=now');
}

/** Calls `act` once, when the first task of the run has begun. */
function onStart(act: () => void): (event: ExecutorEvent) => void {
  let done = false;
  return ({ type }) => {
    if (type !== 'started' || done) return;
    done = true;
    act();
  };
}

describe('Slurm as the engine', () => {
  test('elements that are cancelled are computed again: the count is exact', async () => {
    const reports: string[] = [];
    const executor = await start('cancel', { elements: 40, onReport: (text) => reports.push(text) });
    const onEvent = onStart(() => {
      const running = slurm('squeue', '-h', '--me', '-r', '-t', 'R', '-o', '%i').split('\n').filter(Boolean);
      const waiting = slurm('squeue', '-h', '--me', '-r', '-t', 'PD', '-o', '%i').split('\n').filter(Boolean);
      for (const element of [...running, ...waiting.slice(-2)]) slurm('scancel', element);
    });
    // Each element holds its core for a second and more: when the first is known to have begun, others run.
    const counts = countTasks(4_000_003, 80);
    const tasks = spins(40, 1000).flatMap((spin, i) => [counts[2 * i], counts[2 * i + 1], spin]);
    const values = await executor.run(tasks, { onEvent });
    expect(sum(values.filter((value) => typeof value === 'number'))).toBe(countInside(KEY, 0, 4_000_003));
    expect(reports.filter((text) => text.includes('CANCELLED')).length).toBeGreaterThan(0);
    await executor.close();
    expect(readdirSync(folder('cancel'))).toEqual([]);
  });

  test('chunked arrays give the integer of every other stage', async () => {
    const executor = await start('chunked');
    expect((await estimateChunked(1_000_003, { executor, chunks: 100_000 })).inside).toBe(
      countInside(keyOfSeed(), 0, 1_000_003),
    );
    await executor.close();
  });

  test('more elements than an array may have become several arrays', async () => {
    const executor = await start('many', { elements: 1_005, workers: 4 });
    const run = (executor as unknown as { options: { maxArraySize: number } }).options;
    run.maxArraySize = 3;
    expect(await executor.run(spins(8, 1))).toEqual(new Array(8).fill(true));
    await executor.close();
  });

  test('a requeued element goes on after its last result, and the count is exact', async () => {
    const executor = await start('requeue', { elements: 1, keep: true });
    const onEvent = onStart(() => {
      const [element] = own();
      slurm('scontrol', 'requeue', element);
      void hasten(element);
    });
    const tasks = [...spins(30, 100), ...countTasks(100_003, 3)];
    const values = await executor.run(tasks, { onEvent });
    expect(sum(values.slice(30))).toBe(countInside(KEY, 0, 100_003));
    await executor.close();
  });

  test('a time limit is named, with the task that was cut off', async () => {
    // Slurm looks at time limits twice a minute, and they are whole minutes: the limit is brought down while it runs.
    const executor = await start('time', { elements: 1 });
    const onEvent = onStart(() => {
      const [job] = own().map((id) => id.split('_')[0]);
      slurm('scontrol', 'update', `jobid=${job}_0`, 'timelimit=1');
    });
    const failure = await executor
      .run([{ key: 'endless', operation: 'forever', input: 0 }], { onEvent })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkerLostError);
    expect((failure as WorkerLostError).key).toBe('endless');
    expect((failure as WorkerLostError).ended[0]).toMatch(/^TIMEOUT, on node\d.*DUE TO TIME LIMIT/);
    await executor.close();
  });

  test('a task that ends its process is blamed once, with the code and the log', async () => {
    const executor = await start('exit', { elements: 1 });
    const failure = (await executor
      .run([...spins(2, 1), { key: 'culprit', operation: 'exit', input: 7 }])
      .catch((error: unknown) => error)) as WorkerLostError;
    expect({ key: failure.key, attempts: failure.attempts }).toEqual({ key: 'culprit', attempts: 1 });
    expect(failure.ended[0]).toMatch(/^FAILED, on node\d, exit code 7/);
    await executor.close();
  });

  test('a Node that is not there is no task’s fault', async () => {
    const executor = await start('nonode', { settings: { node: '/no/such/node' } });
    const failure = (await executor.run(spins(2, 1)).catch((error: unknown) => error)) as Error;
    expect(failure).toBeInstanceOf(SlurmError);
    expect(failure.message).toMatch(
      /ended before its first task: FAILED, on node\d, exit code 127, .*No such file.*'prologue'/,
    );
    await executor.close();
  });

  test('a run’s folder that goes away is named, and no job stays', async () => {
    const executor = await start('away', { elements: 1 });
    const onEvent = onStart(() => rmSync(folder('away'), { recursive: true }));
    const failure = (await executor
      .run(spins(100, 100), { onEvent })
      .catch((error: unknown) => error)) as Error;
    expect(failure).toBeInstanceOf(SlurmError);
    expect(failure.message).toMatch(/cannot read .*away.*ENOENT/);
    await executor.close();
    await expect.poll(own, { timeout: 20_000 }).toEqual([]);
  });

  test('a refusal comes with its remedy, before anything runs', async () => {
    await expect(
      startSlurm({ directory: folder('refused'), settings: { partition: 'nosuch' } }),
    ).rejects.toThrow(/no partition 'nosuch'.*set 'partition'/);
    const executor = await start('refused', { settings: { extra: ['--licenses=nosuch'] } });
    await expect(executor.run(spins(1, 1))).rejects.toThrow(/sbatch refused .*[Ll]icense/);
    await executor.close();
  });

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
    await expect.poll(own, { timeout: 20_000 }).toEqual([]);
    const [run] = readdirSync(directory);
    const { label, values } = await resumeSlurm(join(directory, run));
    expect(label).toEqual({ samples: 4_000_003 });
    expect(sum(values.slice(0, 60))).toBe(countInside(KEY, 0, 4_000_003));
    expect(existsSync(join(directory, run))).toBe(false);
  });

  test('a client that is killed is no loss: the jobs go on, and lola slurm resume prints the result', async () => {
    const cwd = folder('killed');
    mkdirSync(cwd);
    const args = [
      'pi',
      '--stage',
      'slurm',
      '--samples',
      '30_000_003',
      '--workers',
      '2',
      '--kernel',
      'reference',
    ];
    const client = spawn(process.execPath, [lola, ...args], {
      cwd,
      stdio: 'ignore',
      env: { ...process.env, HOME: cwd },
    });
    await expect.poll(own, { timeout: 20_000 }).not.toEqual([]);
    client.kill('SIGKILL');
    const [run] = readdirSync(join(cwd, 'lola-runs'));
    const { status, stdout } = spawnSync(
      process.execPath,
      [lola, 'slurm', 'resume', join('lola-runs', run)],
      { cwd, encoding: 'utf8' },
    );
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining(
        `from 30000003 samples, seed 2017: ${countInside(keyOfSeed(), 0, 30_000_003)} of them inside`,
      ),
    });
    expect(own()).toEqual([]);
  });
});

describe('lola slurm', () => {
  const cwd = folder('cli');
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [lola, ...words], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, HOME: cwd },
    });

  test('doctor starts a job, and tells a scheduler that is reached from one that is not', () => {
    mkdirSync(join(cwd, '.lola'), { recursive: true });
    const { status, stdout } = run('slurm', 'doctor');
    expect(stdout).toMatch(/\+ ok {7}a job started on .*, saw our files, and ran Node/);
    expect(status).toBe(0);
    const file = join(cwd, 'gone.json');
    const gone = {
      protocol: 'lolas-pi.1',
      addresses: ['ws://127.0.0.1:9'],
      port: 9,
      token: '0'.repeat(64),
      pid: 1,
      closedToOthers: true,
    };
    writeFileSync(file, JSON.stringify(gone), { mode: 0o600 });
    chmodSync(file, 0o600);
    const wrong = run('slurm', 'doctor', '--scheduler-file', file);
    expect(wrong.stdout).toMatch(/x problem {2}wrong interface/);
    expect(wrong.status).toBe(1);
    expect(own()).toEqual([]);
  });

  test('worker and doctor --dry-run print a script that bash understands; nothing is submitted', () => {
    for (const words of [['worker'], ['doctor', '--dry-run'], ['up', '--workers', '2', '--dry-run']]) {
      const { stdout } = run('slurm', ...words);
      expect(spawnSync('bash', ['-n'], { input: stdout }).status).toBe(0);
    }
    expect(own()).toEqual([]);
  });

  test('up submits and waits until all have joined, once more adds, down ends only these', async () => {
    const file = join(cwd, 'scheduler.json');
    const other = slurm('sbatch', '--parsable', '-o', '/dev/null', '--wrap', 'sleep 60');
    const scheduler = spawn(
      process.execPath,
      [lola, 'scheduler', '--host', '0.0.0.0', '--port', '0', '--scheduler-file', file],
      { stdio: 'ignore' },
    );
    try {
      await expect.poll(() => existsSync(file), { timeout: 20_000 }).toBe(true);
      for (let round = 1; round <= 2; round++) {
        const { status, stdout, stderr } = run('slurm', 'up', '--scheduler-file', file, '--cpus', '1');
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(stdout).toMatch(/job \d+: joined/);
        expect(run('slurm', 'status').stdout.match(/RUNNING on node/g)).toHaveLength(round);
      }
      const { stdout } = run(
        'pi',
        '--stage',
        'distributed',
        '--scheduler-file',
        file,
        '--samples',
        '1_000_003',
        '--json',
      );
      expect(JSON.parse(stdout)).toMatchObject({
        workers: 2,
        inside: countInside(keyOfSeed(), 0, 1_000_003),
      });
      expect(run('slurm', 'down').stdout).toMatch(/^ended: \d+, \d+$/m);
      await expect.poll(own, { timeout: 20_000 }).toEqual([other]);
      const logs = readdirSync(join(cwd, 'lola-logs')).filter((name) => name.endsWith('.log'));
      for (const log of logs) expect(readFileSync(join(cwd, 'lola-logs', log), 'utf8')).toContain('Draining');
    } finally {
      scheduler.kill('SIGTERM');
      slurm('scancel', other);
    }
  });
});
