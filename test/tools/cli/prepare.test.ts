// Several commands in one clone at once, and clones that are not yours: one prepares, the others wait or say what to do.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { thisProcess } from '../../../lib/machine.js';
import { cloneOf, type Clone } from '../../support/made-up-clone.js';
import { asUser, canBeAnother } from '../../support/users.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const text = (file: string) => readFileSync(join(repository, file), 'utf8');
const COPIED = [
  'scripts/prepare.mjs',
  'scripts/lock.mjs',
  'scripts/freshness.mjs',
  'scripts/systems.mjs',
  'lib/owner.mjs',
  'lib/cores.mjs',
];

/** Copies the source: enough, and a tenth of the time, where it only matters whether something is built. */
const QUICK_COMPILER = `const fs = require('node:fs');
const folder = process.argv.at(-1) + '/lib';
fs.mkdirSync(folder, { recursive: true });
fs.copyFileSync('lib/a.ts', folder + '/a.js');`;

/** This environment but for a site's own way to the registry. */
const withoutProxy = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$|^npm_config_/i.test(name)));

describe.skipIf(process.platform === 'win32')('prepare', { timeout: 120_000 }, () => {
  let clone: Clone;
  const at = (...names: string[]) => join(clone.root, ...names);
  const source = (value: number) => writeFileSync(at('lib', 'a.ts'), `export const a = ${value};\n`);
  const command = () =>
    spawn(process.execPath, [at('scripts', 'prepare.mjs')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = (child: ReturnType<typeof command>) => {
    let stderr = '';
    child.stderr.on('data', (bytes) => (stderr += bytes));
    return new Promise<{ code: number | null; stderr: string }>((done) =>
      child.on('close', (code) => done({ code, stderr })),
    );
  };
  const prepare = () => ended(command());
  const useRealCompiler = () => {
    rmSync(at('node_modules', 'typescript'), { recursive: true });
    symlinkSync(join(repository, 'node_modules', 'typescript'), at('node_modules', 'typescript'));
  };
  const left = () => readdirSync(clone.root).filter((name) => /^dist-|^\.preparing/.test(name));

  beforeEach(() => {
    clone = cloneOf({
      'package.json': { type: 'module' },
      'package-lock.json': '1',
      'node_modules/.installed-from': '1',
      'node_modules/typescript/bin/tsc': QUICK_COMPILER,
      'tsconfig.json': {
        compilerOptions: { rootDir: '.', types: [], lib: ['es5'], skipLibCheck: true }, // least to read: built often
        include: ['lib/a.ts', 'lesson', 'tools'],
      },
      'lesson/a.ts': 'export {};\n',
      'tools/a.ts': 'export {};\n',
      'scripts/bundle-room.mjs': '', // no room in this clone
      ...Object.fromEntries(COPIED.map((file) => [file, text(file)])),
    });
    source(1);
  });
  afterEach(() => {
    chmodSync(clone.root, 0o755);
    clone.remove();
  });

  test('of four at once one builds, and all four find the build', async () => {
    useRealCompiler(); // it takes long enough for four
    const all = await Promise.all([prepare(), prepare(), prepare(), prepare()]);
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(all.filter(({ stderr }) => stderr.includes('building'))).toHaveLength(1);
    expect(existsSync(at('dist', 'lib', 'a.js'))).toBe(true);
    expect(left()).toEqual([]);
  });

  test('of four at once in a clone without packages one installs them, and all four go on', async () => {
    const tools = at('node_modules');
    renameSync(tools, at('packages')); // what the stand-in of npm installs
    mkdirSync(at('bin'));
    const npm = `#!/bin/sh\necho "$*" >> installs\n[ ! -e node_modules ] || exit 1\ncp -R packages node_modules\n`;
    writeFileSync(at('bin', 'npm'), npm, { mode: 0o755 });
    vi.stubEnv('PATH', `${at('bin')}:${process.env.PATH}`);
    const all = await Promise.all([prepare(), prepare(), prepare(), prepare()]);
    vi.unstubAllEnvs();
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(readFileSync(at('installs'), 'utf8')).toMatch(/^ci .*\n$/);
    expect([existsSync(at('dist', 'lib', 'a.js')), left()]).toEqual([true, []]);
  });

  test('a new build takes the place of the old one, which a failed build leaves', async () => {
    await prepare();
    source(2);
    expect((await prepare()).code).toBe(0);
    expect(clone.read('dist/lib/a.js')).toContain('a = 2');
    useRealCompiler();
    writeFileSync(at('lib', 'a.ts'), 'export const a: number = "three";\n');
    expect((await prepare()).code).toBe(1);
    expect(clone.read('dist/lib/a.js')).toContain('a = 2');
    expect(left()).toEqual([]);
  });

  test('what a killed one left is taken over and cleared', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(at('.preparing'), JSON.stringify({ ...thisProcess(), pid }));
    mkdirSync(at(`dist-${pid}`));
    expect((await prepare()).code).toBe(0);
    expect(left()).toEqual([]);
  });

  test.runIf(process.platform === 'linux')(
    'so is the lock of a process whose number another one has',
    async () => {
      writeFileSync(at('.preparing'), JSON.stringify({ ...thisProcess(), started: '1' }));
      expect((await prepare()).code).toBe(0);
    },
  );

  test.each([
    ['a live process', () => thisProcess()],
    ['one on another host, which cannot be asked', () => ({ ...thisProcess(), host: 'login2' })],
  ])('the lock of %s is waited for', async (_, owner) => {
    writeFileSync(at('.preparing'), JSON.stringify(owner()));
    const child = command();
    const end = ended(child);
    await new Promise<void>((seen) =>
      child.stderr.on(
        'data',
        (bytes) => String(bytes).includes(`waiting for process ${process.pid} on`) && seen(),
      ),
    );
    expect(clone.read('.preparing')).toBe(JSON.stringify(owner()));
    child.kill('SIGKILL');
    await end;
  });

  test.each([
    [
      'of another host',
      JSON.stringify({ ...thisProcess(), pid: 77, host: 'login2' }),
      'process 77 on login2',
    ],
    ['whose text is cut short', '{"host":"lo', 'another process'],
    ['that names nobody', 'null', 'another process'],
  ])('the lock %s is named, with what to do if nobody is there', async (_, text, who) => {
    writeFileSync(at('.preparing'), text);
    const child = command();
    const end = ended(child);
    child.stderr.once('data', () => rmSync(at('.preparing'))); // as one does who follows the advice
    const { code, stderr } = await end;
    expect(stderr).toContain(
      `waiting for ${who}, which prepares this clone. If it is not there any more, delete ${at('.preparing')}.`,
    );
    expect(code).toBe(0);
  });

  test('a lock that is older than any build is nobody’s', async () => {
    writeFileSync(at('.preparing'), JSON.stringify({ ...thisProcess(), host: 'login2' }));
    utimesSync(at('.preparing'), new Date(0), new Date(0));
    expect((await prepare()).code).toBe(0);
  });

  test('an empty lock, as a full disk leaves it, is waited for a moment and no longer', async () => {
    writeFileSync(at('.preparing'), '');
    utimesSync(at('.preparing'), new Date(), new Date(Date.now() - 11_000));
    expect((await prepare()).code).toBe(0);
  });

  test('a copy has other times, and needs no build', async () => {
    await prepare();
    utimesSync(at('lib', 'a.ts'), new Date(0), new Date(0));
    expect(await prepare()).toEqual({ code: 0, stderr: '' });
  });

  /** Prepares as somebody who may only read the clone, and finds neither git nor npm. */
  const prepareAsReader = () => {
    const reader = canBeAnother ? asUser(54321) : '';
    const line = `${reader} env PATH=/nowhere '${process.execPath}' '${at('scripts', 'prepare.mjs')}'`;
    const { status, stderr } = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
    return { status, stderr };
  };

  test.runIf(canBeAnother || process.getuid?.() !== 0)(
    'a folder that is not yours works once it is built; before that you hear whom to ask',
    async () => {
      chmodSync(clone.root, 0o555);
      const refusal = `lolas-pi: this folder is not yours to build (build missing): ask the owner of ${clone.root}/ for npm run build\n`;
      expect(prepareAsReader()).toEqual({ status: 1, stderr: expect.stringContaining(refusal) });
      chmodSync(clone.root, 0o755);
      await prepare();
      chmodSync(clone.root, 0o555);
      expect(prepareAsReader()).toEqual({ status: 0, stderr: '' });
      chmodSync(clone.root, canBeAnother ? 0o700 : 0o555); // a reader by its capabilities alone
      expect(prepareAsReader()).toEqual({ status: 0, stderr: '' });
    },
  );

  test.each([
    ['registry', { npm_config_registry: 'http://127.0.0.1:9' }],
    ['proxy', { npm_config_registry: 'http://192.0.2.1', npm_config_proxy: 'http://127.0.0.1:9' }],
  ])('a %s that does not answer: npm says so, and the last line where to look', (_, network) => {
    const lock = {
      ...{ name: 'clone', version: '1.0.0', lockfileVersion: 3 },
      packages: {
        '': { dependencies: { ws: '8.0.0' } },
        'node_modules/ws': { version: '8.0.0', resolved: 'https://registry.npmjs.org/ws/-/ws-8.0.0.tgz' },
      },
    };
    writeFileSync(at('package.json'), JSON.stringify({ ...lock, packages: undefined, ...lock.packages[''] }));
    writeFileSync(at('package-lock.json'), JSON.stringify(lock));
    const { status, stderr } = spawnSync(process.execPath, [at('scripts', 'prepare.mjs')], {
      env: { ...withoutProxy(), ...network, npm_config_fetch_retries: '0', npm_config_cache: at('.cache') },
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/npm error.*ECONNREFUSED/);
    expect(stderr).toMatch(/\nlolas-pi: failed: npm ci .*\. See environment\.md, 'Troubleshooting'\.\n$/);
    expect(status).toBe(1);
    expect(left()).toEqual([]);
  });
});
