// What is computed for other systems, tested on this one: folders, ways to Jupyter, commands that need a shell, signals.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { writeSchedulerFile } from '../../lib/cluster/scheduler-file.js';
import { sourceFiles } from '../../scripts/freshness.mjs';
import { endTree, jupyterFolder, spawnable, waysToJupyter } from '../../scripts/systems.mjs';
import { opener } from '../../site/start/serve.mjs';
import { endingSignals } from '../../tools/cli/interrupt.js';
import { lola, newFolder, until } from '../support/cluster.js';

describe('the folder for kernels of a user', () => {
  test.each([
    ['linux', {}, '/home/ada', '/home/ada/.local/share/jupyter'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/home/ada', '/data/jupyter'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/Users/ada', '/Users/ada/Library/Jupyter'],
    ['win32', {}, 'C:\\Users\\Ada L', 'C:\\Users\\Ada L\\AppData\\Roaming\\jupyter'],
    ['win32', { APPDATA: 'D:\\roaming' }, 'C:\\Users\\Ada L', 'D:\\roaming\\jupyter'],
    ['win32', { JUPYTER_DATA_DIR: 'E:\\j', APPDATA: 'D:\\roaming' }, 'C:\\Users\\Ada L', 'E:\\j'],
  ])('on %s with %j', (platform, env, home, folder) => {
    expect(jupyterFolder(platform, env, () => home)).toBe(folder);
  });
});

test('Python is called py on Windows', () => {
  const pythons = (platform: string) => waysToJupyter(platform).map(([command]) => command);
  expect(pythons('win32')).toEqual(['jupyter', 'py', 'jupyter', 'py']);
  expect(pythons('darwin')).toEqual(['jupyter', 'python3', 'jupyter', 'python3']);
  expect(pythons('linux')).toEqual(pythons('darwin'));
});

describe('a command that may be a .cmd file', () => {
  test('gets a shell on Windows alone, as one text with what has spaces in quotes', () => {
    const words = ['lab', '--notebook-dir', 'C:\\My Notebooks', '--port=8890'];
    expect(spawnable('win32', 'jupyter', words, { stdio: 'inherit' })).toEqual([
      'jupyter lab --notebook-dir "C:\\My Notebooks" --port=8890',
      [],
      { stdio: 'inherit', shell: true },
    ]);
    expect(spawnable('linux', 'jupyter', words, { stdio: 'inherit' })).toEqual([
      'jupyter',
      words,
      { stdio: 'inherit' },
    ]);
  });

  test('needs none where it is a program, whatever its folder is called', () => {
    const node = 'C:\\Program Files\\nodejs\\node.exe';
    expect(spawnable('win32', node, ['-p', 'C:\\100 % & more'])).toEqual([
      node,
      ['-p', 'C:\\100 % & more'],
      {},
    ]);
  });

  test('gets every word as it was given, and Node warns of nothing', () => {
    const words = ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', 'a b', 'c&d', ''];
    const [command, args, options] = spawnable('win32', 'node', words, {
      encoding: 'utf8',
      timeout: 100_000,
    });
    const { stdout, stderr } = spawnSync(command, args, { ...options, encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '["a b","c&d",""]\n', stderr: '' });
  });
});

describe('an address that is opened in a browser', () => {
  const url = 'http://127.0.0.1:8787/?token=a&room=b%20c';

  test.each([
    ['linux', ['xdg-open', url]],
    ['freebsd', ['xdg-open', url]],
    ['darwin', ['open', url]],
    ['win32', ['rundll32', 'url.dll,FileProtocolHandler', url]],
  ])('on %s is one word, which no shell reads', (platform, words) => {
    expect(opener(platform, url)).toEqual(words);
  });
});

describe('npm, a .cmd file on Windows', () => {
  test.each([
    ['win32', 'npm ci --no-audit "C:\\a b\\c"', { shell: true }],
    ['linux', 'npm', {}],
    ['darwin', 'npm', {}],
  ])('on %s', (platform, command, options) => {
    const words = ['ci', '--no-audit', 'C:\\a b\\c'];
    expect(spawnable(platform, 'npm', words)).toEqual([command, platform === 'win32' ? [] : words, options]);
  });
});

