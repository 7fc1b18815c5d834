// What the doctor says, of machines made up file by file, and of clones and commands made up in a folder.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { hostname, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as doctor from '../../../scripts/doctor.mjs';
import type { Facts } from '../../../scripts/doctor.mjs';
import { built, fingerprint } from '../../../scripts/freshness.mjs';
import { machine } from '../../../lib/cores.mjs';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const GiB = 2 ** 30;

/** A machine of `cores` cores and 16 GiB, whose /proc and cgroup files are those given. */
function madeUp(
  files: Record<string, string>,
  env: Record<string, string> = {},
  cores = 8,
  parallelism?: number,
) {
  const { coresSeen, coresAllotted, coreLimits, memoryBytes, memoryAllottedBytes, memoryLimits } = machine({
    read: (path) => files[path],
    env,
    system: {
      cpus: () => Array.from({ length: cores }, () => ({ model: 'made  up ' })),
      totalmem: () => 16 * GiB,
      ...(parallelism === undefined ? {} : { availableParallelism: () => parallelism }),
    },
  });
  expect([coresSeen, memoryBytes]).toEqual([Math.max(1, cores), 16 * GiB]);
  return { cores: coresAllotted, by: coreLimits, memory: memoryAllottedBytes / GiB, memoryBy: memoryLimits };
}
const unlimited = { cores: 8, by: [], memory: 16, memoryBy: [] };
const quota = (cores: number) => ({ source: 'cgroup cpu quota', cores });
const memory = (size: number) => ({ source: 'cgroup memory limit', bytes: size * GiB });

