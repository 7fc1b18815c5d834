// Who follows a run: one client at a time, and another one only when it has gone.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { thisProcess } from '../../lib/machine.js';
import { SlurmError } from '../../lib/slurm/commands.js';
import { claim } from '../../lib/slurm/claim.js';
import { RunFolder } from '../../lib/slurm/run-folder.js';

let parent: string, folder: RunFolder;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lola-claim-'));
  folder = RunFolder.create(parent);
});
afterEach(() => rmSync(parent, { recursive: true }));
const owned = (pid: number, host = hostname()) => JSON.stringify({ host, pid, started: '' });
const clients = () => readdirSync(folder.path).filter((name) => name.startsWith('client'));

describe('a run has one client at a time', () => {
  test('a second one is told who is there, until the first has gone in order', () => {
    const free = claim(folder);
    expect(() => claim(folder)).toThrow(SlurmError);
    expect(() => claim(folder)).toThrow(`process ${process.pid} on ${hostname()} follows this run`);
    free();
    for (let i = 0; i < 11; i++) claim(folder)();
    expect(() => claim(folder)).not.toThrow();
    expect(clients()).toHaveLength(13 + 12);
    expect(() => claim(folder)).toThrow(SlurmError);
  });

  test('a number is used once: who saw the folder long ago cannot take one that somebody has had', () => {
    const makes = (name: string) => () => writeFileSync(folder.file(name), '', { flag: 'wx' });
    claim(folder)();
    const old = clients();
    claim(folder)();
    expect(makes('client-0')).toThrow(/EEXIST/);
    expect(makes('client-1')).toThrow(/EEXIST/);
    claim(folder); // follows it as client-2
    const asLongAgo = Object.assign(new RunFolder(folder.path), { list: () => old });
    expect(() => claim(asLongAgo)).toThrow(`delete ${folder.file('client-2')}.`);
  });

  test('one that was killed has gone for all hosts, once somebody on its own has found out', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(folder.file('client-0'), owned(pid));
    claim(folder)();
    expect(clients().sort()).toEqual(['client-0', 'client-0-gone', 'client-1', 'client-1-gone']);
    rmSync(folder.file('client-1')); // in whatever order a folder is cleared, or shown
    claim(folder);
    expect(() => claim(folder)).toThrow(`delete ${folder.file('client-2')}.`);
  });

  test('a process that has ended on this host is none; one on another host may be, and the file is named', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(folder.file('client-0'), owned(pid));
    claim(folder)();
    writeFileSync(folder.file('client-2'), owned(pid, 'login2'));
    expect(() => claim(folder)).toThrow(
      `process ${pid} on login2 follows this run. Stop it there first; if it is not there any more, delete ${folder.file('client-2')}.`,
    );
    writeFileSync(folder.file('client-2'), ''); // its writer has not come further, or never will
    expect(() => claim(folder)).toThrow(/^another process follows/);
    rmSync(folder.file('client-2'));
    mkdirSync(folder.file('client-2')); // as if deleted while it was looked at: there, and not to be read
    expect(() => claim(folder)).toThrow(SlurmError);
  });

  test.runIf(process.platform === 'linux')('one that was killed is none, even if nobody has noticed', () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    writeFileSync(folder.file('client-0'), owned(child.pid!));
    expect(() => claim(folder)).toThrow(`process ${child.pid} on`);
    child.kill('SIGKILL');
    while (!readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') Z ')); // this process cannot hear of the end meanwhile
    expect(() => claim(folder)).not.toThrow();
  });

  test.runIf(process.platform === 'linux')('one whose number another process has now is none', () => {
    writeFileSync(folder.file('client-0'), JSON.stringify({ ...thisProcess(), started: '1' }));
    expect(() => claim(folder)).not.toThrow();
  });

  test('of many at once, who all find a client that was killed, one goes on', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(folder.file('client-0'), owned(pid));
    const at = (path: string) => new URL(`../../dist/lib/slurm/${path}`, import.meta.url).href;
    const program = `
      import { claim } from '${at('claim.js')}';
      import { RunFolder } from '${at('run-folder.js')}';
      process.stdin.once('data', () => { // all begin at once, and stay until the test ends them
        try { claim(new RunFolder(process.argv[1])); console.log('follows'); }
        catch (error) { console.log(error.code); }
      });
      console.log('ready');
    `;
    const words = ['--input-type=module', '-e', program, folder.path];
    const children = Array.from({ length: 6 }, () => execFile(process.execPath, words));
    const said = () =>
      Promise.all(children.map(async ({ stdout }) => String(await once(stdout!, 'data')).trim()));
    try {
      expect(new Set(await said())).toEqual(new Set(['ready']));
      const claims = said();
      for (const { stdin } of children) stdin!.write('go\n');
      expect((await claims).sort()).toEqual(['SLURM', 'SLURM', 'SLURM', 'SLURM', 'SLURM', 'follows']);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

  test('freeing a run whose folder is gone is harmless; claiming it is an error that names it', () => {
    const free = claim(folder);
    folder.remove();
    free();
    expect(readdirSync(parent)).toEqual([]);
    expect(() => claim(folder)).toThrow(/cannot write to .*run-.*ENOENT/);
  });
});
