// `lola doctor`: says what is here, what to do about what is missing, and one line to paste to the instructor.
// It runs before any install and on a Node as old as 12, to say that it is too old: so no dependency, no newer
// syntax, and no newer built-in without asking for it first.
import childProcess from 'child_process';
import fs from 'fs';
import os from 'os';
import path from 'path';
import url from 'url';
import { machine, readText } from './machine.mjs';

export const NODE_RANGE = '^20.19.0 || >=22.12.0';
const INSTALL_BYTES = 150e6;
const FLAGS = ['--json', '--help'];
const HELP = `Usage: lola doctor [--json]

Says what this machine has for the lesson, and what to do about what is missing.
  --json   print the facts as one JSON object
  --help   print this text
Exit code: 0 ready, 1 something required is missing, 2 unknown flag.
`;

/** Runs the command with its arguments; returns the exit code: 0 ready, 1 something required is missing, 2 bad input. */
export function main(args) {
  const unknown = args.find((arg) => !FLAGS.includes(arg));
  if (unknown !== undefined) {
    process.stderr.write(`lola doctor: ${unknownFlag(unknown)}\n`);
    return 2;
  }
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const facts = gather(url.fileURLToPath(new URL('..', import.meta.url)), process.env);
  const colour = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  process.stdout.write(
    args.includes('--json') ? `${JSON.stringify(facts, null, 2)}\n` : report(facts, colour),
  );
  return facts.ready ? 0 : 1;
}

/** What to say of an argument that this command does not know. */
export function unknownFlag(given) {
  const distances = FLAGS.map((flag) => editDistance(given, flag));
  const nearest = FLAGS[distances.indexOf(Math.min(...distances))];
  return `unknown ${given.startsWith('-') ? 'flag' : 'argument'} '${given}'. The nearest known one is ${nearest}; all: ${FLAGS.join(', ')}.`;
}

/** Insertions, deletions and replacements that turn one text into the other (Levenshtein 1966), row by row. */
function editDistance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = above[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1));
    }
  }
  return row[to.length];
}

// --- Facts

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

/** 'yes', 'no' or 'stale', by the stamp that prepare.mjs leaves: so it says what `npm start` is going to do. */
export function installed(root) {
  const stamp = readText(path.join(root, 'node_modules', '.installed-from'));
  if (stamp !== undefined && stamp === readText(path.join(root, 'package-lock.json'))) return 'yes';
  return fs.existsSync(path.join(root, 'node_modules')) ? 'stale' : 'no';
}

/** 'yes', 'no' or 'stale': whether dist/ was built from the files as they are now, again by prepare.mjs's stamp. */
export function built(root) {
  const stamp = readText(path.join(root, 'dist', '.built-from'));
  if (stamp === undefined) return 'no';
  const inputs = filesBelow(path.join(root, 'lib')).concat(
    ['tsconfig.json', 'package-lock.json'].map((name) => path.join(root, name)),
  );
  const now = inputs.map((file) => `${path.relative(root, file)} ${sizeAndTime(file)}`);
  return now.sort().join('\n') === stamp.split('\n').sort().join('\n') ? 'yes' : 'stale';
}

