// Slurm's own commands, started as programs and read as text: no library of Slurm's is needed, and any site has them.
import { execFile } from 'node:child_process';
import { EstimatorError, show } from '../errors.js';
import {
  SQUEUE_FIELDS,
  linesOf,
  parseSacct,
  parseScontrol,
  parseSqueue,
  type JobState,
} from './job-state.js';

/** Slurm refuses, does not answer, or ended a job for a reason that trying again would not mend. */
export class SlurmError extends EstimatorError {
  constructor(message: string, options?: ErrorOptions) {
    super('SLURM', message, options);
  }
}

/** What a command printed. */
interface Printed {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Slurm's commands give up on a controller after about a minute by themselves (ms). */
const COMMAND_MS = 90_000;
const MOST_PRINTED = 256 * 2 ** 20;

function call(command: string, args: readonly string[]): Promise<Printed> {
  const options = {
    timeout: COMMAND_MS,
    maxBuffer: MOST_PRINTED,
    env: { ...process.env, SLURM_TIME_FORMAT: 'standard' },
  };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? 'killed') : 0, stdout, stderr }),
    );
  });
}

async function succeed(command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await call(command, args);
  if (code === 0) return stdout;
  throw new SlurmError(adviseOn(command, code, stderr));
}

/** Whether an error means that Slurm's controller does not answer now; it may in a while. */
export function isAway(error: unknown): boolean {
  return error instanceof SlurmError && /does not answer/.test(error.message);
}

/** A refusal in words: what Slurm said, and what to do. */
export function adviseOn(command: string, code: number | string, stderr: string): string {
  const said = stderr
    .trim()
    .replaceAll(/^\w+: (error|fatal): /gm, '')
    .split('\n')
    .slice(-3)
    .join('; ');
  if (code === 'ENOENT') {
    return `${command} is not on the PATH. On a cluster: module avail slurm. On your own Debian or Ubuntu, npm run test:slurm says what to install.`;
  }
  if (
    /contact slurm controller|connection refused|timed out|connect failure|controller not responding/i.test(
      said,
    ) ||
    code === 'killed'
  ) {
    return `${command}: Slurm's controller does not answer (${said}). Try again in a while; jobs that run go on.`;
  }
  const advice =
    ADVICE.find(([pattern]) => pattern.test(said))?.[1] ??
    "The words in front are Slurm's; your site's documentation or staff can tell what it allows.";
  return `${command} refused (exit ${code}): ${said}. ${advice}`;
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/invalid partition/i, "sinfo shows the partitions; set 'partition'."],
  [/invalid account/i, "sacctmgr show associations user=$USER lists your accounts; set 'account'."],
  [
    /memory specification|--mem/i,
    "This site does not take --mem as it is: set 'memory' to less, or to 'none'.",
  ],
  [
    /requested node configuration|more processors/i,
    "No node is that large: ask for fewer 'cpus' or less 'memory' (sinfo -N -l shows what there is).",
  ],
  [/time limit/i, "Set a shorter 'time' (sinfo -o '%P %l' shows what is allowed)."],
  [/array/i, 'Cut the run into fewer elements.'],
  [/submit limit|MaxSubmit|QOS/i, 'This is a limit of your account: wait for jobs to end, or ask for fewer.'],
  [/configuration source|slurm\.conf/i, 'This host knows no Slurm cluster: log in to a host of the cluster.'],
];

/**
 * Submits a script.
 * @returns the job's number
 * @throws SlurmError where Slurm refuses or does not answer
 */
export async function sbatch(script: string, options: readonly string[] = []): Promise<string> {
  const printed = await succeed('sbatch', ['--parsable', ...options, script]);
  return printed.trim().split('\n').pop()?.split(';')[0] ?? ''; // 'JOB;CLUSTER' where sites have several
}

/** Ends jobs; those that have ended already are none of its concern. */
export async function scancel(jobs: readonly string[]): Promise<void> {
  if (jobs.length > 0) await call('scancel', jobs);
}

