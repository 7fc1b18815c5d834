// A small site without a Slurm: programs of Slurm's names that answer as a test wishes, and runs on file.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FORMAT, RunFolder, type RunRecord } from '../../lib/slurm/run-folder.js';
import { Run } from '../../lib/task/run.js';
import type { Task } from '../../lib/task/task.js';

const NAMES = ['sinfo', 'scontrol', 'squeue', 'sbatch', 'scancel', 'sacct'] as const;

/** What each program does, as lines of sh. $SITE/name has the name of the array job that was submitted last. */
export type Answers = { readonly [name in (typeof NAMES)[number]]?: string };

/** Array job 7 runs its element 1, and all else is as it is with one partition of four cores. */
const USUAL: Answers = {
  sinfo: "echo 'debug*|0/4/0/4'",
  scontrol: `case "$*" in
    *config*) echo 'MaxArraySize = 1001' ;;
    *) echo "JobId=9 ArrayJobId=7 ArrayTaskId=1 JobName=$(cat "$SITE/name") UserId=u(1) JobState=RUNNING Reason=None ExitCode=0:0 NodeList=node1" ;;
  esac`,
  sbatch: 'echo 7',
};

const KEEP_NAME = `for word; do
  case "$word" in --job-name=*-reduce) ;; --job-name=*) echo "\${word#*=}" > "$SITE/name" ;; esac
done`;

/** Makes the programs in a folder of their own. */
export function makeSite(
  parent: string,
  answers: Answers = {},
): { path: string; calls: (name: string) => string[] } {
  const bin = join(parent, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of NAMES) {
    const script = `#!/bin/sh\nSITE='${parent}'\n${name === 'sbatch' ? KEEP_NAME : ''}\necho "$*" >> '${join(parent, name)}.calls'\n${answers[name] ?? USUAL[name] ?? ''}\n`;
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  }
  const calls = (name: string) => {
    const file = join(parent, `${name}.calls`);
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  return { path: `${bin}${delimiter}${process.env.PATH}`, calls };
}

/** A run on file with these tasks, as a client leaves it before it submits. */
export async function writeRun(
  parent: string,
  tasks: readonly Task[],
  record: Partial<RunRecord> = {},
): Promise<RunFolder> {
  const folder = RunFolder.create(parent);
  await folder.writeTasks(new Run(tasks, {}));
  const usual = { workers: 1, tasksPerElement: 2, modules: [], settings: {}, label: null };
  folder.writeRecord({ format: FORMAT, tasks: tasks.length, ...usual, ...record });
  return folder;
}

/** Tasks that give their own key. */
export const echoes = (...keys: readonly string[]): Task[] =>
  keys.map((key) => ({ key, operation: 'echo', input: key }));

/** How tasks ended with these values, one after the other. */
export const endsWith = (...values: readonly string[]) =>
  values.map((value, i) => ({ start: i, end: i + 1, value }));
