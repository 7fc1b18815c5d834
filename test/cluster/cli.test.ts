// The commands of the cluster as their users type them.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { askStatus } from '../../lib/cluster/connect.js';
import { PROTOCOL } from '../../lib/cluster/messages.js';
import { newToken, writeSchedulerFile } from '../../lib/cluster/scheduler-file.js';
import { startScheduler } from '../../lib/cluster/start-scheduler.js';
import { folderFor, newCleanups } from '../support/cleanups.js';
import { lola, until, type Lola } from '../support/cluster.js';
import { lolaHere } from '../support/lola-here.mjs';

const windows = process.platform === 'win32';
const cleanups = newCleanups();
const folder = () => folderFor(cleanups);
const start = (words: readonly string[], given = {}): Lola => {
  const started = lola(words, given);
  cleanups.push(() => {
    started.child.kill('SIGKILL');
    return started.ended;
  });
  return started;
};
/** Runs a command to its end. */
const run = async (...words: string[]) => {
  const { status, stdout, stderr } = await lolaHere(...words);
  return { code: status, output: stdout + stderr };
};

describe('lola scheduler, worker, pi and status', () => {
  test('together: join by file, run, join by address, run again, the same integer', async () => {
    const file = folder()('scheduler.json');
    const scheduler = start(['scheduler', '--port', '0', '--scheduler-file', file]);
    await until(() => existsSync(file));
    const { addresses, token } = JSON.parse(readFileSync(file, 'utf8')) as {
      addresses: string[];
      token: string;
    };
    await until(() =>
      scheduler.output().includes(`lola.scheduler - INFO -   Scheduler at:  ${addresses[0]}`),
    );
    const workers = async () => (await askStatus({ file })).workers.map(({ name }) => name);

    start(['worker', '--scheduler-file', file, '--threads', '1', '--name', 'one']);
    await until(async () => (await workers()).length === 1);
    const first = await run(
      'pi',
      '--stage',
      'distributed',
      '--samples',
      '3e7',
      '--scheduler-file',
      file,
      '--json',
    );
    expect(first.code).toBe(0);
    expect(JSON.parse(first.output)).toMatchObject({ stage: 'distributed', workers: 1, samples: 3e7 });

    start(['worker', addresses[0], '--scheduler-file', file, '--threads', '1', '--name', 'two']);
    await until(async () => (await workers()).length === 2);
    const second = await run(
      'pi',
      '--stage',
      'distributed',
      '--samples',
      '3e7',
      '--scheduler-file',
      file,
      '--json',
    );
    const inside = ({ output }: { output: string }) => (JSON.parse(output) as { inside: number }).inside;
    expect(inside(second)).toBe(inside(first));
    const serial = await run('pi', '--stage', 'serial', '--samples', '3e7', '--json');
    expect(inside(serial)).toBe(inside(first));

    const status = await run('status', '--scheduler-file', file);
    expect(status.output).toMatch(/2 workers, 0 clients, 0 tasks waiting/);
    const lines = scheduler.output();
    expect(lines).toMatch(/Worker joined: one, 1 thread \(1 here\)/);
    expect(lines).toMatch(/Worker joined: two, 1 thread \(2 here\)/);
    expect(lines).not.toContain(token);
  });

  test.skipIf(windows)(
    'a scheduler that is stopped sends its workers away and takes its file with it',
    async () => {
      const file = folder()('s.json');
      const scheduler = start(['scheduler', '--port', '0', '--scheduler-file', file, '--json']);
      await until(() => scheduler.output().includes('}\n'));
      expect(scheduler.output()).not.toContain(
        (JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token,
      );
      const worker = start(['worker', '--scheduler-file', file, '--threads', '1']);
      await until(async () => (await askStatus({ file })).workers.length === 1);
      scheduler.child.kill('SIGTERM');
      expect(await scheduler.ended).toBe(0);
      expect(await worker.ended).toBe(0);
      expect(worker.output()).toContain('Left the scheduler: the scheduler was closed');
      expect(existsSync(file)).toBe(false);
    },
  );

  test('the default place of the file is in the home of the user', async () => {
    const path = folder();
    const scheduler = start(['scheduler', '--port', '0'], { env: { HOME: path(''), USERPROFILE: path('') } });
    await until(() => scheduler.output().includes('address and token in'));
    expect(existsSync(path('.lola/scheduler.json'))).toBe(true);
    if (!windows) expect(statSync(path('.lola/scheduler.json')).mode & 0o777).toBe(0o600);
  });

  test('without a scheduler named, the stage starts a cluster of its own and ends it', async () => {
    const { code, output } = await run(
      'pi',
      '--stage',
      'distributed',
      '--samples',
      '1e7',
      '--workers',
      '2',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      workers: 2,
      inside: (JSON.parse((await run('pi', '--samples', '1e7', '--json')).output) as { inside: number })
        .inside,
    });
  });
});

