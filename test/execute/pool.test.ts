import { spawnSync } from 'node:child_process';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { startPool } from '../../lib/execute/pool.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { CONTRACT_TASKS, executorContract } from '../support/executor-contract.js';
import { thorough } from '../support/thorough.js';

for (const workers of thorough ? [1, 3] : [3]) {
  executorContract(`pool of ${workers}`, () => startPool({ workers, tasks: [CONTRACT_TASKS] }), {
    survivesExit: true,
    stopsForever: true,
  });
}

describe('the pool', () => {
  test.each([0, -1, 1.5, NaN, Infinity, 2000, '2' as unknown as number])(
    'refuses %s workers by name',
    async (workers) => {
      await expect(startPool({ workers })).rejects.toThrow(InvalidArgumentError);
      await expect(startPool({ workers })).rejects.toThrow(/pool: workers/);
    },
  );

  test('uses all its threads, numbers them from 0, and gives a dead one’s number to its successor', async () => {
    const pool = await startPool({ workers: 3, tasks: [CONTRACT_TASKS] });
    const threads = new Set<number>();
    const onEvent = (event: ExecutorEvent) => {
      if (event.type === 'finished') threads.add(event.thread);
    };
    const spins = Array.from({ length: 30 }, (_, i) => ({ key: `spin-${i}`, operation: 'spin', input: 10 }));
    await pool.run(spins, { onEvent });
    expect([...threads].sort()).toEqual([0, 1, 2]);
    await pool.run([{ key: 'exit', operation: 'exit', input: 1 }]).catch(() => undefined);
    await pool.run(spins, { onEvent });
    expect([...threads].sort()).toEqual([0, 1, 2]);
    await pool.close();
  });

  test('more threads than an event target likes listeners make no warning', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    process.on('warning', onWarning);
    const pool = await startPool({ workers: 12, tasks: [CONTRACT_TASKS] });
    const spins = Array.from({ length: 48 }, (_, i) => ({ key: `spin-${i}`, operation: 'spin', input: 5 }));
    expect(await pool.run(spins)).toEqual(spins.map(() => true));
    await pool.close(); // by then a warning, told in a later tick, would be here
    process.removeListener('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  /** What a program prints that has a pool. */
  function program(flags: readonly string[], lines: string, tasks: readonly string[] = []) {
    const url = new URL('../../dist/lib/execute/pool.js', import.meta.url).href;
    const script = `import { startPool } from ${JSON.stringify(url)};
      const pool = await startPool(${JSON.stringify({ workers: 2, tasks })}); ${lines} await pool.close(); console.log('closed');`;
    const { status, stdout } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', script], {
      timeout: 100_000,
      encoding: 'utf8',
    });
    return { status, stdout };
  }

  test('leaves no thread behind: the process ends by itself after close', () => {
    expect(program([], '')).toEqual({ status: 0, stdout: 'closed\n' });
  });

  // Node refuses them in a list that a thread is given.
  test.each(['--max-old-space-size=500', '--stack-size=900', '--title=lola', '--expose-gc'])(
    'starts in a program that has the flag %s',
    async (flag) => {
      expect(program([flag], '')).toEqual({ status: 0, stdout: 'closed\n' });
      const url = new URL('../../dist/lib/execute/pool.js', import.meta.url).href;
      const folder = await mkdtemp(join(tmpdir(), 'lola-'));
      const file = join(folder, 'program.mjs');
      const script = `const pool = await startPool({ workers: 1 }); await pool.close(); console.log('closed');`;
      await writeFile(file, `import { startPool } from ${JSON.stringify(url)};\n${script}`);
      const { stdout } = spawnSync(process.execPath, [flag, file], { timeout: 100_000, encoding: 'utf8' });
      await rm(folder, { recursive: true });
      expect(stdout).toBe('closed\n');
    },
  );

  test('shows all that a task prints before it closes', () => {
    const tasks = [
      'data:text/javascript,export const count = (n) => { for (let i = 0; i < n; i++) console.log(i); return n; };',
    ];
    const run = "await pool.run([{ key: 'a', operation: 'count', input: 3000 }]);";
    const { status, stdout } = program([], run, tasks);
    const numbers = Array.from({ length: 3000 }, (_, i) => `${i}\n`).join('');
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${numbers}closed\n` });
  });

  test('a task module that cannot be used is refused where it is given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lola-'));
    const module = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return pathToFileURL(join(folder, name)).href;
    };
    const wait = 'await new Promise((end) => setTimeout(end, 60_000));';
    const attempt = async (url: string) =>
      startPool({ workers: 1, tasks: [url] }).catch((error: unknown) => error as Error);
    for (const [url, words] of [
      [pathToFileURL(join(folder, 'missing.mjs')).href, /cannot load/],
      [await module('broken.mjs', 'export function'), /cannot load/],
      [await module('empty.mjs', 'export const three = 3;'), /exports no function/],
      [await module('taken.mjs', 'export function evaluate() {}'), /name that is taken/],
      [await module('exits.mjs', 'process.exit(3);'), /ended its thread while it was loaded: .*code: 3/],
      [await module('rejects.mjs', `void Promise.reject(Error('odd')); ${wait}`), /was loaded: odd\./],
      [
        await module('throws.mjs', `setTimeout(() => { throw Error('late'); }); ${wait}`),
        /was loaded: late\./,
      ],
    ] as const) {
      const failure = await attempt(url);
      expect(failure).toBeInstanceOf(InvalidArgumentError);
      expect((failure as Error).message).toMatch(words);
    }
    await rm(folder, { recursive: true });
  });
});