describe('signals that end a command', () => {
  test('come from the terminal or by kill; of a process that another one started, by kill alone', () => {
    expect(endingSignals(false)).toEqual(['SIGINT', 'SIGBREAK', 'SIGHUP', 'SIGTERM']);
    expect(endingSignals(true)).toEqual(['SIGTERM']);
  });

  test('are listed in one place, where every command that listens finds them', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const names = (file: string) => /'SIG(INT|HUP|BREAK)'/.test(readFileSync(file, 'utf8'));
    const naming = sourceFiles(root).filter((file) => file.endsWith('.ts') && names(file));
    expect(naming).toEqual([join(root, 'tools', 'cli', 'interrupt.ts')]);
  });

  test.skipIf(process.platform === 'win32')(
    'a terminal that closes ends worker and scheduler in order',
    async () => {
      const { path, remove } = newFolder();
      const file = path('scheduler.json');
      const started = [
        lola(['scheduler', '--port', '0', '--no-dashboard', '--scheduler-file', file]),
        lola(['worker', '--threads', '1', '--scheduler-file', file]),
      ];
      const [scheduler, worker] = started;
      try {
        await until(() => worker.output().includes('Joined as'));
        worker.child.kill('SIGHUP');
        expect([await worker.ended, worker.output()]).toEqual([0, expect.stringContaining('Finishing')]);
        scheduler.child.kill('SIGHUP');
        expect([await scheduler.ended, scheduler.output()]).toEqual([0, expect.stringContaining('Closing')]);
        expect(existsSync(file)).toBe(false);
      } finally {
        for (const { child } of started) child.kill('SIGKILL');
        remove();
      }
    },
  );
});

test('a file that is named for `npm start` is written where it was typed, not in the clone’s root', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lola-typed-'));
  const script = fileURLToPath(new URL('../../scripts/lola.mjs', import.meta.url));
  const words = 'start --samples 1e4 --stages serial --workers 1 --repeats 1 --json typed.json'.split(' ');
  const env = { ...process.env, npm_lifecycle_event: 'start', INIT_CWD: folder };
  const { status, stderr } = spawnSync(process.execPath, [script, ...words], { env, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  expect(readdirSync(folder)).toEqual(['typed.json']);
  rmSync(folder, { recursive: true });
});

describe('a program and all that it started', () => {
  const group = { killed: [[-7, 'SIGKILL']], ran: [] };
  test.each([
    ['linux', group],
    ['darwin', group],
    ['win32', { killed: [], ran: [['taskkill', ['/pid', '7', '/t', '/f']]] }],
  ])('on %s', (platform, expected) => {
    const done = { killed: [] as unknown[], ran: [] as unknown[] };
    const note =
      (list: unknown[]) =>
      (...words: unknown[]) =>
        void list.push(words);
    endTree(platform, 7, { kill: note(done.killed), run: note(done.ran) });
    expect(done).toEqual(expected);
  });
});

describe('where there are no file modes', () => {
  const own = Object.getOwnPropertyDescriptor(process, 'platform')!;
  const folder = mkdtempSync(join(tmpdir(), 'lola-systems-'));
  afterEach(() => Object.defineProperty(process, 'platform', own));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['win32', false],
    [process.platform, process.platform !== 'win32'],
  ])('a scheduler’s file does not promise that it is closed to others: %s', (platform, closed) => {
    Object.defineProperty(process, 'platform', { ...own, value: platform });
    const path = join(folder, `${platform}.json`);
    const addresses = ['ws://127.0.0.1:1'];
    const info = { addresses, token: 'a'.repeat(32) } as unknown as Parameters<typeof writeSchedulerFile>[1];
    const warning = writeSchedulerFile(path, info);
    expect(warning === undefined).toBe(closed);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ closedToOthers: closed });
    rmSync(path);
  });
});
