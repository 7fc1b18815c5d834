// What surrounds a command may be missing, small, full or shared: it says so, or goes on without.
import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { askStatus } from '../../../lib/cluster/connect.js';
import { PROTOCOL } from '../../../lib/cluster/messages.js';
import { newToken, writeSchedulerFile } from '../../../lib/cluster/scheduler-file.js';
import { InvalidArgumentError } from '../../../lib/errors.js';
import { thisProcess } from '../../../lib/machine.js';
import { addressWarning, filesAdvice } from '../../../scripts/limits.mjs';
import { lossOf } from '../../../tools/cli/scheduler.js';
import { lolaHere, type Given } from '../../support/lola-here.mjs';
import { makeSite } from '../../support/slurm-site.js';
import { asUser, canBeAnother } from '../../support/users.js';

const script = fileURLToPath(new URL('../../support/lola.mjs', import.meta.url));
const here = fileURLToPath(new URL('../../support/lola-here.mjs', import.meta.url));
/** The command as learners start it: the one above does not look at the clone. */
const real = fileURLToPath(new URL('../../../scripts/lola.mjs', import.meta.url));
const kernel = fileURLToPath(new URL('../../../scripts/kernel.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'lola-environment-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());
const env: NodeJS.ProcessEnv = { ...process.env, HOME: home };
const isLinux = process.platform === 'linux';
const has = (command: string) => spawnSync(command, ['--version']).status === 0;
const PI = 'pi is 3.139580 from 1000000 samples';

/** A line of sh, in which `lola` is the command. */
function shell(line: string, more: NodeJS.ProcessEnv = {}) {
  const text = line.replace(/(^| )lola /g, `$1'${process.execPath}' '${script}' `);
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', text], {
    env: { ...env, ...more },
    encoding: 'utf8',
    timeout: 120_000,
  });
  expect(stderr).not.toMatch(/\n\s+at /);
  return { status, stdout, stderr };
}

/** The same for several commands in one process, which `before` leads to: what each of them gave. */
function together(before: string, lines: readonly string[], more: NodeJS.ProcessEnv = {}): Given[] {
  const words = [process.execPath, here, ...lines].map((word) => `'${word}'`);
  const { stdout, stderr } = shell(`${before} ${words.join(' ')}`, more);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Given[];
}

describe.runIf(isLinux)('pipes and files that are full', { timeout: 120_000 }, () => {
  test('a result that cannot be written is said, without a stack', () => {
    const { status, stderr } = shell('lola pi --samples 1e6 > /dev/full');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^lola: cannot write to standard output: ENOSPC.*\n$/),
    });
  });

  test('warnings that cannot be written cost no result', () => {
    const { status, stdout } = shell('lola pi --samples 1e6 --dashboard 2> /dev/full');
    expect(stdout).toContain(PI);
    expect(status).toBe(0);
  });

  test('a report that cannot be written costs no result, and ends the dashboard beside it', async () => {
    vi.stubEnv('HOME', home);
    const words = ['pi', '--samples', '1e6', '--dashboard', '--dashboard-port', '0', '--report', '/dev/full'];
    const { status, stdout, stderr } = await lolaHere(...words);
    expect(stdout).toContain(PI);
    expect(stderr).toMatch(/--report: .*ENOSPC/);
    expect(status).toBe(1);
    expect(readdirSync(join(home, '.lola')).filter((name) => name.startsWith('dashboard-'))).toEqual([]);
  });

  test('a report goes into a pipe, and where nobody reads that one it holds up nobody', () => {
    const [pipe, got] = [join(home, 'pipe'), join(home, 'got.html')];
    const { status, stdout, stderr } = shell(`mkfifo ${pipe}; lola pi --samples 1e6 --report ${pipe}`);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^lola: warning: --report: cannot write '.*pipe': ENXIO/m),
    });
    expect(stdout).toContain(PI);
    // `exec` waits until `cat` reads.
    const line = `cat ${pipe} > ${got} & exec 4> ${pipe}; lola pi --samples 1e5 --report ${pipe}; exec 4>&-; wait`;
    expect(shell(line)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(got, 'utf8')).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
  });

  test.each(['', 'a-file/report.html', 'nowhere/report.html'])(
    'a report at %j is refused before the run',
    async (path) => {
      writeFileSync(join(home, 'a-file'), '');
      expect(await lolaHere('pi', '--samples', '1e15', '--report', path && join(home, path))).toEqual({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(/^lola: --report: cannot write '/),
      });
    },
  );

  test('a race whose file cannot be written prints its table all the same', async () => {
    const words = 'race --stages serial --samples 1e4 --repeats 1 --json /dev/full --report /dev/full';
    const { status, stdout, stderr } = await lolaHere(...words.split(' '));
    expect(stdout).toContain('One integer at every stage.');
    expect(stderr).toMatch(/--json: .*ENOSPC[^]*--report: .*ENOSPC/);
    expect(status).toBe(1);
  });

  test('a scheduler whose reader has gone serves on, without its log', async () => {
    const file = join(home, 'piped.json');
    const scheduler = startScheduler(file);
    try {
      await said(scheduler, 'address and token in');
      scheduler.stdout!.destroy();
      // Twice, since it writes of the first one only after that; again and again, since a busy machine may be late.
      for (let i = 0; i < 2; i++)
        await expect
          .poll(() => askStatus({ file }).catch(() => undefined), { timeout: 60_000 })
          .toMatchObject({ workers: [] });
      expect(scheduler.exitCode).toBe(null);
      expect(existsSync(file)).toBe(true);
    } finally {
      await end(scheduler);
    }
    expect(existsSync(file)).toBe(false);
  });
});

