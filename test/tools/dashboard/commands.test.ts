import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Picture } from '../../../tools/dashboard/picture.js';
import { lolaHere } from '../../support/lola-here.mjs';

const home = mkdtempSync(join(tmpdir(), 'lola-home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const LOLA = fileURLToPath(new URL('../../support/lola.mjs', import.meta.url));
beforeAll(() => {
  const env = { HOME: home, USERPROFILE: home, SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});

describe('the commands that watch', () => {
  test('without a dashboard, lola dashboard says how to start one, and forgets what a killed one left', async () => {
    const told = await lolaHere('dashboard');
    expect(told).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('--dashboard') });
  });

  test('a scheduler serves one; logs get its address, the file its token, for the owner only', async () => {
    const file = join(home, 'scheduler.json');
    const words = ['scheduler', '--port', '0', '--dashboard-port', '0', '--scheduler-file', file];
    const scheduler = spawn(process.execPath, [LOLA, ...words]);
    let log = '';
    for (const stream of [scheduler.stdout, scheduler.stderr])
      stream.on('data', (part) => (log += String(part)));
    const folder = join(home, '.lola');
    try {
      while (!log.includes('address and token in')) await once(scheduler.stdout, 'data');
      const [name] = readdirSync(folder).filter((each) => each.startsWith('dashboard-'));
      const { url, address } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
        url: string;
        address: string;
      };
      const token = new URL(url).searchParams.get('token')!;
      if (process.platform !== 'win32') expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      const told = await lolaHere('dashboard');
      expect(told.status).toBe(0);
      for (const text of [log, told.stdout]) {
        expect(text.split(`dashboard at:  ${address}`)).toHaveLength(2); // once
        expect(text).not.toContain(token);
      }
      expect(told.stdout).toMatch(/ssh -L \d+:127\.0\.0\.1:\d+ \S+@/);
      expect((await fetch(`${address}health`)).status).toBe(200);
      expect((await fetch(address)).status).toBe(401);
      const worker = spawn(process.execPath, [LOLA, 'worker', '--scheduler-file', file, '--threads', '1']);
      try {
        const workers = async () => {
          const response = await fetch(`${address}state.json`, {
            headers: { authorization: `Bearer ${token}` },
          });
          return ((await response.json()) as Picture).workers;
        };
        await expect.poll(workers).toMatchObject([{ threads: 1, memoryBytes: expect.any(Number) }]);
        expect((await lolaHere('status', '--scheduler-file', file)).stdout).toMatch(/MiB\n.*\n.* \d\d+\n/);
      } finally {
        worker.kill('SIGTERM');
        await once(worker, 'exit');
      }
    } finally {
      scheduler.kill('SIGTERM');
      await once(scheduler, 'exit');
    }
    if (process.platform !== 'win32') expect((await lolaHere('dashboard')).status).toBe(1);
    // What a killed one left behind is no dashboard. What another machine with this home has is not ours to judge.
    for (const host of [hostname(), 'other']) {
      const note = JSON.stringify({ host, pid: scheduler.pid, started: '' });
      writeFileSync(join(folder, `dashboard-${host}-1.json`), note);
    }
    expect((await lolaHere('dashboard')).status).toBe(1);
    expect(readdirSync(folder).filter((each) => each.startsWith('dashboard-'))).toEqual([
      'dashboard-other-1.json',
    ]);
  });

  test('flags that cannot be meant are refused before the work', async () => {
    const refused: readonly (readonly [readonly string[], string])[] = [
      [['--report', join('no', 'run.html')], 'run.html'],
      [['--dashboard-port', '1'], '--dashboard'],
      [['--dashboard', '--dashboard-port', '70000'], '70000'],
      [['--dashboard', '--dashboard-port', '0', '--public-url', 'nowhere'], 'nowhere'],
      [['--dashboard', '--dashboard-port', '0', '--report', join('no', 'run.html')], 'run.html'],
    ];
    for (const [flags, told] of refused) {
      const { status, stdout, stderr } = await lolaHere('pi', '--samples', '1e15', ...flags);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(told);
    }
  });

  test('what is no longer there is refused as any unknown flag or command is', async () => {
    const events = await lolaHere('pi', '--events', 'run.jsonl');
    const unknown = await lolaHere('pi', '--unknown', 'run.jsonl');
    expect(events).toEqual({ ...unknown, stderr: unknown.stderr.replace('--unknown', '--events') });
    expect(events.status).toBe(2);
    expect(await lolaHere('report', 'run.jsonl')).toMatchObject({ status: 2, stdout: '' });
  });
});
