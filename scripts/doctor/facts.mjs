// What the doctor finds: tools on the PATH, this machine, this project, and what is missing of what is required.
// As doctor.mjs it runs on a Node as old as 12: no dependency, no newer syntax, no newer built-in without asking first.
import childProcess from 'child_process';
import fs from 'fs';
import os from 'os';
import { machine, readText } from '../../lib/cores.mjs';
import { built, installed } from '../freshness.mjs';

export const NODE_RANGE = '^20.19.0 || >=22.12.0';
const INSTALL_BYTES = 150e6;

/**
 * All facts as plain data, without host, user or path; `line` is the one to paste.
 * @param {string} root the project's folder
 * @param {object} env environment variables
 */
export function gather(root, env) {
  const here = machine({ env });
  const jupyter = findJupyter();
  const slurm = ask('sbatch', ['--version']);
  const facts = {
    node: { version: here.node, needed: NODE_RANGE, ok: isNewEnough(here.node) },
    npm: versionIn(ask('npm', ['--version'])),
    git: versionIn(ask('git', ['--version'])),
    machine: here,
    memoryFreeBytes: Math.min(here.memoryAllottedBytes, memoryFree()),
    diskFreeBytes: diskFree(root),
    installed: installed(root),
    built: built(root),
    jupyter,
    slurm: { found: slurm.state !== 'none', version: versionIn(slurm), insideJob: Boolean(env.SLURM_JOB_ID) },
  };
  const missing = whatIsMissing(facts);
  const ready = missing.length === 0;
  return Object.assign(facts, { ready, missing, line: summaryLine(facts, missing) });
}

/** Whether a version of Node lies in NODE_RANGE. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}

/** The last day of each line of Node that NODE_RANGE takes and that ends, from https://github.com/nodejs/Release. */
const LAST_DAYS = {
  20: '2026-04-30',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** The day of its last security fix, for a version of Node that is past it; else undefined. */
export function endedOn(version, today = new Date()) {
  const lastDay = LAST_DAYS[version.split('.')[0]];
  return lastDay && lastDay < today.toISOString().slice(0, 10) ? lastDay : undefined;
}

/**
 * Asks a command on the PATH, for a bounded time.
 * @returns {object} `state`: 'ok', 'none' (no such command), 'failed' or 'slow' (no answer in time); `out`: what it said
 */
export function ask(command, args, timeoutMs = 20000) {
  const options = {
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  // On Windows npm and jupyter may be .cmd files, which only a shell starts. All arguments are fixed words.
  const windows = process.platform === 'win32';
  const answer = windows
    ? childProcess.spawnSync([command].concat(args).join(' '), Object.assign(options, { shell: true }))
    : childProcess.spawnSync(command, args, options);
  const out = answer.stdout || '';
  if (answer.error && answer.error.code === 'ETIMEDOUT') return { state: 'slow', out };
  if (answer.error || (windows && answer.status !== 0)) return { state: 'none', out };
  return { state: answer.status === 0 ? 'ok' : 'failed', out };
}

/** The first number of an answer that looks like a version, or null. */
function versionIn({ state, out }) {
  const match = /\d+(\.\d+)+/.exec(state === 'ok' ? out : '');
  return match && match[0];
}

function findJupyter() {
  const { state, out } = ask('jupyter', ['--version']);
  if (state !== 'ok') return { state, interfaces: [], kernel: false };
  const kernels = ask('jupyter', ['kernelspec', 'list', '--json']);
  return {
    state,
    interfaces: jupyterInterfaces(out),
    kernel: kernels.state === 'ok' && hasTslab(kernels.out),
  };
}

/** The notebook interfaces named by `jupyter --version`, old form and new, as 'lab 4.2.1'. */
export function jupyterInterfaces(out) {
  const named = [];
  for (const line of out.split('\n')) {
    const match = /^(?:jupyter[ _-]?)?(lab|notebook)\s*:\s*(\d[\w.]*)/.exec(line);
    if (match) named.push(`${match[1]} ${match[2]}`);
  }
  return named.sort();
}

/** Whether `jupyter kernelspec list --json` names the kernel `tslab`. */
export function hasTslab(out) {
  try {
    return 'tslab' in JSON.parse(out).kernelspecs;
  } catch {
    return false;
  }
}

function memoryFree() {
  const match = /^MemAvailable:\s*(\d+) kB/m.exec(readText('/proc/meminfo') || '');
  return match ? Number(match[1]) * 1024 : os.freemem();
}

/** Bytes free in a folder, or null where this Node cannot tell (statfs came with 18.15). */
function diskFree(folder) {
  if (!fs.statfsSync) return null;
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

/** Whether the packages are missing and would not fit. */
export const diskTooFull = ({ installed, diskFreeBytes }) =>
  installed !== 'yes' && diskFreeBytes !== null && diskFreeBytes < INSTALL_BYTES;

/** What is required and not here. Jupyter, Slurm and git are optional, and a stale build mends itself offline. */
function whatIsMissing(facts) {
  const missing = [];
  if (!facts.node.ok) missing.push('node');
  if (facts.npm === null) missing.push('npm');
  if (diskTooFull(facts)) missing.push('disk');
  if (facts.installed !== 'yes') missing.push('packages');
  if (facts.built === 'no') missing.push('build');
  return missing;
}

/** The one line for the instructor. Cores and memory: allotted/seen. */
function summaryLine(facts, missing) {
  const { node, machine, diskFreeBytes, jupyter, slurm } = facts;
  const GiB = (bytes) => (bytes / 2 ** 30).toFixed(1);
  return [
    'lola-doctor 1',
    `node ${node.version} ${node.ok ? 'ok' : 'too-old'}`,
    `${machine.platform} ${machine.arch}`,
    `cores ${machine.coresAllotted}/${machine.coresSeen}`,
    `mem ${GiB(machine.memoryAllottedBytes)}/${GiB(machine.memoryBytes)} GiB`,
    `disk ${diskFreeBytes === null ? 'unknown' : `${GiB(diskFreeBytes)} GiB`}`,
    `jupyter ${jupyterWord(jupyter)}`,
    `slurm ${slurm.found ? slurm.version || 'failed' : 'none'}${slurm.insideJob ? ' in-job' : ''}`,
    `installed ${facts.installed}`,
    `built ${facts.built}`,
    `verdict ${missing.length === 0 ? 'ready' : `missing ${missing.join(' ')}`}`,
  ].join(' | ');
}

function jupyterWord({ state, interfaces, kernel }) {
  if (state !== 'ok') return state;
  return `${interfaces.join(' ') || 'without-interface'} ${kernel ? 'kernel' : 'no-kernel'}`;
}