/**
 * The states of jobs and their elements, from whichever command answers: squeue, which tells of ended jobs for some
 * minutes, and for those it has forgotten sacct, where the site keeps accounts.
 * @throws SlurmError where the controller does not answer: then nothing is known, least of all that a job has ended
 */
export async function jobStates(jobs: readonly string[]): Promise<JobState[]> {
  if (jobs.length === 0) return [];
  const asked = ['-h', '-r', '-t', 'all', '-j', jobs.join(','), '-o', SQUEUE_FIELDS];
  const { code, stdout, stderr } = await call('squeue', asked);
  if (code === 'ENOENT') return scontrolStates(jobs);
  if (code !== 0 && !/invalid job id/i.test(stderr)) throw new SlurmError(adviseOn('squeue', code, stderr));
  const known = parseSqueue(stdout);
  const forgotten = jobs.filter((id) => !known.some(({ job }) => job === id));
  return forgotten.length === 0 ? known : [...known, ...(await sacctStates(forgotten))];
}

async function sacctStates(jobs: readonly string[]): Promise<JobState[]> {
  const fields = '--format=JobID,State,ExitCode,NodeList';
  const { code, stdout } = await call('sacct', ['-n', '-P', '-X', '-j', jobs.join(','), fields]);
  return code === 0 ? parseSacct(stdout) : []; // many sites keep no accounts: then nothing is known
}

async function scontrolStates(jobs: readonly string[]): Promise<JobState[]> {
  const all = await Promise.all(jobs.map((job) => call('scontrol', ['show', 'job', '-o', job])));
  const refused = all.find(({ code, stderr }) => code !== 0 && !/invalid job id/i.test(stderr));
  if (refused) throw new SlurmError(adviseOn('scontrol', refused.code, refused.stderr));
  return all.flatMap(({ stdout }) => parseScontrol(stdout));
}

/** One job or element with its exit code; nothing where Slurm has forgotten it. */
export async function jobDetails(job: string, element?: number): Promise<JobState | undefined> {
  const id = element === undefined ? job : `${job}_${element}`;
  const { stdout } = await call('scontrol', ['show', 'job', '-o', id]);
  return parseScontrol(stdout).find((found) => found.element === element);
}

/** Numbers of the user's jobs of this name that are not over. */
export async function jobsNamed(name: string): Promise<string[]> {
  const printed = await succeed('squeue', ['-h', '--me', '-n', name, '-o', '%F']);
  return [...new Set(linesOf(printed))];
}

/** The user's jobs that are not over and carry this comment. */
export async function ownJobs(comment: string): Promise<JobState[]> {
  const printed = await succeed('squeue', ['-h', '--me', '-o', SQUEUE_FIELDS.replace('%j', '%k')]);
  return parseSqueue(
    linesOf(printed)
      .filter((line) => line.endsWith(`|${comment}`))
      .join('\n'),
  );
}

/** How many elements an array may have here. */
export async function maxArraySize(): Promise<number> {
  const config = await succeed('scontrol', ['show', 'config']);
  return Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? 1001);
}

/** Names of the partitions here. */
export async function partitions(): Promise<string[]> {
  return linesOf(await succeed('sinfo', ['-h', '-o', '%R']));
}

/** Cores of a partition that are up, idle or not; of the default partition where none is named. */
export async function coresOf(partition?: string): Promise<number> {
  const only = partition === undefined ? [] : ['-p', partition];
  const rows = linesOf(await succeed('sinfo', ['-h', '-o', '%P|%C', ...only])).map((line) => line.split('|'));
  const [name, cores] = rows.find(([title]) => title.endsWith('*')) ?? rows[0] ?? [];
  if (name === undefined || name === '')
    throw new SlurmError(
      `sinfo: no partition ${show(partition)} here. sinfo shows those there are; set 'partition'.`,
    );
  const [allocated, idle] = cores.split('/').map(Number);
  return allocated + idle;
}
