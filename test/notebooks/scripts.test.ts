// `npm run notebooks` and `npm run kernel`, in a folder and on a PATH made up for each test.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lola-scripts-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function script(name: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const file = join(root, 'scripts', name);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('npm run kernel', () => {
  const kernel = (...args: string[]) => script('kernel.mjs', args, { JUPYTER_DATA_DIR: folder });
  const file = () => join(folder, 'kernels', 'tslab', 'kernel.json');

  test('registers this clone by absolute paths that exist, and --remove leaves nothing behind', () => {
    expect(kernel()).toMatchObject({ status: 0 });
    const { argv, language } = JSON.parse(readFileSync(file(), 'utf8')) as {
      argv: string[];
      language: string;
    };
    expect(argv).toEqual([
      process.execPath,
      `${join(root, 'jupyter', 'kernels', 'tslab')}/kernel.mjs`,
      'kernel',
      '--config-path',
      '{connection_file}',
    ]);
    expect(argv.slice(0, 2).map(existsSync)).toEqual([true, true]);
    expect(language).toBe('typescript');
    expect(kernel().status).toBe(0); // once more, as after a change of Node
    expect(kernel('--remove')).toMatchObject({ status: 0, stdout: `lolas-pi: removed ${file()}\n` });
    expect(readdirSync(join(folder, 'kernels'))).toEqual([]);
    expect(kernel('--remove')).toMatchObject({
      status: 0,
      stdout: `lolas-pi: nothing to remove: there is no ${file()}\n`,
    });
  });

  test('leaves a kernel alone that it did not write, and what else lies beside its own', () => {
    mkdirSync(join(folder, 'kernels', 'tslab'), { recursive: true });
    writeFileSync(file(), '{"argv": ["tslab"]}');
    expect([kernel().status, kernel('--remove').status]).toEqual([1, 1]);
    expect(readFileSync(file(), 'utf8')).toBe('{"argv": ["tslab"]}');
    rmSync(file());
    writeFileSync(join(folder, 'kernels', 'tslab', 'logo.svg'), '');
    expect([kernel().status, kernel('--remove').status]).toEqual([0, 0]);
    expect(readdirSync(join(folder, 'kernels', 'tslab'))).toEqual(['logo.svg']);
  });

  test("without JUPYTER_DATA_DIR it is the user's own folder that Jupyter names for this system", () => {
    const env = {
      JUPYTER_DATA_DIR: '',
      HOME: folder,
      USERPROFILE: folder,
      APPDATA: join(folder, 'roaming'),
      XDG_DATA_HOME: '',
    };
    const places = { linux: '.local/share/jupyter', darwin: 'Library/Jupyter', win32: 'roaming/jupyter' };
    const place = places[process.platform as 'linux'] ?? places.linux;
    expect(script('kernel.mjs', [], env).status).toBe(0);
    expect(existsSync(join(folder, place, 'kernels', 'tslab', 'kernel.json'))).toBe(true);
    expect(homedir()).not.toBe(folder);
  });

  test('an unknown flag is refused with the known ones, and nothing is written', () => {
    const known = "npm run kernel: unknown argument '--undo'. Known: --remove, --help.\n";
    expect(kernel('--undo')).toEqual({ status: 2, stdout: '', stderr: known });
    expect(kernel('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--remove') as string,
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('npm run notebooks', () => {
  /** A command on the PATH that answers --version for the interfaces given, and tells how else it was started. */
  function pretend(command: string, interfaces: string) {
    const source = `#!/bin/sh
case "$*" in *--version) for i in ${interfaces}; do case "$*" in *$i*) exit 0;; esac; done; exit 1;; esac
echo "${command} $*|$PWD|$JUPYTER_PATH"; exit 7`;
    writeFileSync(join(folder, command), source, { mode: 0o755 });
  }
  const notebooks = (...args: string[]) =>
    script('notebooks.mjs', args, { PATH: folder, JUPYTER_PATH: '/of/reader' });
  const place = `${join(root, 'notebooks')}|${join(root, 'jupyter')}${delimiter}/of/reader\n`;

  test('opens JupyterLab in notebooks/, with the kernel of this repository, and hands on arguments and exit code', () => {
    pretend('jupyter', 'notebook lab');
    expect(notebooks('--no-browser')).toMatchObject({
      status: 7,
      stdout: `jupyter lab --no-browser|${place}`,
    });
  });

  test('opens Jupyter Notebook where there is no Lab', () => {
    pretend('jupyter', 'notebook');
    expect(notebooks()).toMatchObject({ status: 7, stdout: `jupyter notebook|${place}` });
  });

  test('opens what Python has where no jupyter is on the PATH', () => {
    pretend('python3', 'lab');
    expect(notebooks()).toMatchObject({ status: 7, stdout: `python3 -m jupyter lab|${place}` });
  });

  test('says how to get Jupyter on this system, and ends with 1', () => {
    const { status, stdout, stderr } = notebooks();
    expect([status, stdout]).toEqual([1, '']);
    const ways = () => stderr.split('\n').flatMap((line) => /^ {2}(\w[\w ]+):/.exec(line)?.[1] ?? []);
    expect(ways()).toEqual(['pip', 'uv', 'conda', 'VS Code']);
    writeFileSync(join(folder, 'apt-get'), '#!/bin/sh\n', { mode: 0o755 });
    expect(notebooks().stderr.includes('apt:')).toBe(process.platform === 'linux');
  });
});