describe('cores and memory allotted', () => {
  it('are all that is seen where nothing limits: no /proc, no limit set, limits above the machine', () => {
    expect(madeUp({})).toEqual(unlimited);
    expect(
      madeUp({
        '/proc/self/cgroup': '0::/a\n',
        '/sys/fs/cgroup/a/cpu.max': 'max 100000\n',
        '/sys/fs/cgroup/a/memory.max': 'max\n',
      }),
    ).toEqual(unlimited);
    expect(
      madeUp({
        '/proc/self/cgroup': '4:memory:/a\n3:cpu,cpuacct:/a\n',
        '/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us': '100000\n',
        '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712\n',
      }),
    ).toEqual(unlimited);
    // A virtual machine may name cores in its mask that it does not have.
    expect(madeUp({ '/proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0-127\n' })).toEqual(unlimited);
  });

  it('follow a quota of cgroup v2, as a container sees its own', () => {
    const files = {
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/cpu.max': '300000 100000\n',
      '/sys/fs/cgroup/memory.max': `${2 * GiB}\n`,
    };
    expect(madeUp(files)).toEqual({ cores: 3, by: [quota(3)], memory: 2, memoryBy: [memory(2)] });
  });

  it('follow the smallest limit of all groups around this one in cgroup v2', () => {
    const files = {
      '/proc/self/cgroup': '0::/user.slice/user-1000.slice/job\n',
      '/sys/fs/cgroup/user.slice/cpu.max': '200000 100000\n',
      '/sys/fs/cgroup/user.slice/user-1000.slice/cpu.max': '500000 100000\n',
      '/sys/fs/cgroup/user.slice/user-1000.slice/job/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/user.slice/memory.max': `${8 * GiB}\n`,
      '/sys/fs/cgroup/user.slice/user-1000.slice/memory.max': `${4 * GiB}\n`,
      '/sys/fs/cgroup/user.slice/user-1000.slice/job/memory.max': 'max\n',
      '/sys/fs/cgroup/other/cpu.max': '100000 100000\n',
    };
    expect(madeUp(files)).toEqual({ cores: 2, by: [quota(2)], memory: 4, memoryBy: [memory(4)] });
  });

  it('follow cgroup v1, each controller in its own tree, also where a container shows only the root', () => {
    const slurm = {
      '/proc/self/cgroup': '5:cpuset:/x\n4:memory:/slurm/job_7/step_0\n3:cpuacct,cpu:/slurm/job_7\n0::/\n',
      '/sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_quota_us': '400000\n',
      '/sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes': `${GiB}\n`,
    };
    expect(madeUp(slurm)).toEqual({ cores: 4, by: [quota(4)], memory: 1, memoryBy: [memory(1)] });
    const container = {
      '/proc/self/cgroup': '3:cpu,cpuacct:/docker/0123abcd\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '250000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    };
    expect(madeUp(container)).toEqual({ ...unlimited, cores: 2, by: [quota(2.5)] });
  });

  it('never fall below one core', () => {
    const files = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '50000 100000\n' };
    expect(madeUp(files)).toEqual({ ...unlimited, cores: 1, by: [quota(0.5)] });
    expect(madeUp({}, {}, 0).cores).toBe(1);
  });

  it('follow the affinity mask, and availableParallelism where there is no mask to read', () => {
    const mask = { '/proc/self/status': 'Cpus_allowed:\t7d\nCpus_allowed_list:\t0,2-4,6\n' };
    expect(madeUp(mask)).toEqual({ ...unlimited, cores: 5, by: [{ source: 'affinity mask', cores: 5 }] });
    expect(madeUp(mask, {}, 8, 3).cores).toBe(5);
    expect(madeUp({}, {}, 8, 3)).toEqual({
      ...unlimited,
      cores: 3,
      by: [{ source: 'affinity mask', cores: 3 }],
    });
  });

  it('follow what Slurm allots, and not what is no number', () => {
    const env = { SLURM_CPUS_ON_NODE: '6', SLURM_CPUS_PER_TASK: '2', SLURM_MEM_PER_NODE: '1024' };
    expect(madeUp({}, env)).toEqual({
      cores: 2,
      by: [
        { source: 'SLURM_CPUS_PER_TASK', cores: 2 },
        { source: 'SLURM_CPUS_ON_NODE', cores: 6 },
      ],
      memory: 1,
      memoryBy: [{ source: 'SLURM_MEM_PER_NODE', bytes: GiB }],
    });
    const perCpu = { SLURM_CPUS_ON_NODE: '4', SLURM_MEM_PER_CPU: '512' };
    expect(madeUp({}, perCpu).memoryBy).toEqual([{ source: 'SLURM_MEM_PER_CPU', bytes: 2 * GiB }]);
    // Slurm writes 0 where a job has all memory of its node.
    for (const value of ['', '0', '-1', '2.5', '2(x3)', 'max']) {
      expect(madeUp({}, { SLURM_CPUS_PER_TASK: value, SLURM_MEM_PER_NODE: value })).toEqual(unlimited);
    }
  });

  it('name every source that limits, and the smallest wins', () => {
    const files = {
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/cpu.max': '700000 100000\n',
      '/proc/self/status': 'Cpus_allowed_list:\t0-5\n',
    };
    expect(madeUp(files, { SLURM_CPUS_ON_NODE: '4' })).toEqual({
      ...unlimited,
      cores: 4,
      by: [quota(7), { source: 'affinity mask', cores: 6 }, { source: 'SLURM_CPUS_ON_NODE', cores: 4 }],
    });
  });

  it('are found on this machine too', () => {
    const here = machine();
    expect(here).toMatchObject({
      node: process.versions.node,
      platform: process.platform,
      arch: process.arch,
    });
    expect(here.cpu).not.toBe('');
    expect(here.coresAllotted).toBeGreaterThanOrEqual(1);
    expect(here.coresAllotted).toBeLessThanOrEqual(here.coresSeen);
    expect(here.memoryAllottedBytes).toBeGreaterThan(0);
    expect(here.memoryAllottedBytes).toBeLessThanOrEqual(here.memoryBytes);
  });
});