describe('bad input', () => {
  test.each([
    [
      ['pi', '--stage', 'distributed', '--scheduler', 'tcp://127.0.0.1:8786'],
      /address must read ws:\/\/host:port.*got 'tcp:/,
    ],
    [
      [
        'pi',
        '--stage',
        'distributed',
        '--scheduler',
        'ws://127.0.0.1:9',
        '--scheduler-file',
        '/nowhere/s.json',
      ],
      /no scheduler file here knows ws:\/\/127.0.0.1:9/,
    ],
    [
      ['pi', '--stage', 'distributed', '--scheduler-file', '/nowhere/s.json'],
      /there is no scheduler file '\/nowhere\/s.json'/,
    ],
    [
      ['pi', '--stage', 'pool', '--scheduler', 'ws://127.0.0.1:9'],
      /--scheduler belongs to --stage distributed/,
    ],
    [
      ['pi', '--stage', 'distributed', '--scheduler', 'ws://127.0.0.1:9', '--workers', '3'],
      /'--workers <P>' cannot be used with option '--scheduler <ADDRESS>'/,
    ],
    [['status', '--scheduler-file', '/nowhere/s.json'], /there is no scheduler file/],
    [['scheduler', '--port', 'many'], /--port must be a whole number/],
    [['scheduler', '--port', '70000'], /scheduler: port must be/],
    [['worker', '--threads', '0'], /--threads must be a whole number from 1/],
    [
      ['worker', '--scheduler-file', '/nowhere/s.json', '--death-timeout', '1', '--threads', '1'],
      /no scheduler for 1 s.*there is no scheduler file/,
    ],
    [
      ['worker', '--tasks', '/nowhere/tasks.mjs', '--threads', '1'],
      /cannot load file:\/\/\/nowhere\/tasks.mjs/,
    ],
    [['worker', 'ws://127.0.0.1:9', '--token-file', '/nowhere/token'], /unknown option '--token-file'/],
    [
      ['worker', '--name', '', '--threads', '1'],
      /name must have 1 to 200 characters, got ''\. Leave --name out/,
    ],
    [['status', '--scheduler-file', '/'], /'\/' is not a scheduler file.*name the file that its log shows/],
  ])('lola %j', async (words, message) => {
    const { code, output } = await run(...words);
    expect({ code, output }).toEqual({ code: 2, output: expect.stringMatching(message) as string });
  });

  test('a worker whose token the scheduler does not know ends at once, and says whose scheduler it may be', async () => {
    const scheduler = await startScheduler({ port: 0 });
    cleanups.push(() => scheduler.close());
    const { address, port } = scheduler;
    const file = folder()('s.json');
    const token = newToken();
    writeSchedulerFile(file, { protocol: PROTOCOL, addresses: [address], port, token, pid: process.pid });
    const { code, output } = await run('worker', address, '--threads', '1', '--scheduler-file', file);
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringMatching(/wrong token. Perhaps this is another person's scheduler/) as string,
    });
    expect(output).not.toContain(token);
  });

  test('a port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { code, output } = await run(
      'scheduler',
      '--port',
      String(port),
      '--scheduler-file',
      folder()('s.json'),
    );
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringMatching(new RegExp(`port ${port} is taken`)) as string,
    });
  });

  test('a worker name that is taken', async () => {
    const file = folder()('s.json');
    const scheduler = await startScheduler({ port: 0, file });
    cleanups.push(() => scheduler.close());
    start(['worker', '--scheduler-file', file, '--threads', '1', '--name', 'twin']);
    await until(async () => (await askStatus({ file })).workers.length === 1);
    const { code, output } = await run(
      'worker',
      '--scheduler-file',
      file,
      '--threads',
      '1',
      '--name',
      'twin',
    );
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringMatching(/a worker named 'twin' is here already.*--name/) as string,
    });
  });
});
