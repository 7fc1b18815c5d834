import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { countInside } from '../../../lib/sampling/kernel.js';
import { keyOfSeed } from '../../../lib/sampling/seed.js';
import type { RaceResult } from '../../../tools/measure/race-file.js';
import { lolaHere } from '../../support/lola-here.mjs';

const script = fileURLToPath(new URL('../../support/lola.mjs', import.meta.url));

function lola(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { status, stdout, stderr };
}

describe('lola pi', () => {
  test.each(['serial', 'pool', 'chunked'])(
    '--json of %s is one object with all its fields and the integer of everyone',
    async (stage) => {
      const { status, stdout, stderr } = await lolaHere(
        'pi',
        '--stage',
        stage,
        '--samples',
        '1_000_003',
        '--seed',
        '42',
        '--json',
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const report = JSON.parse(stdout) as Record<string, unknown>;
      expect(report).toMatchObject({ stage, samples: 1_000_003, seed: 42, interrupted: false });
      expect(report.inside).toBe(countInside(keyOfSeed(42), 0, 1_000_003));
      for (const field of [
        'workers',
        'pi',
        'standardError',
        'seconds',
        'startupSeconds',
        'peakMemoryBytes',
      ]) {
        expect(report[field]).toEqual(expect.any(Number));
      }
    },
  );

  test.each([
    ['--chunk', '12345'],
    ['--chunk', '-1'],
    ['--form', 'index'],
    ['--optimize', 'off'],
    ['--kernel', 'reference'],
    ['--kernel', 'simd'],
  ])('--stage chunked %s %s keeps the integer', async (flag, value) => {
    const { stdout } = await lolaHere(
      'pi',
      '--stage',
      'chunked',
      '--samples',
      '1e6',
      '--workers',
      '2',
      '--json',
      flag,
      value,
    );
    expect(JSON.parse(stdout)).toMatchObject({ inside: 784895, samples: 1_000_000, interrupted: false });
  });

  test('the text has the lines of the lesson', () => {
    const { stdout } = lola('pi', '--samples', '1e6');
    expect(stdout).toMatch(/^\[serial version\] required memory 11\.444 MB by the original's formula/);
    expect(stdout).toContain('[serial version] pi is 3.139580 from 1000000 samples');
    expect(stdout).toMatch(/\[using {3}1 worker \] 784895 of them inside, seed 2017/);
    expect(stdout).toMatch(/standard error 0\.0016/);
  });

  test.each([
    [['pi', '--samples', '-5'], "got '-5'"],
    [['pi', '--samples', '1.5'], "got '1.5'"],
    [['pi', '--samples', 'NaN'], "got 'NaN'"],
    [['pi', '--samples', '1e400'], "got '1e400'"],
    [['pi', '--samples', '9007199254740992'], "got '9007199254740992'"],
    [['pi', '--samples='], 'samples'],
    [['pi', '--samples', '0'], "--samples must be a whole number from 1 to 2^53 - 1, got '0'"],
    [['pi', '--samples', '1__0'], "got '1__0'"],
    [['pi', '--samples', '0x10'], "got '0x10'"],
    [['pi', '--workers', '0', '--stage', 'pool'], "got '0'"],
    [
      ['pi', '--workers', '5000', '--stage', 'pool'],
      'pool: workers must be an integer from 1 to 1024, got 5000',
    ],
    [['pi', '--workers', '2'], 'serial: workers must be 1, got 2'],
    [['pi', '--seed', ''], '--seed must not be empty'],
    [
      ['pi', '--kernel', 'fast'],
      "'--kernel <NAME>' argument 'fast' is invalid. Allowed choices are simd, reference.",
    ],
    [
      ['pi', '--chunk', '1e6'],
      '--chunk belongs to --stage chunked or distributed or slurm, got --stage serial',
    ],
    [['pi', '--stage', 'chunked', '--chunk', '0'], "got '0'"],
    [
      ['pi', '--stage', 'chunked', '--form', 'list'],
      "'--form <NAME>' argument 'list' is invalid. Allowed choices are sum, index.",
    ],
    [
      ['pi', '--stage', 'chunked', '--optimize', 'yes'],
      "'--optimize <ON>' argument 'yes' is invalid. Allowed choices are on, off.",
    ],
    [
      ['pi', '--stage', 'pol'],
      "'--stage <NAME>' argument 'pol' is invalid. Allowed choices are serial, pool",
    ],
    [
      ['pi', '--scheduler', 'ws://127.0.0.1:1'],
      '--scheduler belongs to --stage distributed, got --stage serial',
    ],
    [
      ['pi', '--stage', 'distributed', '--workers', '2', '--scheduler-file', 'x'],
      "option '--workers <P>' cannot be used with option '--scheduler-file <FILE>'",
    ],
    [['pi', '--sampels', '3'], '--samples'],
    [['pi', 'extra'], 'too many arguments'],
    [['py'], 'pi'],
    [
      ['start', '--samples', '1e3', '--json', '/no/such/folder/x.json'],
      "--json: cannot write '/no/such/folder/x.json'",
    ],
  ])('%j is refused with exit code 2, what was given, and no stack trace', async (words, said) => {
    const { status, stderr, stdout } = await lolaHere(...words);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.skipIf(process.platform === 'win32')('a reader that has gone ends a command quietly', () => {
    const pipe = `'${process.execPath}' '${script}' pi --samples 1e4; echo "code $?" >&2`;
    const { stderr } = spawnSync('/bin/sh', ['-c', `{ ${pipe}; } | exec 0<&-`], { encoding: 'utf8' });
    expect(stderr).toBe('code 0\n');
  });

  test('--debug shows where an error came from', () => {
    const { status, stderr } = lola('pi', '--samples', '0', '--debug');
    expect(status).toBe(2);
    expect(stderr).toMatch(/\n\s+at /);
  });

  test.skipIf(process.platform === 'win32')(
    'Ctrl-C prints the estimate of what is done, and exits with 130',
    async () => {
      const child = spawn(
        process.execPath,
        [script, 'pi', '--stage', 'pool', '--workers', '2', '--samples', '1e15', '--json'],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      // The CPU time of the child tells, without a fixed wait, that the pool has counted for a while.
      await until(() => cpuSeconds(child.pid as number) > 2);
      child.kill('SIGINT');
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(code).toBe(130);
      const report = JSON.parse(out) as {
        interrupted: boolean;
        samples: number;
        inside: number;
        pi: number;
        standardError: number;
      };
      expect(report.interrupted).toBe(true);
      expect(report.samples).toBeGreaterThan(1e7);
      expect(Math.abs(report.pi - Math.PI)).toBeLessThan(5 * report.standardError);
    },
  );
});

describe('npm start', () => {
  const name = 'is a short race: every stage runs cold and warm, all find one integer, in table and file';
  test(name, { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lola-'));
    const file = join(folder, 'start.json');
    const { status, stdout } = await lolaHere('start', '--samples', '1e6', '--repeats', '1', '--json', file);
    expect(status).toBe(0);
    const { format, runs } = JSON.parse(readFileSync(file, 'utf8')) as RaceResult;
    expect(format).toBe('lolas-pi.race.1');
    const stages = ['serial', 'pool', 'chunked', 'distributed'];
    expect(runs.map(({ stage, cold }) => `${stage} ${cold}`)).toEqual(
      [true, false].flatMap((cold) => stages.map((stage) => `${stage} ${cold}`)),
    );
    expect(new Set(runs.map(({ inside }) => inside))).toEqual(new Set([784895]));
    for (const stage of stages) expect(stdout).toMatch(new RegExp(`${stage} +\\d+ +1e6 +784895 +3.1395800`));
    rmSync(folder, { recursive: true });
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function cpuSeconds(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' });
  const parts = stdout.trim().split(/[-:]/).map(Number);
  return parts.reduce((total, part) => total * 60 + part, 0);
}