describe('what the doctor knows', () => {
  it('Node is new enough from 20.19 on, but 21 and 22.0 to 22.11 are not', () => {
    const versions = [
      '12.17.0',
      '18.20.8',
      '20.18.3',
      '20.19.0',
      '20.20.2',
      '21.7.3',
      '22.11.0',
      '22.12.0',
      '23.0.0',
      '24.1.0',
    ];
    expect(versions.filter(doctor.isNewEnough)).toEqual([
      '20.19.0',
      '20.20.2',
      '22.12.0',
      '23.0.0',
      '24.1.0',
    ]);
  });

  it('a version of Node is past its end from the day after its last security fixes', () => {
    const on = (day: string) =>
      ['20.20.2', '22.23.3', '23.11.1', '24.21.0', '25.9.0', '26.10.0', '27.0.0'].map((version) =>
        doctor.endedOn(version, new Date(day)),
      );
    const none = undefined;
    expect(on('2026-04-30')).toEqual([none, none, '2025-06-01', none, none, none, none]);
    expect(on('2026-11-29')).toEqual(['2026-04-30', none, '2025-06-01', none, '2026-06-01', none, none]);
  });

  it('the range of Node is the one in package.json', () => {
    const { engines } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    expect(doctor.NODE_RANGE).toBe(engines.node);
  });

  it("Jupyter's interfaces are read from its old and its new list of versions", () => {
    const recent =
      'Selected Jupyter core packages...\nIPython          : 9.1.0\njupyterlab       : 4.4.1\nnotebook         : not installed\n';
    const old = 'jupyter core     : 4.6.3\njupyter-notebook : 6.2.0\njupyter lab      : 3.0.1\n';
    expect(doctor.jupyterInterfaces(recent)).toEqual(['lab 4.4.1']);
    expect(doctor.jupyterInterfaces(old)).toEqual(['lab 3.0.1', 'notebook 6.2.0']);
    expect(doctor.jupyterInterfaces('jupyter_server   : 2.15.0\njupyterlab       : not installed\n')).toEqual(
      [],
    );
  });

  it('a kernel is registered only if the list names tslab', () => {
    expect(doctor.hasTslab('{"kernelspecs": {"python3": {}, "tslab": {}}}')).toBe(true);
    expect(doctor.hasTslab('{"kernelspecs": {"python3": {}}}')).toBe(false);
    expect(doctor.hasTslab('Traceback')).toBe(false);
    expect(doctor.hasTslab('[]')).toBe(false);
  });

  it('a command that does not answer is given up, and one that is not there is told from one that fails', () => {
    const asked = (script: string) => doctor.ask(process.execPath, ['-e', script], 60_000).state;
    expect(doctor.ask(process.execPath, ['--version'], 60_000).out.trim()).toBe(process.version);
    expect(
      doctor.ask(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)"], 300)
        .state,
    ).toBe('slow');
    if (process.platform !== 'win32') expect(asked('process.exit(3)')).toBe('failed');
    expect(doctor.ask('no-such-command-of-lola', []).state).toBe('none');
  });

  it('an unknown flag is answered with the nearest one', () => {
    expect(doctor.unknownFlag('--jsno')).toBe(
      "unknown flag '--jsno'. The nearest known one is --json; all: --json, --help.",
    );
    expect(doctor.unknownFlag('--halp')).toContain('nearest known one is --help');
    expect(doctor.unknownFlag('now')).toContain("unknown argument 'now'");
  });

  it('there is a way to Node and to Jupyter for every system', () => {
    for (const platform of ['linux', 'darwin', 'win32', 'freebsd']) {
      expect(doctor.howToGetNode(platform).length).toBeGreaterThanOrEqual(2);
      const jupyter = doctor.howToGetJupyter(platform).map((line) => line.split(':')[0]);
      expect(jupyter).toEqual(['pip', 'uv', 'conda', ...(platform === 'linux' ? ['apt'] : []), 'VS Code']);
    }
  });
});

/** All that the doctor is made of, below scripts/. */
const FILES = ['doctor.mjs', 'doctor/facts.mjs', 'doctor/report.mjs', 'freshness.mjs', '../lib/cores.mjs'];
const read = (name: string) => readFileSync(join(repository, 'scripts', name), 'utf8');