describe.runIf(canBeAnother)('a user without a home', () => {
  const nobody = asUser(54321);

  test(
    'is told so, and gets an estimate with a dashboard, which lola dashboard cannot find',
    { timeout: 120_000 },
    () => {
      const lines = [
        'status',
        'worker',
        'scheduler --port 0',
        'slurm worker',
        'pi --samples 1e6 --dashboard',
      ];
      const given = together(`unset HOME; ${nobody}`, lines);
      const pi = given.pop()!;
      for (const { status, stderr } of given)
        expect({ status, stderr }).toEqual({
          status: 2,
          stderr: expect.stringMatching(/no home folder here.*Set HOME/),
        });
      expect(given).toHaveLength(4);
      expect(pi.stdout).toContain(PI);
      expect(pi.stderr).toMatch(/dashboard at:[^]*no home folder here|no home folder here[^]*dashboard at:/);
      expect(pi.status).toBe(0);
    },
  );

  test.each([
    ['without one', 'unset HOME;'],
    ['in one that is no folder', 'HOME=/dev/null; export HOME;'],
  ])('npm run kernel %s says what to set', { timeout: 120_000 }, (_, before) => {
    const { status, stderr } = shell(
      `unset XDG_DATA_HOME JUPYTER_DATA_DIR; ${before} ${nobody} '${process.execPath}' '${kernel}'`,
    );
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/Set HOME or JUPYTER_DATA_DIR/),
    });
  });
});

