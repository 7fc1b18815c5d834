// Other programs: which are here, building them, and running one while its time, CPU and memory are watched.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endTree } from '../../scripts/systems.mjs';
import { digits } from './statistics.mjs';

/** A program that hangs must not hang the bench (ms). */
const LONGEST_MS = 600_000;
const PYTHONS = ['python3', '/usr/bin/python3'];
const ASK_PYTHON = `
import importlib.metadata as metadata
for name in 'numpy', 'dask', 'distributed':
    try: print(name, metadata.version(name))
    except metadata.PackageNotFoundError: pass
`;

/**
 * What peers need and this machine has: by name, the program to call and the version.
 * @param ask runs a program with arguments and gives what it printed; '' where it is not there or fails
 */
export function findTools(ask = output) {
  const tools = {};
  for (const program of PYTHONS) {
    for (const line of ask(program, ['-c', ASK_PYTHON]).split('\n').filter(Boolean)) {
      const [name, version] = line.trim().split(' ');
      tools[name] ??= { program, version };
    }
  }
  const version = ask('cc', ['-dumpfullversion']).trim();
  return version ? { ...tools, cc: { program: 'cc', version } } : tools;
}

function output(file, args) {
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? stdout : '';
}

/**
 * Makes one item for each subject and number of samples, with the command that runs it, C programs built.
 * @returns the items, and the subjects that cannot run here, each with the reason and the line that helps
 */
export async function prepareItems(subjects, { tools, install, key, folder, memoryBytes, signal }) {
  const items = [];
  const absent = [];
  for (const subject of subjects) {
    const { needs, compile, bytes = 0, name, label } = subject;
    const leaveOut = (reason, line) => absent.push({ subject: name, label, reason, install: line });
    if (needs && !tools[needs]) {
      leaveOut(`${needs} is not here`, install[needs]);
      continue;
    }
    const program = compile ? join(folder, name) : tools[needs]?.program;
    try {
      if (compile) await run([tools[needs].program, ...compile, '-o', program], { folder, signal });
    } catch (error) {
      if (signal.aborted) break;
      leaveOut(error.message, install[needs]);
      continue;
    }
    for (const samples of subject.sizes) {
      const gigabytes = bytes * samples * 1e-9;
      if (bytes * samples <= 0.8 * memoryBytes)
        items.push({ subject, samples, command: subject.command(samples, { program, key }).map(String) });
      else leaveOut(`${samples} samples would take ${gigabytes.toFixed(1)} GB of memory`);
    }
  }
  return { items, absent };
}

/** Runs an item once: { seconds, cpuSeconds, peakMemoryBytes, inside, pi, medianLatencySeconds }, of its fastest repeat; what is not known is undefined. */
export async function measure({ subject, samples, command }, options) {
  const { stdout, seconds, cpuSeconds } = await run(command, options);
  const line = stdout === '' && subject.whole ? {} : parseLine(stdout, samples);
  if (subject.whole) return { ...line, seconds, cpuSeconds };
  const fastest = line.seconds.indexOf(Math.min(...line.seconds));
  const best = (values) => values?.[fastest];
  return {
    ...line,
    seconds: best(line.seconds),
    cpuSeconds: best(line.cpuSeconds),
    medianLatencySeconds: best(line.medianLatencySeconds),
  };
}

/** Reads the last line that a program printed. @throws Error where it is not what a peer prints */
export function parseLine(stdout, samples) {
  const text = stdout.trim().split('\n').at(-1);
  let line;
  try {
    line = JSON.parse(text);
  } catch {
    throw new Error(`printed no line of JSON but '${text.slice(0, 80)}'`);
  }
  const times = [line.seconds, line.cpuSeconds ?? []].flat();
  const told = line.samples ?? line.tasks;
  if (told !== samples) throw new Error(`was asked for ${samples} samples and tells of ${told}`);
  if (!times.every((time) => Number.isFinite(time) && time >= 0))
    throw new Error(`printed times that are none: ${times.join(', ')}`);
  return line;
}

/**
 * Runs a program to its end. The signal ends it, with all that it started.
 * @returns what it printed, its wall time, and the CPU time of it and its children where the system tells
 * @throws Error that says why it failed
 */
export async function run([file, ...args], { folder, signal }) {
  const env = { ...process.env };
  for (const name of ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE']) delete env[name]; // numpy as it chooses by itself
  // A group of its own can be ended with all workers; a folder that is removed takes what dask leaves behind.
  const ticks = childTicks();
  const began = performance.now();
  const child = spawn(file, args, {
    cwd: folder,
    env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const end = () => {
    try {
      endTree(process.platform, child.pid);
    } catch {
      // it has ended by itself, or never began
    }
  };
  const timer = setTimeout(end, LONGEST_MS);
  signal.addEventListener('abort', end);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => (text[name] += chunk));
  let seconds;
  child.once('exit', () => (seconds = (performance.now() - began) / 1000));
  const [code, killed] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ended) => resolve(ended));
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  });
  if (killed)
    throw new Error(`was ended by ${killed} after ${digits(seconds)} s (too little memory, or too slow?)`);
  if (code !== 0) throw new Error(reasonIn(text.stderr) ?? `ended with code ${code} and no word`);
  return {
    stdout: text.stdout,
    seconds,
    cpuSeconds: ticks === undefined ? undefined : (childTicks() - ticks) / 100,
  };
}

/** The line that tells most: Python's is the last one, commander's has 'error:'. */
function reasonIn(stderr) {
  const lines = stderr.trim().split('\n').filter(Boolean);
  return lines.findLast((line) => /error: /i.test(line)) ?? lines.at(-1);
}

/** CPU time of all ended processes below this one, in hundredths of a second; only Linux tells (proc(5), fields 16 and 17). */
function childTicks() {
  if (process.platform !== 'linux') return undefined;
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return Number(fields[13]) + Number(fields[14]);
}
