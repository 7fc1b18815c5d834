// What this machine has and what of it we may use: cores and memory, seen and allotted. Needs Node.
// No dependency, and no syntax or built-in newer than Node 12: the doctor runs this before any install.
import fs from 'fs';
import os from 'os';

/**
 * A machine as plain facts, without host, user or path: they can be shared.
 * @typedef {object} Machine
 * @property {string} node Node's version, as '20.20.2'
 * @property {string} platform
 * @property {string} arch
 * @property {string} cpu the processor's model, or 'unknown'
 * @property {number} coresSeen logical cores of the machine, 1 or more
 * @property {number} coresAllotted cores this process may use, whole, from 1 to coresSeen
 * @property {readonly { source: string, cores: number }[]} coreLimits what allows less; a quota may be a fraction
 * @property {number} memoryBytes
 * @property {number} memoryAllottedBytes
 * @property {readonly { source: string, bytes: number }[]} memoryLimits what allows less
 *
 * What `machine` reads instead of this machine, for tests.
 * @typedef {object} Sources
 * @property {(path: string) => string | undefined} [read] the text of a file, or undefined where there is none
 * @property {Record<string, string | undefined>} [env] environment variables
 * @property {System} [system] node:os, where Node has no availableParallelism without it
 * @typedef {{ cpus(): readonly { model: string }[], totalmem(): number, availableParallelism?(): number }} System
 */

/**
 * This machine: cores and memory, seen and allotted.
 * @param {Sources} [given]
 * @returns {Machine}
 */
export function machine(given = {}) {
  const { read = readText, env = process.env, system = os } = given;
  const cpus = system.cpus();
  const coresSeen = Math.max(1, cpus.length);
  const memoryBytes = system.totalmem();
  const coreLimits = coreSources(read, env, system).filter(({ cores }) => cores < coresSeen);
  const memoryLimits = memorySources(read, env).filter(({ bytes }) => bytes < memoryBytes);
  return {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    cpu: (cpus.length > 0 && cpus[0].model.replace(/\s+/g, ' ').trim()) || 'unknown',
    coresSeen,
    // A quota of 1.5 cores keeps one worker busy all the time; a second one would be held back half of it.
    coresAllotted: Math.max(1, Math.floor(Math.min(coresSeen, ...coreLimits.map(({ cores }) => cores)))),
    coreLimits,
    memoryBytes,
    memoryAllottedBytes: Math.min(memoryBytes, ...memoryLimits.map(({ bytes }) => bytes)),
    memoryLimits,
  };
}

/** The text of a file, or undefined where there is none or it may not be read. @param {string} path */
export function readText(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function coreSources(read, env, system) {
  return [
    {
      source: 'cgroup cpu quota',
      cores: smallest(cgroupFolders(read, 'cpu').map((at) => cpuQuota(read, at))),
    },
    { source: 'affinity mask', cores: affinity(read, system) },
    { source: 'SLURM_CPUS_PER_TASK', cores: wholeNumber(env.SLURM_CPUS_PER_TASK) },
    { source: 'SLURM_CPUS_ON_NODE', cores: wholeNumber(env.SLURM_CPUS_ON_NODE) },
  ];
}

// Not every Slurm site enforces memory by cgroup, so what the job asked for counts too (Slurm gives MiB).
function memorySources(read, env) {
  const MiB = 2 ** 20;
  const perCpu = wholeNumber(env.SLURM_MEM_PER_CPU) * wholeNumber(env.SLURM_CPUS_ON_NODE);
  return [
    {
      source: 'cgroup memory limit',
      bytes: smallest(cgroupFolders(read, 'memory').map((at) => memoryLimit(read, at))),
    },
    { source: 'SLURM_MEM_PER_NODE', bytes: wholeNumber(env.SLURM_MEM_PER_NODE) * MiB },
    { source: 'SLURM_MEM_PER_CPU', bytes: perCpu * MiB },
  ];
}

/**
 * The folders whose files may limit this process, its own group first, then each group around it: a limit holds for
 * all below it. Inside a container the first ones often do not exist here, and the root is the container's own.
 */
function cgroupFolders(read, controller) {
  const folders = [];
  for (const line of (read('/proc/self/cgroup') || '').split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (!match) continue;
    const [, controllers, path] = match;
    // A line without controllers is cgroup v2; v1 has one tree for each set of controllers.
    if (controllers !== '' && !controllers.split(',').includes(controller)) continue;
    const trees = controllers === '' ? ['', '/unified'] : [`/${controllers}`, `/${controller}`];
    const names = path.split('/').filter((name) => name !== '');
    for (let depth = names.length; depth >= 0; depth--) {
      const group = ['', ...names.slice(0, depth)].join('/');
      folders.push(...trees.map((tree) => `/sys/fs/cgroup${tree}${group}`));
    }
  }
  return folders;
}

/** Cores by the quota of one group: v2 has both numbers in `cpu.max`, v1 has a file for each, -1 for no limit. */
function cpuQuota(read, folder) {
  const v2 = read(`${folder}/cpu.max`);
  const [quota, period] =
    v2 === undefined
      ? [read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)]
      : v2.trim().split(' ');
  return wholeNumber(quota) / wholeNumber(period);
}

function memoryLimit(read, folder) {
  return smallest(
    ['memory.max', 'memory.limit_in_bytes'].map((name) => wholeNumber(read(`${folder}/${name}`))),
  );
}

// The mask itself is read first: newer Nodes mix the quota into availableParallelism, and older ones lack it.
function affinity(read, system) {
  const match = /^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status') || '');
  if (!match) return system.availableParallelism ? system.availableParallelism() : NaN;
  const sizes = match[1].split(',').map((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return last - first + 1;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A whole number above 0, or NaN, which limits nothing: 'max', -1, 0, absent and unreadable all mean 'no limit'. */
function wholeNumber(text) {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : 0;
  return value > 0 ? value : NaN;
}

function smallest(values) {
  return Math.min(Infinity, ...values.filter((value) => !Number.isNaN(value)));
}
