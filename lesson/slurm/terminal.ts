// The lesson's terminal: it runs commands if a Slurm answers, and shows recorded ones if not. Needs Node.
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SlurmError, checkSettings, partitions, type JobSettings } from '../../lib/slurm/index.js';
import { replay, shownIn, type SlurmRecording, type Terminal } from './recording.js';

/** Opens the terminal that this host allows. `live`: whether a Slurm answers here. */
export async function openTerminal(live = pingSlurm()): Promise<Terminal> {
  return live ? openShell() : replay(readRecording());
}

function pingSlurm(): boolean {
  return spawnSync('scontrol', ['ping'], { timeout: 2000, stdio: 'ignore' }).status === 0;
}

export function readRecording(): SlurmRecording {
  return readJson('episodes/recorded/slurm.json') as SlurmRecording;
}

/** The folder of this package, from dist/lesson/slurm. */
const ROOT = join(import.meta.dirname, '..', '..', '..');

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
}

/** One bash for the whole notebook, so that `cd`, variables and background jobs last, as in a terminal. */
async function openShell(): Promise<Terminal> {
  const folder = freshFolder();
  const { settings, source } = await roomSettings();
  writeFileSync(join(folder, 'site.json'), JSON.stringify(settings));
  const shell = spawn('bash', ['--norc'], { cwd: folder });
  shell.stdout.setEncoding('utf8'); // a character may come in two parts
  shell.stdin.on('error', () => {}); // the shell has ended, as `ended` tells
  const ended = new Promise<void>((done) => shell.once('exit', () => done()));
  shell.stdin.write(`exec 2>&1\n${PREPARE}\n`);
  const { partition = 'the default one', prologue = [] } = settings;
  const job = process.env.SLURM_JOB_ID === undefined ? '' : ' This is inside a job.';
  return {
    live: true,
    way: `A Slurm answers: commands run here, in ${basename(folder)}/. Partition: ${partition}; before Node: ${prologue.join('; ') || 'nothing'} (${source}).${job}`,
    run: async (command) => console.log(shownIn(command, await answer(shell, ended, command))),
    close: () => {
      shell.stdin.end();
      return ended;
    },
  };
}

/** The first of lola-lesson, lola-lesson-2, ... that nobody has used: the others may hold work, and jobs may use them. */
export function freshFolder(parent = ROOT): string {
  for (let i = 1; ; i++) {
    const folder = join(parent, i === 1 ? 'lola-lesson' : `lola-lesson-${i}`);
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).every((name) => name === 'site.json')) return folder;
  }
}

/** `wait_for TEXT FILE` waits up to ten minutes for the text. Jobs get groups, so that `kill %1` ends all of one. */
const PREPARE = `set -m
trap 'for job in $(jobs -p); do kill -- "-$job"; done' EXIT
wait_for() {
  local end=$((SECONDS + 600))
  until grep -qs -- "$1" $2; do
    if ((SECONDS > end)); then echo "wait_for: no '$1' in $2 after ten minutes"; return 1; fi
    sleep 0.1
  done
}`;

/** Runs a command and gives what it printed; a mark of its own shows where that ends. */
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

/** The room's partition, account and modules, as its instructor wrote them down, if they are for this cluster. */
async function roomSettings(): Promise<{ readonly settings: JobSettings; readonly source: string }> {
  const file = 'episodes/settings.json';
  if (!existsSync(join(ROOT, file))) return { settings: {}, source: `there is no ${file}` };
  type Room = JobSettings & { readonly modules?: readonly string[] };
  const { partition = '', account = '', modules = [] } = readJson(file) as Room;
  if (partition !== '' && !(await partitions()).includes(partition))
    return { settings: {}, source: `${file} is for another cluster: no partition '${partition}' here` };
  const given = {
    ...(partition && { partition }),
    ...(account && { account }),
    ...(modules.length > 0 && { prologue: [`module load ${modules.join(' ')}`] }),
  };
  return { settings: checkSettings(given, file), source: `from ${file}` };
}