describe('syntax and imports that an old Node can read', () => {
  it.each(FILES)('%s has none that came after Node 12', (name) => {
    const source = ts.createSourceFile(name, read(name), ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS);
    const young: string[] = [];
    const imports: string[] = [];
    (function visit(node: ts.Node) {
      if (NEWER_THAN_12.has(node.kind)) young.push(ts.SyntaxKind[node.kind]);
      const from =
        ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined;
      if (from && ts.isStringLiteral(from)) imports.push(from.text);
      // Nothing but functions may await.
      if (ts.isAwaitExpression(node)) young.push('await');
      ts.forEachChild(node, visit);
    })(source);
    expect(young).toEqual([]);
    expect(imports).not.toEqual([]);
    const own = FILES.map((file) => new URL(file, 'file:///').href);
    const isOwn = (from: string) => own.includes(new URL(from, `file:///${name}`).href);
    expect(imports.filter((from) => !isOwn(from) && !builtinModules.includes(from))).toEqual([]);
  });
});
const NEWER_THAN_12 = new Set([
  ts.SyntaxKind.QuestionDotToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.ClassStaticBlockDeclaration,
]);

// The commands on the PATH are made up as shell scripts.
describe.skipIf(process.platform === 'win32')('the command in a clone', () => {
  let folder = '';
  let clone = '';
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'lola-doctor-')));
    clone = join(folder, 'clone');
    for (const name of [...FILES, 'prepare.mjs', 'lock.mjs', 'systems.mjs', '../lib/owner.mjs'])
      write(`scripts/${name}`, read(name));
    write('scripts/bundle-room.mjs', ''); // no room in this clone
    write('package.json', '{"type":"module"}');
    write('package-lock.json', '{"lock":1}');
    write('tsconfig.json', '{"compilerOptions":{"rootDir":"."},"include":["lib","lesson","tools"]}');
    for (const name of ['lib/deep/a.ts', 'lesson/a.ts', 'tools/a.ts']) write(name, 'export {};');
    const compiler = join(repository, 'node_modules', 'typescript');
    command(
      'npm',
      `[ "$1" != ci ] && echo 11.1.0 || { /bin/mkdir -p node_modules && /bin/ln -s '${compiler}' node_modules; }`,
    );
    command(
      'jupyter',
      'case $1 in --version) echo "notebook : 6.4.12";; *) echo \'{"kernelspecs":{"tslab":{}}}\';; esac',
    );
    command('sbatch', 'echo slurm 22.05.8');
    for (const name of ['jupyter', 'sbatch']) command(name, 'echo 1.2.3 && exit 1', 'broken');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, text: string) {
    mkdirSync(dirname(join(clone, name)), { recursive: true });
    writeFileSync(join(clone, name), text);
  }
  /** A command in a folder of its own, so that a run can name which of them are on its PATH. */
  function command(name: string, script: string, within = name) {
    const file = join(folder, 'path', within, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
  function run(args: string[] = [], { commands = ['npm'], env = {}, before = [] as string[] } = {}) {
    const PATH = commands.map((name) => join(folder, 'path', name)).join(':') || join(folder, 'nothing');
    const argv = [...before, join(clone, 'scripts', 'doctor.mjs'), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      env: { PATH, ...env },
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }
  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';
  const columns = (text: string) => lastLine(text).split(' | ');
  /** The stamps that prepare.mjs leaves. */
  function install() {
    write('node_modules/.installed-from', '{"lock":1}');
    write('dist/.built-from', fingerprint(clone));
  }

  it('before any install it says what is missing and ends with code 1', () => {
    rmSync(join(clone, 'node_modules'), { recursive: true, force: true });
    rmSync(join(clone, 'dist'), { recursive: true, force: true });
    const { status, stdout, stderr } = run();
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toContain(
      'x missing   packages are not installed\n                `npm start` installs them',
    );
    expect(stdout).toContain('x missing   lib, lesson and tools are not built');
    expect(columns(stdout)).toEqual(
      expect.arrayContaining([
        'jupyter none',
        'slurm none',
        'installed no',
        'built no',
        'verdict missing packages build',
      ]),
    );
  });

  it('it is ready when packages and build are here, with or without git, Jupyter and Slurm', () => {
    install();
    const bare = run();
    expect(bare.status).toBe(0);
    expect(bare.stdout).toContain('- optional  Jupyter is not on the PATH');
    expect(bare.stdout).toContain('- optional  git does not answer');
    const [name, node, system, cores, mem, disk, ...rest] = columns(bare.stdout);
    expect([name, node, system]).toEqual([
      'lola-doctor 1',
      `node ${process.versions.node} ok`,
      `${process.platform} ${process.arch}`,
    ]);
    expect([cores, mem, disk].join(';')).toMatch(/^cores \d+\/\d+;mem [\d.]+\/[\d.]+ GiB;disk [\d.]+ GiB$/);
    expect(rest).toEqual(['jupyter none', 'slurm none', 'installed yes', 'built yes', 'verdict ready']);

    const full = run([], {
      commands: ['npm', 'jupyter', 'sbatch'],
      env: { SLURM_JOB_ID: '7', SLURM_CPUS_ON_NODE: '1' },
    });
    expect(full.status).toBe(0);
    expect(full.stdout).toContain('+ ok        the TypeScript kernel (tslab) is registered');
    expect(columns(full.stdout)).toEqual(
      expect.arrayContaining(['jupyter notebook 6.4.12 kernel', 'slurm 22.05.8 in-job', 'verdict ready']),
    );
    expect(full.stdout).toContain('one core: speed-up cannot be measured here; results are the same');
  });

  const agrees = 'it agrees with prepare.mjs on what is installed and built, and sees each change after that';
  it(agrees, { timeout: 120_000 }, () => {
    for (const name of ['node_modules', 'dist']) rmSync(join(clone, name), { recursive: true, force: true });
    const PATH = join(folder, 'path', 'npm');
    const prepared = spawnSync(process.execPath, [join(clone, 'scripts', 'prepare.mjs')], {
      env: { PATH },
      encoding: 'utf8',
    });
    expect([prepared.status, prepared.stderr]).toEqual([
      0,
      expect.stringContaining('building lib, lesson and tools'),
    ]);
    const freshness = () => columns(run().stdout).slice(-3);
    expect(freshness()).toEqual(['installed yes', 'built yes', 'verdict ready']);

    for (const name of ['lib/deep/b.ts', 'lesson/b.ts', 'tools/b.ts']) {
      write(name, 'export {};');
      expect(built(clone)).toBe('stale');
      rmSync(join(clone, name));
      expect(built(clone)).toBe('yes');
    }
    utimesSync(join(clone, 'lib', 'deep', 'a.ts'), new Date(0), new Date(0));
    expect(built(clone)).toBe('yes'); // as in a copy of a clone
    write('lib/deep/a.ts', 'export { };');
    expect(freshness()).toEqual(['installed yes', 'built stale', 'verdict ready']);

    write('package-lock.json', '{"lock":2}');
    expect(freshness()).toEqual(['installed stale', 'built stale', 'verdict missing packages']);
    write('package-lock.json', '{"lock":1}');
    rmSync(join(clone, 'dist'), { recursive: true });
    expect(freshness()).toEqual(['installed yes', 'built no', 'verdict missing build']);
  });

  it('without npm nothing can be installed: code 1', () => {
    install();
    const { status, stdout } = run([], { commands: [] });
    expect([status, columns(stdout).at(-1)]).toEqual([1, 'verdict missing npm']);
  });

  it('on an old Node it says so and how to get a new one, and still reports the rest', () => {
    install();
    const old = join(folder, 'old.cjs');
    writeFileSync(
      old,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '12.22.12' } });",
    );
    const { status, stdout } = run([], { before: ['--require', old] });
    expect(status).toBe(1);
    expect(stdout).toContain(
      'x missing   Node 12.22.12 is too old, this project needs ^20.19.0 || >=22.12.0; install a newer one:',
    );
    for (const line of doctor.howToGetNode(process.platform)) expect(stdout).toContain(line);
    expect(columns(stdout).slice(1, 2)).toEqual(['node 12.22.12 too-old']);
    expect(columns(stdout).at(-1)).toBe('verdict missing node');
  });

  it('--json prints one object with the same facts and the same line', () => {
    install();
    const { status, stdout } = run(['--json'], { commands: ['npm', 'sbatch'] });
    const facts = JSON.parse(stdout) as Facts;
    expect(status).toBe(0);
    expect(facts).toMatchObject({
      node: { version: process.versions.node, needed: doctor.NODE_RANGE, ok: true },
      npm: '11.1.0',
      git: null,
      installed: 'yes',
      built: 'yes',
      jupyter: { state: 'none', interfaces: [], kernel: false },
      slurm: { found: true, version: '22.05.8', insideJob: false },
      ready: true,
      missing: [],
    });
    const text = run([], { commands: ['npm', 'sbatch'] }).stdout;
    const withoutRoom = (line: string) => line.replace(/disk [\d.]+/, 'disk'); // which others fill meanwhile
    expect(withoutRoom(facts.line)).toBe(withoutRoom(lastLine(text)));
  });

  it('a version that is past its end is reported with ways to a newer one, and stops nothing', () => {
    install();
    const facts = JSON.parse(run(['--json']).stdout) as Facts;
    const report = (day: string) =>
      doctor.report(
        { ...facts, node: { ...facts.node, version: '20.20.2', ok: true } },
        false,
        new Date(day),
      );
    expect(report('2026-04-30')).toContain('+ ok        Node 20.20.2 (this project needs');
    const text = report('2026-05-01');
    expect(text).toContain(
      '! look      Node 20.20.2 works here, but its last security fixes came on 2026-04-30',
    );
    expect(text).toContain(doctor.howToGetNode(process.platform)[0]);
    expect(text).toContain('Ready: `npm start`.');
  });

  it('Jupyter or Slurm that is here but fails is told from none, and does not stand in the way', () => {
    install();
    const { status, stdout } = run([], { commands: ['npm', 'broken'] });
    expect(status).toBe(0);
    expect(stdout).toContain('- optional  `jupyter --version` ended with an error');
    expect(stdout).toContain('! look      sbatch is here, but fails');
    expect(columns(stdout)).toEqual(
      expect.arrayContaining(['jupyter failed', 'slurm failed', 'verdict ready']),
    );
  });

  it('too little room on disk is missing before the install, and no matter after it', () => {
    const full = join(folder, 'full.cjs');
    writeFileSync(full, "require('fs').statfsSync = () => ({ bavail: 1000, bsize: 4096 });");
    install();
    expect(columns(run([], { before: ['--require', full] }).stdout)).toContain('verdict ready');
    rmSync(join(clone, 'node_modules'), { recursive: true });
    const { status, stdout } = run([], { before: ['--require', full] });
    expect(stdout).toContain('x missing   disk: 4 MiB free; the packages need 150 MB');
    expect([status, columns(stdout).at(-1)]).toEqual([1, 'verdict missing disk packages']);
  });

  it('nothing it prints names the host, the user or a folder; colours are for terminals, words beside every sign', () => {
    install();
    // A user called 'node' or a host called 'linux' is a word of the doctor's own.
    const own = FILES.map(read).join('') + process.platform;
    const names = [hostname(), userInfo().username].filter((name) => !own.includes(name));
    const [text, json] = [run().stdout, run(['--json']).stdout];
    for (const printed of [text, json])
      for (const name of [...names, folder, repository]) expect(printed).not.toContain(name);
    expect(text).not.toContain('\u001b');
    expect(doctor.report(JSON.parse(json) as Facts, true)).toContain('\u001b[32m+ ok      \u001b[0m');
  });

  it('an unknown flag is refused by name with code 2, on stderr', () => {
    expect(run(['--json', '--jsno'])).toEqual({
      status: 2,
      stdout: '',
      stderr: "lola doctor: unknown flag '--jsno'. The nearest known one is --json; all: --json, --help.\n",
    });
    expect(run(['--help'])).toMatchObject({ status: 0, stderr: '' });
    expect(run(['-h'])).toEqual(run(['--help']));
  });

  it('it runs in a clone that is reached through a link', () => {
    install();
    const real = clone;
    cpSync(clone, join(folder, 'elsewhere'), { recursive: true });
    clone = join(folder, 'link');
    spawnSync('ln', ['-s', join(folder, 'elsewhere'), clone]);
    const { status, stdout } = run();
    clone = real;
    expect(lastLine(stdout)).toContain('lola-doctor 1');
    expect(status).toBe(0);
  });
});