function sizeAndTime(file) {
  try {
    const { size, mtimeMs } = fs.statSync(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return 'gone';
  }
}

function filesBelow(folder) {
  const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [];
  return entries.reduce((files, entry) => {
    const name = path.join(folder, entry.name);
    return files.concat(entry.isDirectory() ? filesBelow(name) : [name]);
  }, []);
}

// --- Judgement

const diskTooFull = ({ installed, diskFreeBytes }) =>
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

// --- The report

const LOOKS = {
  ok: { text: '+ ok      ', colour: 32 },
  missing: { text: 'x missing ', colour: 31 },
  look: { text: '! look    ', colour: 33 },
  optional: { text: '- optional', colour: 2 },
};

/** The facts for people: groups of findings, remedies below each, the line for the instructor at the end. */
export function report(facts, colour) {
  const lines = ['lola doctor: what is here, and what to do about what is missing'];
  for (const { title, findings } of groups(facts)) {
    lines.push('', title);
    for (const { look, text, remedy = [] } of findings) {
      const word = colour ? `\u001b[${LOOKS[look].colour}m${LOOKS[look].text}\u001b[0m` : LOOKS[look].text;
      lines.push(`  ${word}  ${text}`, ...remedy.map((line) => `                ${line}`));
    }
  }
  const verdict = facts.ready
    ? 'Ready: `npm start`.'
    : `Not ready. Missing: ${facts.missing.join(', ')}; what to do stands above.`;
  lines.push('', verdict, 'A line for your instructor (cores and mem are allotted/seen):', facts.line, '');
  return lines.join('\n');
}

function groups(facts) {
  return [
    { title: 'Tools', findings: tools(facts) },
    { title: 'This machine', findings: resources(facts) },
    { title: 'This project', findings: project(facts) },
    {
      title: 'Jupyter, for the notebooks (`npm start`, `npm test` and `lola` work without it)',
      findings: notebooks(facts),
    },
    { title: 'Slurm, for the last stage (all other stages work without it)', findings: batch(facts) },
  ];
}

function tools({ node, npm, git }) {
  return [
    node.ok
      ? { look: 'ok', text: `Node ${node.version} (this project needs ${NODE_RANGE})` }
      : {
          look: 'missing',
          text: `Node ${node.version} is too old, this project needs ${NODE_RANGE}; install it like so:`,
          remedy: howToGetNode(process.platform),
        },
    npm !== null
      ? { look: 'ok', text: `npm ${npm}` }
      : {
          look: 'missing',
          text: 'npm does not answer. It comes with Node; install Node like so:',
          remedy: howToGetNode(process.platform),
        },
    git !== null
      ? { look: 'ok', text: `git ${git}` }
      : {
          look: 'optional',
          text: 'git does not answer. You need it only to fetch changes and to keep your own.',
        },
  ];
}

function resources({ machine: here, memoryFreeBytes }) {
  const findings = [
    { look: 'ok', text: `${here.platform} ${here.arch}, ${here.cpu}` },
    {
      look: 'ok',
      text: `cores: ${here.coresSeen} seen, ${here.coresAllotted} allotted`,
      remedy: here.coreLimits.map(({ source, cores }) => `${source} allows ${Number(cores.toFixed(2))}`),
    },
    {
      look: 'ok',
      text:
        `memory: ${size(here.memoryBytes)} seen, ${size(here.memoryAllottedBytes)} allotted, ` +
        `${size(memoryFreeBytes)} of that free`,
      remedy: here.memoryLimits.map(({ source, bytes }) => `${source} allows ${size(bytes)}`),
    },
  ];
  if (here.coresAllotted === 1) {
    findings.push({ look: 'look', text: 'one core: speed-up cannot be measured here; results are the same' });
  }
  return findings;
}

function project(facts) {
  const { installed, built, diskFreeBytes, node } = facts;
  const start = node.ok ? '`npm start`' : 'once Node is new enough, `npm start`';
  const need = installed === 'yes' ? '' : '; the packages need 150 MB';
  const packages = {
    yes: { look: 'ok', text: 'packages are installed' },
    no: {
      look: 'missing',
      text: 'packages are not installed',
      remedy: [`${start} installs them (network needed once)`],
    },
    stale: {
      look: 'missing',
      text: 'packages are not those of package-lock.json',
      remedy: [`${start} installs them again (network needed once)`],
    },
  };
  const build = {
    yes: { look: 'ok', text: 'lib/ is built into dist/' },
    no: { look: 'missing', text: 'lib/ is not built', remedy: [`${start} builds it (a few seconds)`] },
    stale: {
      look: 'look',
      text: 'lib/ changed after it was built',
      remedy: [`${start} builds it again (a few seconds)`],
    },
  };
  return [
    diskTooFull(facts)
      ? {
          look: 'missing',
          text: `disk: ${size(diskFreeBytes)} free${need}`,
          remedy: ['make room, or clone to a larger disk'],
        }
      : {
          look: 'ok',
          text: `disk: ${diskFreeBytes === null ? 'this Node cannot tell what is' : size(diskFreeBytes)} free${need}`,
        },
    packages[installed],
    build[built],
  ];
}

function notebooks({ jupyter: { state, interfaces, kernel } }) {
  const problems = {
    none: 'Jupyter is not on the PATH. One of these lines installs it:',
    failed: '`jupyter --version` ended with an error. One of these lines installs Jupyter afresh:',
    slow: '`jupyter --version` did not answer in 20 seconds. Run it once by hand, then try again.',
  };
  if (state !== 'ok') {
    const remedy = state === 'slow' ? [] : howToGetJupyter(process.platform);
    return [{ look: 'optional', text: problems[state], remedy }];
  }
  return [
    interfaces.length > 0
      ? { look: 'ok', text: `Jupyter ${interfaces.join(', ')}` }
      : {
          look: 'optional',
          text: 'Jupyter is here, but neither JupyterLab nor Notebook. One of these lines installs it:',
          remedy: howToGetJupyter(process.platform),
        },
    kernel
      ? { look: 'ok', text: 'the TypeScript kernel (tslab) is registered' }
      : {
          look: 'optional',
          text: 'the TypeScript kernel (tslab) is not registered',
          remedy: [
            '`npm run notebooks` brings its own;',
            '`npm run kernel` registers it for VS Code or a Jupyter started elsewhere',
          ],
        },
  ];
}

function batch({ slurm: { found, version, insideJob } }) {
  const job = insideJob ? 'inside a job' : 'not inside a job';
  if (!found) {
    const where = 'On a cluster: `module avail slurm`, or ask its staff.';
    return [{ look: 'optional', text: `sbatch is not on the PATH, ${job}. ${where}` }];
  }
  if (version === null)
    return [{ look: 'look', text: `sbatch is here, but fails; \`sbatch --version\` says why (${job})` }];
  return [{ look: 'ok', text: `Slurm ${version}, ${job}` }];
}

/** Ways to a Node that is new enough, one line each, without root where there is a way. */
export function howToGetNode(platform) {
  const own = {
    darwin: ['brew:     brew install node@22'],
    win32: ['winget:   winget install OpenJS.NodeJS.LTS'],
  };
  const shell = ['nvm:      nvm install 22   (nvm itself: https://github.com/nvm-sh/nvm)'];
  return [
    'download: https://nodejs.org/en/download, the LTS version',
    ...(own[platform] || []),
    ...(platform === 'win32' ? [] : shell),
    'conda:    conda install -c conda-forge "nodejs>=22.12"',
    ...(platform === 'linux' ? ['cluster:  module avail node, then module load what it lists'] : []),
  ];
}

/** Ways to Jupyter, one line each. */
export function howToGetJupyter(platform) {
  const python = platform === 'win32' ? 'py' : 'python3';
  const apt =
    'apt:      sudo apt-get install -y --no-install-recommends jupyter-notebook jupyter-nbconvert jupyter-client';
  return [
    `pip:      ${python} -m pip install jupyterlab   ('externally managed'? take another line)`,
    'uv:       uv tool install jupyter-core --with jupyterlab',
    'conda:    conda install -c conda-forge jupyterlab',
    ...(platform === 'linux' ? [apt] : []),
    'VS Code:  code --install-extension ms-toolsai.jupyter   (then: npm run kernel)',
  ];
}

function size(bytes) {
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

// The real path, because a clone may be reached through a link (as /tmp on macOS is), and Node resolves it.
if (process.argv[1] && fs.realpathSync(process.argv[1]) === url.fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2));
}
