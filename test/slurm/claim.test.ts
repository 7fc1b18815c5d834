// Who follows a run: one client at a time, and another one only when it has gone.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SlurmError } from '../../lib/slurm/commands.js';
import { claim } from '../../lib/slurm/claim.js';
import { RunDirectory } from '../../lib/slurm/run-directory.js';

let parent: string, run: RunDirectory;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lola-claim-'));
  run = RunDirectory.create(parent);
});
afterEach(() => rmSync(parent, { recursive: true }));
const clients = () => readdirSync(run.path).filter((name) => name.startsWith('client'));

describe('a run has one client at a time', () => {
  test('a second one is told who is there, until the first has gone in order', () => {
    const free = claim(run);
    expect(() => claim(run)).toThrow(SlurmError);
    expect(() => claim(run)).toThrow(`process ${process.pid} on ${hostname()} follows this run`);
    free();
    for (let i = 0; i < 11; i++) claim(run)();
    expect(() => claim(run)).not.toThrow();
    expect(clients()).toHaveLength(13 + 12);
    expect(() => claim(run)).toThrow(SlurmError);
  });

  test('a number is used once: who saw the folder long ago cannot take one that somebody has had', () => {
    const makes = (name: string) => () => writeFileSync(run.file(name), '', { flag: 'wx' });
    claim(run)();
    const old = clients();
    claim(run)();
    expect(makes('client-0')).toThrow(/EEXIST/);
    expect(makes('client-1')).toThrow(/EEXIST/);
    claim(run); // follows it as client-2
    const asLongAgo = Object.assign(new RunDirectory(run.path), { list: () => old });
    expect(() => claim(asLongAgo)).toThrow(`delete ${run.file('client-2')}.`);
  });

  test('one that was killed has gone for all hosts, once somebody on its own has found out', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(run.file('client-0'), `${pid} ${hostname()}`);
    claim(run)();
    expect(clients().sort()).toEqual(['client-0', 'client-0-gone', 'client-1', 'client-1-gone']);
    rmSync(run.file('client-1')); // in whatever order a folder is cleared, or shown
    claim(run);
    expect(() => claim(run)).toThrow(`delete ${run.file('client-2')}.`);
  });

  test('a process that has ended on this host is none; one on another host may be, and the file is named', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(run.file('client-0'), `${pid} ${hostname()}`);
    claim(run)();
    writeFileSync(run.file('client-2'), `${pid} login2`);
    expect(() => claim(run)).toThrow(
      `process ${pid} on login2 follows this run. Stop it there first; if it is not there any more, delete ${run.file('client-2')}.`,
    );
    writeFileSync(run.file('client-2'), ''); // its writer has not come further, or never will
    expect(() => claim(run)).toThrow(/^another process follows/);
    rmSync(run.file('client-2'));
    mkdirSync(run.file('client-2')); // as if deleted while it was looked at: there, and not to be read
    expect(() => claim(run)).toThrow(SlurmError);
  });

  test.runIf(process.platform === 'linux')('one that was killed is none, even if nobody has noticed', () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    writeFileSync(run.file('client-0'), `${child.pid} ${hostname()}`);
    expect(() => claim(run)).toThrow(`process ${child.pid} on`);
    child.kill('SIGKILL');
    while (!readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') Z ')); // this process cannot hear of the end meanwhile
    expect(() => claim(run)).not.toThrow();
  });

  test('of many at once, who all find a client that was killed, one goes on', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(run.file('client-0'), `${pid} ${hostname()}`);
    const at = (path: string) => new URL(`../../dist/slurm/${path}`, import.meta.url).href;
    const program = `
      import { claim } from '${at('claim.js')}';
      import { RunDirectory } from '${at('run-directory.js')}';
      while (Date.now() < ${Date.now() + 1500}); // all begin at once
      try { claim(new RunDirectory(process.argv[1])); console.log('follows'); }
      catch (error) { console.log(error.code); }
      process.stdin.resume(); // and stay, until the test ends them
    `;
    const words = ['--input-type=module', '-e', program, run.path];
    const children = Array.from({ length: 6 }, () => execFile(process.execPath, words));
    try {
      const said = await Promise.all(
        children.map(
          (child) => new Promise((done) => child.stdout!.once('data', (text) => done(String(text).trim()))),
        ),
      );
      expect(said.sort()).toEqual(['SLURM', 'SLURM', 'SLURM', 'SLURM', 'SLURM', 'follows']);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

  test('freeing a run whose folder is gone is harmless; claiming it is an error that names it', () => {
    const free = claim(run);
    run.remove();
    free();
    expect(readdirSync(parent)).toEqual([]);
    expect(() => claim(run)).toThrow(/cannot write to .*run-.*ENOENT/);
  });
});
