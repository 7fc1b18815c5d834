import { readdirSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WorkerLostError } from '../../lib/errors.js';
import { estimateChunked } from '../../lib/estimators/chunked.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { SlurmError } from '../../lib/slurm/commands.js';
import { startSlurm } from '../../lib/slurm/executor.js';
import { KEY, countTasks, folder, hasten, onStart, own, slurm, spins, start, sum } from '../support/slurm.js';

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

  test('a requeued element goes on after its last result, and the count is exact', async () => {
    const executor = await start('requeue', { elements: 1 });
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
    await expect.poll(own).toEqual([]);
  });

  test('a refusal comes with its remedy, before anything runs', async () => {
    await expect(
      startSlurm({ directory: folder('refused'), settings: { partition: 'nosuch' } }),
    ).rejects.toThrow(/no partition 'nosuch'.*set 'partition'/);
    const executor = await start('refused', { settings: { extra: ['--licenses=nosuch'] } });
    await expect(executor.run(spins(1, 1))).rejects.toThrow(/sbatch refused .*[Ll]icense/);
    await executor.close();
  });

  test('an element that makes room for a better job is requeued, and goes on after its last result', async () => {
    const executor = await start('preempted', { elements: 1, settings: { partition: 'spot' } });
    const onEvent = onStart(() => {
      const [element] = own();
      slurm('sbatch', '-p', 'debug', '-N', '2', '--exclusive', '-o', '/dev/null', '--wrap', 'sleep 1');
      void hasten(element); // fails unless Slurm requeues it
    });
    const values = await executor.run([...spins(60, 100), ...countTasks(100_003, 3)], { onEvent });
    expect(sum(values.slice(60))).toBe(countInside(KEY, 0, 100_003));
    await executor.close();
  });

  test('one that is ended for a better job is told so by name, and computed again', async () => {
    const reports: string[] = [];
    const executor = await start('scrapped', {
      elements: 2,
      settings: { partition: 'scrap' },
      onReport: (text) => reports.push(text),
    });
    const onEvent = onStart(() => {
      slurm('sbatch', '-p', 'debug', '-N', '2', '--exclusive', '-o', '/dev/null', '--wrap', 'sleep 1');
    });
    const values = await executor.run([...spins(60, 100), ...countTasks(100_003, 3)], { onEvent });
    expect(sum(values.slice(60))).toBe(countInside(KEY, 0, 100_003));
    expect(reports.join('\n')).toMatch(/element \d: PREEMPTED, on node\d.*submitting again what is missing/);
    await executor.close();
  });
});
