// `npm run test:slurm`: starts a real Slurm of its own on this machine, with several nodes, runs the tests that need one,
// and takes it down again. `node scripts/test-slurm.mjs COMMAND...` runs a command of yours there instead.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Debian keeps daemons where a user's PATH does not look. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
const PROGRAMS = ['slurmctld', 'slurmd', 'munged', 'sbatch', 'squeue', 'scontrol'];

/** Why no Slurm can be started here, with what to do; nothing where one can. */
export function whyNoSlurm() {
  if (process.platform !== 'linux') return 'Slurm runs on Linux only (in WSL and containers too).';
  const missing = PROGRAMS.filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`], { env: { PATH } }).status !== 0,
  );
  if (missing.length === 0) return undefined;
  return `not installed here: ${missing.join(', ')}. On Debian or Ubuntu: sudo apt-get install --no-install-recommends slurmctld slurmd slurm-client munge`;
}

/**
 * Starts munged, slurmctld and `nodes` slurmd on free ports, all of them children of this process.
 * @returns the environment that Slurm's commands need, the folder of logs, and what takes it all down
 */
export async function startSlurmHere({ nodes = 2, cores = 4 } = {}) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lola-slurm-'));
  const children = [];
  const launch = (name, command, ...args) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    child.said = '';
    child.stderr.on('data', (bytes) => (child.said = `${child.said}${bytes}`.slice(-2000)));
    child.on('error', (error) => (child.said = error.message));
    children.push(Object.assign(child, { title: name }));
    return child;
  };
  const conf = join(folder, 'slurm.conf');
  const env = { ...process.env, PATH, SLURM_CONF: conf };
  const stop = async () => {
    const alive = children.some(({ title, exitCode }) => title === 'slurmctld' && exitCode === null);
    if (alive) {
      spawnSync('scancel', ['--me'], { env, timeout: 10_000 });
      await until(() => query(env, 'squeue', '-h').stdout === '', 20_000).catch(() => undefined);
    }
    for (const child of children.reverse())
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await until(
      () => children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
      10_000,
    ).catch(() => {
      for (const child of children) child.kill('SIGKILL');
    });
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of ['state', 'spool', 'log']) mkdirSync(join(folder, name));
    const socket = join(folder, 'munge.socket');
    writeFileSync(join(folder, 'munge.key'), randomBytes(128), { mode: 0o600 });
    const files = { key: 'munge.key', pid: 'munge.pid', log: 'munge.log', seed: 'munge.seed' };
    const options = Object.entries(files).map(([option, name]) => `--${option}-file=${join(folder, name)}`);
    const munged = launch('munged', 'munged', '--foreground', '--force', `--socket=${socket}`, ...options);
    await until(() => query(env, 'munge', '-n', '-S', socket).status === 0, 10_000, munged);
    const ports = await freePorts(nodes + 1);
    writeFileSync(conf, configuration({ folder, socket, ports, nodes, cores }));
    const controller = launch('slurmctld', 'slurmctld', '-D', '-f', conf);
    for (let i = 1; i <= nodes; i++) launch(`slurmd ${i}`, 'slurmd', '-D', '-f', conf, '-N', `node${i}`);
    const idle = () =>
      query(env, 'sinfo', '-h', '-N', '-p', 'debug', '-t', 'idle', '-o', '%N').stdout.split('\n').length >
      nodes;
    await until(() => query(env, 'scontrol', 'ping').status === 0 && idle(), 30_000, controller);
  } catch (error) {
    const logs = ['slurmctld.log', 'slurmd-node1.log']
      .map((name) => tail(join(folder, 'log', name)))
      .join('\n');
    const said = children
      .map(({ title, said }) => (said ? `${title}: ${said.trim()}` : ''))
      .filter(Boolean)
      .join('\n');
    await stop();
    throw new Error(`Slurm did not start: ${error.message}\n${said}\n${logs}`, { cause: error });
  }
  return { env, folder, stop };
}

function configuration({ folder, socket, ports, nodes, cores }) {
  const user = query(process.env, 'id', '-un').stdout.trim();
  const node = (i) =>
    `NodeName=node${i} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${ports[i]} CPUs=${cores} State=UNKNOWN`;
  return `ClusterName=lola
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/munge
AuthInfo=socket=${socket}
CredType=cred/munge
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd-%n.log
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool/%n
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=2
ReturnToService=2
PropagateResourceLimitsExcept=ALL
${Array.from({ length: nodes }, (_, i) => node(i + 1)).join('\n')}
PartitionName=debug Nodes=ALL Default=YES DefaultTime=10 MaxTime=60 State=UP PriorityTier=10 LLN=YES
PartitionName=spot Nodes=ALL DefaultTime=10 MaxTime=60 State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=scrap Nodes=ALL DefaultTime=10 MaxTime=60 State=UP PriorityTier=1 PreemptMode=CANCEL
`;
}

const query = (env, command, ...args) => spawnSync(command, args, { env, encoding: 'utf8', timeout: 20_000 });

/** Waits for a condition; `child` must not end before it holds. */
async function until(holds, ms, child) {
  for (const end = Date.now() + ms; Date.now() < end; await delay(20)) {
    if (holds()) return;
    if (child && (child.exitCode !== null || child.signalCode !== null))
      throw new Error(`${child.title} ended`);
  }
  throw new Error(`not ready after ${ms / 1000} s`);
}

/** Ports that are free now. All are held until the last is found, so none is given twice. */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((done) => {
          const server = createServer().listen(0, '127.0.0.1', () => done(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function tail(file) {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-8).join('\n');
  } catch {
    return '';
  }
}

async function main(words) {
  if (['--help', '-h'].includes(words[0])) {
    const usage =
      'npm run test:slurm                          tests with a real Slurm, started here and taken down again';
    process.stdout.write(
      `${usage}\nnode scripts/test-slurm.mjs COMMAND...      a command of yours with that Slurm\n`,
    );
    return 0;
  }
  const reason = whyNoSlurm();
  if (reason) {
    process.stderr.write(`test:slurm: skipped; ${reason}\n`);
    return words.length === 0 ? 0 : 1;
  }
  const began = performance.now();
  const { env, stop } = await startSlurmHere({ cores: Math.max(2, Math.min(4, cpus().length)) });
  process.stderr.write(`test:slurm: 2 nodes up after ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  const vitest = [
    process.execPath,
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--config',
    'vitest.slurm.config.js',
  ];
  const [command, ...args] = words.length === 0 ? vitest : words;
  const child = spawn(command, args, { env, stdio: 'inherit', ...(words.length === 0 ? { cwd: root } : {}) });
  const pass = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
  const code = await new Promise((done) => {
    child.on('error', (error) => done((process.stderr.write(`test:slurm: ${error.message}\n`), 1)));
    child.on('exit', (status) => done(status ?? 1));
  });
  await stop();
  return code;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  process.exitCode = await main(process.argv.slice(2));
}
