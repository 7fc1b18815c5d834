// What is computed for other systems, tested on this one: folders, ways to Jupyter, and commands that need a shell.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { jupyterFolder, spawnable, waysToJupyter } from '../../scripts/systems.mjs';

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
