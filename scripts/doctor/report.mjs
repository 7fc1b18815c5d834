// What the doctor says of its facts: a finding a line, remedies below it. As doctor.mjs it runs on a Node as old as 12.
import { NODE_RANGE, diskTooFull, endedOn } from './facts.mjs';

const LOOKS = {
  ok: { text: '+ ok      ', colour: 32 },
  missing: { text: 'x missing ', colour: 31 },
  look: { text: '! look    ', colour: 33 },
  optional: { text: '- optional', colour: 2 },
};

/** The facts for people: groups of findings, remedies below each, the line for the instructor at the end. */
export function report(facts, colour, today) {
  const lines = ['lola doctor: what is here, and what to do about what is missing'];
  for (const { title, findings } of groups(facts, today)) {
    lines.push('', title);
    for (const { look, text, remedy = [] } of findings) {
      const word = colour ? `\u001b[${LOOKS[look].colour}m${LOOKS[look].text}\u001b[0m` : LOOKS[look].text;
      lines.push(`  ${word}  ${text}`, ...remedy.map((line) => `                ${line}`));
    }
  }
  const verdict = facts.ready
    ? 'Ready: `npm start`.'
    : `Not ready. Missing: ${facts.missing.join(', ')}; see above what to do.`;
  lines.push('', verdict, 'A line for your instructor (cores and mem are allotted/seen):', facts.line, '');
  return lines.join('\n');
}

function groups(facts, today) {
  return [
    { title: 'Tools', findings: tools(facts, today) },
    { title: 'This machine', findings: resources(facts) },
    { title: 'This project', findings: project(facts) },
    {
      title: 'Jupyter, for the notebooks (`npm start`, `npm test` and `lola` work without it)',
      findings: notebooks(facts),
    },
    { title: 'Slurm, for the last stage (all other stages work without it)', findings: batch(facts) },
  ];
}

function tools({ node, npm, git }, today) {
  return [
    nodeFinding(node, today),
    npm !== null
      ? { look: 'ok', text: `npm ${npm}` }
      : {
          look: 'missing',
          text: 'npm does not answer. It comes with Node; install Node:',
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

function nodeFinding({ version, ok }, today) {
  const remedy = howToGetNode(process.platform);
  if (!ok) {
    const text = `Node ${version} is too old, this project needs ${NODE_RANGE}; install a newer one:`;
    return { look: 'missing', text, remedy };
  }
  const lastDay = endedOn(version, today);
  if (lastDay === undefined)
    return { look: 'ok', text: `Node ${version} (this project needs ${NODE_RANGE})` };
  const text = `Node ${version} works here, but its last security fixes came on ${lastDay}; install a newer one:`;
  return { look: 'look', text, remedy };
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
      text: 'packages do not match package-lock.json',
      remedy: [`${start} installs them again (network needed once)`],
    },
  };
  const build = {
    yes: { look: 'ok', text: 'lib, lesson and tools are built into dist/' },
    no: {
      look: 'missing',
      text: 'lib, lesson and tools are not built',
      remedy: [`${start} builds it (a few seconds)`],
    },
    stale: {
      look: 'look',
      text: 'a source changed after it was built',
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
    darwin: ['brew:     brew install node'],
    win32: ['winget:   winget install OpenJS.NodeJS.LTS'],
  };
  const shell = ['nvm:      nvm install --lts   (nvm itself: https://github.com/nvm-sh/nvm)'];
  return [
    'download: https://nodejs.org/en/download, the LTS version',
    ...(own[platform] || []),
    ...(platform === 'win32' ? [] : shell),
    'conda:    conda install -c conda-forge "nodejs>=24"',
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