describe.runIf(isLinux && has('prlimit'))('limits', () => {
  test('too few files for the threads: named, with what to do', { timeout: 120_000 }, () => {
    const { status, stdout, stderr } = shell(
      'prlimit --nofile=44 lola pi --stage pool --workers 8 --samples 1e6',
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^lola: a thread did not start: .* take fewer workers\.\n$/);
  });

  test.runIf(canBeAnother)('too few processes: likewise', { timeout: 120_000 }, () => {
    const line = `${asUser(54322)} prlimit --nproc=20 lola pi --stage pool --workers 32`;
    const { status, stderr } = shell(line);
    expect(status).toBe(1);
    expect(stderr).toMatch(/lola: a thread did not start: .* take fewer workers\.\n$/);
  });

  test.runIf(canBeAnother)(
    'too few for a local cluster: likewise, and no child is left',
    { timeout: 120_000 },
    () => {
      const line = `${asUser(54325)} prlimit --nproc=16 lola pi --stage distributed --workers 8`;
      const { status, stderr } = shell(line);
      expect(status).toBe(2);
      expect(stderr).toMatch(/lola: the local cluster's .* did not start: /);
      const left = spawnSync('pgrep', ['-u', '54325'], { encoding: 'utf8' });
      expect(left.stdout).toBe('');
    },
  );
});

describe.runIf(isLinux && has('prlimit'))(
  'limits of processes, addresses and memory',
  { timeout: 120_000 },
  () => {
    test('too few files for the processes: named, with what to do', () => {
      const line = 'prlimit --nofile=44 lola pi --stage distributed --workers 8 --samples 1e6';
      const { status, stdout, stderr } = shell(line);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/lola: the local cluster's worker did not start: .*take fewer workers/);
    });

    // Node 22 may end by itself, since it reserves more for WebAssembly than the others do.
    test('too few addresses for a thread on each core: a warning before Node may end, and the estimate', () => {
      const args = ['--as=2400000000', process.execPath, real, 'pi', '--samples', '1e6'];
      const { status, stdout, stderr } = spawnSync('prlimit', args, { env, encoding: 'utf8' });
      const warning =
        /^lola: warning: this shell allows 2\.4 GB of addresses \(ulimit -v\).*fewer workers\.\n/;
      expect(stderr).toMatch(warning);
      const rest = stderr.replace(warning, '');
      if (process.version.startsWith('v22.') && rest !== '')
        return expect(rest).toMatch(/[Oo]ut of memory|OOM/);
      expect({ status, stdout, rest }).toEqual({ status: 0, stdout: expect.stringContaining(PI), rest: '' });
    });

    test('two gigabytes for data are enough, on any Node', () => {
      const { status, stdout, stderr } = shell(
        'prlimit --data=2000000000 lola pi --stage pool --workers 2 --samples 1e6',
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(PI);
    });

    test('a cluster that did not start leaves nothing that keeps its program', () => {
      const text = `import { startCluster } from ${JSON.stringify(new URL('../../../dist/lib/cluster/local.js', import.meta.url))};
      const failed = await startCluster({ workers: 1, tasks: ['file:///no/such.mjs'] }).catch(({ code }) => code);
      console.log(failed, process.getActiveResourcesInfo().includes('Timeout'));`;
      const { stdout } = shell(`'${process.execPath}' --input-type=module --eval "$TEXT"`, { TEXT: text });
      expect(stdout).toMatch(/^CONNECTION false\n$/m);
    });
  },
);

describe('limits of which a program hears too late', () => {
  const limits = (addresses: string) =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax address space         ${addresses}            unlimited            bytes\n`;

  test.each([
    ['unlimited', 64, undefined],
    ['20000000000', 16, undefined],
    ['4294967296', 2, undefined],
    ['2147483648', 1, '2.1 GB .* 2.5 GB for 1 threads'],
    ['16000000000', 64, '16.0 GB .* 65.5 GB for 64 threads'],
    ['0', 2, '0.0 GB'],
  ])('addresses: %s for %s cores', (allowed, cores, words) => {
    const warning = addressWarning(limits(allowed), cores);
    if (words === undefined) expect(warning).toBe(undefined);
    else expect(warning).toMatch(new RegExp(words));
  });

  test('a system that does not say its limits has none', () => {
    expect(addressWarning('', 1000)).toBe(undefined);
  });

  test.each([
    ['EMFILE', 'see ulimit -n'],
    ['ENFILE', 'see ulimit -n'],
    ['ENOENT', undefined],
    [undefined, undefined],
  ])('files: %s', (code, words) => {
    const advice = filesAdvice(Object.assign(new Error('open x'), { code }));
    expect(advice?.includes(words ?? '')).toBe(words === undefined ? undefined : true);
    expect(filesAdvice(null)).toBe(undefined);
  });

  test.each([
    ['EACCES', 'ls -ld shows it'],
    ['EPERM', 'ls -ld shows it'],
    ['ENOTDIR', 'ls -ld shows it'],
    ['EROFS', 'read-only'],
    ['ENOSPC', 'full'],
    ['EDQUOT', 'quota'],
  ])('a file that is refused: %s', (code, words) => {
    const error = Object.assign(new Error(`${code}: refused, open '/x'`), { code, path: '/x' });
    expect(filesAdvice(error)).toMatch(new RegExp(`^${code}: refused, open '/x'\\. .*${words}`));
  });
});

describe('a cluster of its own', { timeout: 120_000 }, () => {
  const pi = 'lola pi --stage distributed --workers 1 --samples 1e6 --json';

  test.runIf(isLinux)('prints its result alone, also where Node warns in each of its processes', () => {
    const { status, stdout, stderr } = shell(pi, { NODE_EXTRA_CA_CERTS: '/no/such' });
    expect({ status, inside: (JSON.parse(stdout) as { inside: number }).inside }).toEqual({
      status: 0,
      inside: 784895,
    });
    expect(stderr.match(/extra certs from `\/no\/such`/g)).toHaveLength(3);
  });

  test.runIf(isLinux).each(['/proc/1', '/no/such', '/dev/null'])('in TMPDIR %s: named', (TMPDIR) => {
    const { status, stdout, stderr } = shell(pi, { TMPDIR });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^lola: cluster: E[A-Z]+: .*\. Set TMPDIR to a folder of your own\.\n$/);
    expect(existsSync('/no/such')).toBe(false);
  });

  test.runIf(isLinux)('needs no list of the machine’s addresses, which phones and sandboxes refuse', () => {
    const refuse = `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module';
      os.networkInterfaces = () => { throw new Error('not permitted'); }; syncBuiltinESMExports();`;
    const NODE_OPTIONS = `--import "data:text/javascript,${encodeURIComponent(refuse)}"`;
    const { status, stdout, stderr } = shell(pi, { NODE_OPTIONS });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('784895');
  });
});

describe.runIf(canBeAnother && has('unshare'))('workers in containers of one host', () => {
  test('join both, though host and process number are the same', { timeout: 120_000 }, async () => {
    const file = join(home, 'containers.json');
    const scheduler = startScheduler(file);
    await said(scheduler, 'address and token in');
    const container = ['-pf', '--mount-proc', '--kill-child', process.execPath, script];
    const words = [...container, 'worker', '--threads', '1', '--scheduler-file', file];
    const workers = [1, 2].map(() => spawn('unshare', words, { env, stdio: 'ignore' }));
    try {
      const names = async () => (await askStatus({ file })).workers.map(({ name }) => name);
      await expect.poll(names, { timeout: 60_000 }).toHaveLength(2);
      for (const name of await names()) expect(name.startsWith(`${hostname()}-1-`)).toBe(true);
    } finally {
      await Promise.all([scheduler, ...workers].map(end));
    }
  });
});

test.runIf(isLinux)('a pool in a folder that was removed says so, and nothing of limits', () => {
  const program = `
    const folder = require('node:fs').mkdtempSync('${home}/gone-');
    process.chdir(folder);
    require('node:fs').rmdirSync(folder);
    import('${new URL('../../../dist/lib/index.js', import.meta.url).href}')
      .then(({ startPool }) => startPool({ workers: 1 }))
      .catch(({ code, message }) => console.log(code + ' ' + message));`;
  const { stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect(stdout).toMatch(/^THREADS a thread did not start: ENOENT.* removed: go to another one\.\n$/);
});

describe.runIf(canBeAnother)('a home that is not to be written', { timeout: 120_000 }, () => {
  const closed = mkdtempSync(join(tmpdir(), 'lola-closed-'));
  const nobody = asUser(54323);
  chmodSync(closed, 0o555);
  afterAll(() => rmSync(closed, { recursive: true, force: true }));
  const site = makeSite(mkdtempSync(join(home, 'site-')));

  test('each command says so, and submits nothing', () => {
    const lines = [
      'slurm up --workers 1',
      'scheduler --port 0 --no-dashboard',
      'pi --stage slurm --samples 1e6',
    ];
    const given = together(`cd '${closed}'; ${nobody}`, lines, { HOME: closed, PATH: site.path });
    const told = (status: number, words: RegExp) => ({ status, stderr: expect.stringMatching(words) });
    expect(given).toMatchObject([
      told(2, /there is no scheduler file '.*scheduler\.json'/),
      told(2, /cannot write '.*scheduler\.json': EACCES.*Name a file/),
      told(1, /cannot write to .*lola-runs: EACCES.*It needs room/),
    ]);
    expect(site.calls('sbatch')).toEqual([]);
  });

  test('a home that is missing costs npm start nothing', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const words = '--stages serial,distributed --workers 1 --samples 1e4 --repeats 1';
    const line = `cd '${root}'; ${nobody} npm start --no-update-notifier -- ${words}`;
    const { status, stdout } = shell(line, { HOME: '/no/such/home', npm_config_loglevel: 'error' });
    expect(stdout).toContain('One integer at every stage.');
    expect(status).toBe(0);
  });
});

const disk = mkdtempSync(join(tmpdir(), 'lola-disk-'));
const isMounted =
  canBeAnother && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0;
afterAll(() => {
  if (isMounted) spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
});

describe.runIf(isMounted)('a disk that is full', { timeout: 120_000 }, () => {
  const site = makeSite(mkdtempSync(join(home, 'site-')));
  const there = { HOME: disk, PATH: site.path };
  const fill = `cd '${disk}'; dd if=/dev/zero of=fill bs=1k count=64 2> /dev/null`;

  test('a run of Slurm says so, submits nothing and leaves no part of its folder', () => {
    const line = 'lola pi --stage slurm --samples 1e12 --chunk 1e7';
    const { status, stderr } = shell(`cd '${disk}'; ${line}`, there);
    expect(stderr).toMatch(/cannot write to .*lola-runs.*: ENOSPC.*It needs room/);
    expect(status).toBe(1);
    expect(site.calls('sbatch')).toEqual([]);
    expect(readdirSync(join(disk, 'lola-runs'))).toEqual([]);
  });

  test('a scheduler that has no room for its file says so, and an estimate is printed without its report', () => {
    const lines = ['scheduler --port 0 --no-dashboard', 'pi --samples 1e6 --report r.html'];
    const [scheduler, pi] = together(`${fill};`, lines, there);
    expect(scheduler.stderr).toMatch(
      /cannot write '.*scheduler\.json': ENOSPC.*Name a file in a folder of your own that has room/,
    );
    expect(scheduler.status).toBe(2);
    expect(existsSync(join(disk, '.lola', 'scheduler.json'))).toBe(false);
    expect(pi.stdout).toContain(PI);
    expect(pi.stderr).toMatch(/ENOSPC/);
    expect(pi.status).toBe(1);
  });
});

describe.runIf(isLinux)('a login node', () => {
  test.each(['race', 'start'])('lola %s: two threads', { timeout: 120_000 }, async (command) => {
    const bin = join(home, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'scontrol'), '#!/bin/sh\nexit 0\n');
    chmodSync(join(bin, 'scontrol'), 0o755);
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    vi.stubEnv('SLURM_JOB_ID', undefined);
    const file = join(home, `${command}.json`);
    const words = `${command} --stages pool --samples 1e4 --workers 64 --repeats 1 --json ${file}`;
    const { stderr } = await lolaHere(...words.split(' '));
    expect(stderr).toContain('this is a login node, shared by many: 2 threads instead of 64');
    const { runs } = JSON.parse(readFileSync(file, 'utf8')) as { runs: { workers: number }[] };
    expect([...new Set(runs.map(({ workers }) => workers))]).toEqual([2]);
  });
});

describe.runIf(isLinux)('files that several processes share', { timeout: 120_000 }, () => {
  test('a scheduler that takes the file of another says so, the other one leaves it, and a file that is deleted is missed', async () => {
    const file = join(home, 'shared.json');
    const first = startScheduler(file);
    await said(first, 'address and token in');
    const second = startScheduler(file);
    try {
      await Promise.all([
        said(second, 'belonged to a scheduler that still answers'),
        said(first, `now belongs to process ${second.pid}`),
      ]);
      await end(first);
      rmSync(file); // it is there still
      await said(second, 'nobody can find this scheduler any more');
    } finally {
      await Promise.all([end(first), end(second)]);
    }
  });

  test('a scheduler takes its file back although the one before it takes connections and never answers', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const file = join(home, 'silent.json');
    const { port } = silent.address() as AddressInfo;
    const address = `ws://127.0.0.1:${port}`;
    const earlier = { protocol: PROTOCOL, addresses: [address], port, token: newToken(), pid: process.pid };
    writeSchedulerFile(file, earlier);
    const asked = once(silent, 'connection');
    const scheduler = startScheduler(file);
    try {
      await Promise.all([asked, said(scheduler, 'address and token in')]);
    } finally {
      await end(scheduler);
      silent.close();
    }
    expect(existsSync(file)).toBe(false);
  });

  test.each(['EMFILE', 'ENFILE'])(
    'a scheduler that cannot look at its file (%s) does not call it lost',
    (code) => {
      const refuse = (cause?: Error) => () => {
        throw new InvalidArgumentError('cannot read', { cause });
      };
      expect(lossOf('a.json', refuse(Object.assign(new Error(code), { code })))).toBeUndefined();
      expect(lossOf('a.json', refuse())).toBe('cannot read');
    },
  );

  test('a note of another host stays and is not shown; one whose process has ended goes', async () => {
    const folder = join(home, '.lola');
    mkdirSync(folder, { recursive: true });
    const own = thisProcess();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const note = (name: string, owner: object) => {
      const content = { title: name, url: 'http://x/?token=1', address: 'http://x/', port: 1, ...owner };
      writeFileSync(join(folder, `dashboard-${own.host}-${name}.json`), JSON.stringify(content));
    };
    note('here', own);
    note('2-host', { ...own, host: `${own.host}-2` });
    note('ended', { ...own, pid });
    note('reused', { ...own, started: '1' });
    writeFileSync(join(folder, `dashboard-${own.host}-empty.json`), '');
    vi.stubEnv('HOME', home);
    const { stdout } = await lolaHere('dashboard');
    expect(stdout.match(/^\S+ \(process/gm)).toEqual(['here (process']);
    const left = readdirSync(folder).filter((name) => name.startsWith('dashboard-'));
    expect(left.map((name) => name.slice(`dashboard-${own.host}-`.length)).sort()).toEqual([
      '2-host.json',
      'empty.json',
      'here.json',
    ]);
  });
});

function startScheduler(file: string): ChildProcess {
  const words = ['scheduler', '--port', '0', '--no-dashboard', '--scheduler-file', file];
  return spawn(process.execPath, [script, ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Resolves when it has said this, now or later. */
function said(child: ChildProcess & { heard?: string }, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => child.heard?.includes(text) && resolve();
    if (child.heard === undefined) {
      child.heard = '';
      child.stdout!.on('data', (bytes) => (child.heard += String(bytes)));
    }
    child.stdout!.on('data', look);
    child.once('exit', () => reject(new Error(`it ended before it said '${text}': ${child.heard}`)));
    look();
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await ended;
}

describe.runIf(isLinux)(
  'a command that another program started, with a channel to it',
  { timeout: 120_000 },
  () => {
    test.each([
      [
        'a scheduler',
        ['scheduler', '--port', '0', '--no-dashboard', '--scheduler-file', join(home, 'forked')],
      ],
      ['a room', ['room', '--host', '127.0.0.1', '--port', '0', '--no-wall']],
      [
        'a worker that nobody lets in',
        ['worker', '--scheduler-file', join(home, 'forked'), '--death-timeout', '1'],
      ],
    ])('ends when it is told to, or done, although that program lives: %s', async (_, words) => {
      const child = fork(real, words, {
        env,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        timeout: 60_000,
        killSignal: 'SIGKILL',
      });
      if (words[0] !== 'worker') {
        await once(child.stdout!, 'data');
        child.kill('SIGTERM');
      }
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect({ code, signal }).toEqual({ code: words[0] === 'worker' ? 2 : 0, signal: null });
    });
  },
);

describe.runIf(isLinux)('where Slurm’s scripts and logs go', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lola-logs-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const [file, logs] = [join(folder, 'scheduler.json'), join(folder, 'logs')];
  const site = makeSite(mkdtempSync(join(home, 'site-')));
  const said = (words: string, user = '') => {
    const line = `cd '${folder}'; exec ${user} '${process.execPath}' '${real}' slurm ${words} --log-dir '${logs}'`;
    const { status, stdout, stderr } = shell(line, { PATH: site.path });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    return stderr;
  };
  const refused = (code: string) =>
    new RegExp(`^lola: ${code}: .*'${logs}.*'\\. Look whose it is, .*ls -ld shows it\\.\n$`);
  afterEach(() => {
    expect(site.calls('sbatch')).toEqual([]);
    rmSync(logs, { recursive: true });
  });

  test('something else is there, for doctor', () => {
    writeFileSync(logs, '');
    expect(said('doctor')).toMatch(refused('EEXIST'));
  });

  test.runIf(canBeAnother)('the folder is another user’s, for doctor', () => {
    mkdirSync(logs, { mode: 0o755 });
    chmodSync(folder, 0o755);
    expect(said('doctor', asUser(54324))).toMatch(refused('EACCES'));
  });

  test('something else is there, for up', async () => {
    writeFileSync(logs, '');
    const scheduler = fork(
      real,
      ['scheduler', '--host', '0.0.0.0', '--port', '0', '--no-dashboard', '--scheduler-file', file],
      {
        env,
        silent: true,
      },
    );
    await once(scheduler.stdout!, 'data');
    expect(said(`up --workers 1 --scheduler-file '${file}'`)).toMatch(refused('EEXIST'));
    scheduler.disconnect();
    await once(scheduler, 'exit');
  });
});
