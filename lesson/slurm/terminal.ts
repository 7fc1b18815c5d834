// The lesson's terminal: it runs commands where a Slurm answers; elsewhere it shows what they printed when the lesson was
// recorded on one.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SlurmError, checkSettings, partitions, type JobSettings } from '../../lib/slurm/index.js';
import { onLoginNode, pingSlurm } from '../../tools/slurm/login-node.js';

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Commands in the order of the lesson, with what they printed; made by scripts/record-slurm.mjs. */
export interface SlurmRecording {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** Slurm's version. */
  readonly slurm: string;
  readonly steps: readonly { readonly command: string; readonly text: string }[];
}

/** Where a notebook runs its commands. */
export interface Terminal {
  /** Whether commands run; if not, what is shown was recorded. */
  readonly live: boolean;
  /** Which of the ways this is, and what to do for another one: one sentence or two. */
  readonly way: string;
  /** Prints `$ command` and its output. One that fails prints its exit code too. */
  readonly run: (command: string) => Promise<void>;
  /** Ends what was started in the background. */
  readonly close: () => Promise<void>;
}

/** Opens the one that this host allows. `live`: whether a Slurm answers here. */
export async function openTerminal(live = pingSlurm()): Promise<Terminal> {
  return live ? openShell() : replay();
}

export function readRecording(): SlurmRecording {
  return JSON.parse(readFileSync(at('episodes/recorded/slurm.json'), 'utf8')) as SlurmRecording;
}

function replay(): Terminal {
  const { date, machine, slurm, steps } = readRecording();
  let next = 0;
  const run = (command: string) => {
    const later = [...steps.slice(next), ...steps.slice(0, next)]; // a cell may be run once more
    const place = later.findIndex((step) => step.command === command);
    if (place < 0)
      console.log(
        `$ ${command}\n(not recorded: without a Slurm only the lesson's own commands can be shown)`,
      );
    else {
      console.log(`$ ${command}\n${later[place].text}`.trimEnd());
      next = (next + place + 1) % steps.length;
    }
    return Promise.resolve();
  };
  const way = `No Slurm answers here, so commands show what they printed on ${date} (Slurm ${slurm}; ${machine.cpu}, ${machine.cores} cores). To run them: open this notebook on a cluster, or on Linux with: node scripts/test-slurm.mjs npm run notebooks`;
  return { live: false, way, run, close: () => Promise.resolve() };
}

/** One bash for the whole notebook, so that `cd`, variables and background jobs last, as in a terminal. */
async function openShell(): Promise<Terminal> {
  const folder = freshFolder();
  const { settings, source } = await roomSettings();
  writeFileSync(`${folder}/site.json`, JSON.stringify(settings));
  const shell = spawn('bash', ['--norc'], { cwd: folder });
  shell.stdout.setEncoding('utf8'); // a character may come in two parts
  shell.stdin.on('error', () => {}); // the shell has ended, which `ended` tells
  const ended = new Promise<void>((done) => shell.once('exit', () => done()));
  shell.stdin.write(`exec 2>&1\n${PREPARE}\n`);
  const run = async (command: string) =>
    console.log(`$ ${command}\n${await answer(shell, ended, command)}`.trimEnd());
  const close = () => {
    shell.stdin.end();
    return ended;
  };
  const { partition = 'the default one', prologue = [] } = settings;
  const inside = onLoginNode() ? '' : ' This is inside of a job.';
  const way = `A Slurm answers: commands run here, in ${basename(folder)}/. Partition: ${partition}; before Node: ${prologue.join('; ') || 'nothing'} (${source}).${inside}`;
  return { live: true, way, run, close };
}

/** The first of lola-lesson, lola-lesson-2, ... in which nobody has worked: what is in the others stays, and jobs may use it. */
export function freshFolder(parent = at('')): string {
  for (let i = 1; ; i++) {
    const folder = join(parent, i === 1 ? 'lola-lesson' : `lola-lesson-${i}`);
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).every((name) => name === 'site.json')) return folder;
  }
}

/** `wait_for TEXT FILE`: until the text stands in the file, for ten minutes. Jobs get groups, so that `kill %1` ends all of one. */
const PREPARE = `set -m
trap 'for job in $(jobs -p); do kill -- "-$job"; done' EXIT
wait_for() {
  local end=$((SECONDS + 600))
  until grep -qs -- "$1" $2; do
    if ((SECONDS > end)); then echo "wait_for: no '$1' in $2 after ten minutes"; return 1; fi
    sleep 0.1
  done
}`;

function answer(
  shell: ChildProcessWithoutNullStreams,
  ended: Promise<void>,
  command: string,
): Promise<string> {
  const mark = randomBytes(8).toString('hex');
  shell.stdin.write(`{ ${command}\n} </dev/null\nprintf '%s:%d\\n' ${mark} $?\n`);
  let text = '';
  return new Promise((resolve, reject) => {
    const hear = (more: string) => {
      text += more;
      const end = new RegExp(`${mark}:(\\d+)\\n$`).exec(text);
      if (!end) return;
      shell.stdout.removeListener('data', hear);
      resolve(text.slice(0, end.index) + (end[1] === '0' ? '' : `(exit code ${end[1]})\n`));
    };
    shell.stdout.on('data', hear);
    void ended.then(() => reject(new SlurmError('the terminal has ended. Run the set-up cell again.')));
  });
}

/** The room's partition, account and modules, where they are this cluster's: its instructor wrote them down. */
async function roomSettings(): Promise<{ readonly settings: JobSettings; readonly source: string }> {
  const file = 'episodes/settings.json';
  let room: { partition?: string; account?: string; modules?: readonly string[] };
  try {
    room = JSON.parse(readFileSync(at(file), 'utf8')) as typeof room;
  } catch {
    return { settings: {}, source: `there is no ${file}` }; // a room need not have one
  }
  const { partition = '', account = '', modules = [] } = room;
  if (partition !== '' && !(await partitions()).includes(partition)) {
    return {
      settings: {},
      source: `${file} is for another cluster: there is no partition '${partition}' here`,
    };
  }
  const given = {
    ...(partition && { partition }),
    ...(account && { account }),
    ...(modules.length > 0 && { prologue: [`module load ${modules.join(' ')}`] }),
  };
  return { settings: checkSettings(given, file), source: `from ${file}` };
}
