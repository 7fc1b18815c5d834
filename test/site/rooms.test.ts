// Ready rooms: what .devcontainer/ and .binder/ set up is what this repository asks for.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { archiveFolder, isPacked } from '../../scripts/room.mjs';
import { notebookNames, readNotebook } from '../support/notebook.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
const kernel = JSON.parse(read('jupyter/kernels/tslab/kernel.json')) as { display_name: string };

test('the rooms have a Node of a line that package.json allows', () => {
  expect(engines.node).toBe('^20.19.0 || >=22.12.0');
  const { image } = JSON.parse(read('.devcontainer/devcontainer.json')) as { image: string };
  expect(image).toBe('mcr.microsoft.com/devcontainers/typescript-node:24-bookworm');
  expect(/- nodejs(.*)/.exec(read('.binder/environment.yml'))?.[1]).toBe('>=24,<25');
});

test('CI and the workflow at GitHub test every line of Node with long-term support that package.json allows', () => {
  const workflow = /node: \[(.*)\]/.exec(read('.github/workflows/tests.yml'))?.[1].split(', ');
  expect(workflow).toEqual(['20', '22', '24', '26']);
  const lines = [...read('.ci/run').matchAll(/^beside .* bash scripts\/ci-nodes\.sh (\d+)$/gm)].map(
    ([, line]) => line,
  );
  expect(lines).toEqual(workflow!.slice(1)); // the first is the one CI's machine has
});

test('both rooms install, build and register the kernel, by the scripts that a laptop runs', () => {
  const { postCreateCommand } = JSON.parse(read('.devcontainer/devcontainer.json')) as {
    postCreateCommand: string;
  };
  const steps = ['node scripts/prepare.mjs', 'node scripts/kernel.mjs'];
  expect(postCreateCommand.split(' && ')).toEqual(steps);
  const lines = read('.binder/postBuild').split('\n');
  expect(lines.filter((line) => line.startsWith('node '))).toEqual(steps);
});

test('notebooks name the kernel that is registered', () => {
  const names = notebookNames().map((name) => readNotebook(name).metadata.kernelspec);
  expect(new Set(names.map((spec) => JSON.stringify(spec)))).toEqual(
    new Set([JSON.stringify({ display_name: kernel.display_name, language: 'typescript', name: 'tslab' })]),
  );
});

test.skipIf(process.platform === 'win32')('postBuild leaves the kernel in an empty home', () => {
  const home = mkdtempSync(join(tmpdir(), 'lola-binder-'));
  try {
    expect(statSync(join(root, '.binder', 'postBuild')).mode & 0o111).not.toBe(0);
    const { PATH } = process.env;
    execFileSync(join(root, '.binder', 'postBuild'), { cwd: root, env: { PATH, HOME: home } });
    const folder = process.platform === 'darwin' ? 'Library/Jupyter' : '.local/share/jupyter';
    const spec = JSON.parse(readFileSync(join(home, folder, 'kernels/tslab/kernel.json'), 'utf8')) as {
      argv: string[];
      display_name: string;
    };
    expect(spec.display_name).toBe('TypeScript (tslab)');
    expect(spec.argv.slice(1, 3)).toEqual([join(root, 'jupyter/kernels/tslab/kernel.mjs'), 'kernel']);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test('a room packed from a folder that is no clone has nothing that use or tests have left in it', () => {
  const made = readFileSync(join(root, '.gitignore'), 'utf8').split('\n').filter(Boolean);
  const examples = made.map((name) => join(name.replace(/^\/|\/$/g, '').replaceAll('*', '1')));
  expect(examples.length).toBeGreaterThan(8);
  expect(examples.filter(isPacked)).toEqual([]);
  expect(
    ['', 'lib/slurm/run.ts', 'episodes/recorded/07-slurm.json', 'package-lock.json'].every(isPacked),
  ).toBe(true);
});

test.skipIf(process.platform === 'win32')('the archive tells nothing of who packed it, and when', () => {
  const parent = mkdtempSync(join(tmpdir(), 'lola-room-'));
  const isGnu = execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar');
  /** An archive of two files, made in this order and with this mask. */
  const packed = (names: readonly string[], mask: number): Buffer => {
    const folder = join(parent, String(mask), 'room');
    mkdirSync(folder, { recursive: true });
    for (const name of names) writeFileSync(join(folder, name), name, { mode: 0o777 & ~mask });
    utimesSync(join(folder, names[0]), 1e9 + mask, 1e9 + mask);
    const archive = join(parent, `${mask}.tar.gz`);
    archiveFolder(folder, archive, 1_700_000_000);
    return gunzipSync(readFileSync(archive));
  };
  try {
    const first = packed(['a.ts', 'b.ts'], 0o022);
    expect(first.toString('latin1')).toContain('room/a.ts');
    expect(first.includes(`\0${userInfo().username}\0`)).toBe(false);
    const header = first.subarray(first.indexOf('room/a.ts')); // of ustar: user and group as octal numbers at 108 and 116
    expect(header.subarray(108, 123).toString()).toMatch(/^0+[\0 ]0+$/);
    if (isGnu) expect(packed(['b.ts', 'a.ts'], 0o077).equals(first)).toBe(true);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

test.each([
  [['--to', '/no/such/folder'], "--to must name a folder that is there; got '/no/such/folder'."],
  [['--to', ''], "--to must name a folder that is there; got ''."],
  [['--frob'], "Unknown option '--frob'"],
])('npm run pack:room refuses %j', (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/room.mjs'), ...args], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining(`npm run pack:room: ${message}`)]);
});
