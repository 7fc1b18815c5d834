// Slurm's own commands, started as programs and read as text: any site has them, and no library is needed. Needs Node.
import { execFile } from 'node:child_process';
import { EstimatorError, show } from '../errors.js';
import { adviseOn } from './advice.js';
import { MOST_ELEMENTS, parseSacct, parseScontrol, parseSqueue, type JobState } from './job-state.js';

/** Slurm refuses, does not answer, or ended a job for a reason that another try would not change. */
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
const MOST_PRINTED = 64 * 2 ** 20;

function call(command: string, words: readonly string[]): Promise<Printed> {
  const options = { timeout: COMMAND_MS, maxBuffer: MOST_PRINTED, env: withoutOuterJob(process.env) };
  return new Promise((resolve) => {
    execFile(command, words, options, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? 'killed') : 0, stdout, stderr }),
    );
  });
}

/** Inside of a job, Slurm's variables describe that job. A job submitted from there would inherit its limits. */
function withoutOuterJob(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const outer = /^SLURM(?!_(CONF|CONF_SERVER|CLUSTERS|JWT)$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !outer.test(name)));
}

async function succeed(command: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await call(command, words);
  if (code === 0) return stdout;
  throw new SlurmError(adviseOn(command, code, stderr));
}

/** Whether an error means that Slurm's controller does not answer now. It may in a while. */
export function isAway(error: unknown): boolean {
  return error instanceof SlurmError && /does not answer/.test(error.message);
}

/**
 * Submits a script.
 * @returns the job's number
 * @throws SlurmError if Slurm refuses or does not answer, or if its answer holds no number
 */
export async function sbatch(script: string): Promise<string> {
  const printed = await succeed('sbatch', ['--parsable', script]);
  // 'JOB;CLUSTER' on sites with several clusters; many sites print lines of their own around it.
  const [, parsable, plain] = /^(?:(\d+)(?:;\S+)?|Submitted batch job (\d+).*)$/m.exec(printed) ?? [];
  const job = parsable ?? plain;
  if (job !== undefined) return job;
  throw new SlurmError(
    `sbatch took the script, but its answer names no job: ${show(printed.trim())}. squeue --me shows whether a job is there.`,
  );
}

/** Ends jobs, named by numbers or by options such as --name. Jobs that have ended already do no harm. */
export async function scancel(words: readonly string[]): Promise<void> {
  if (words.length > 0) await call('scancel', words);
}

/**
 * The states of jobs and of their elements: from Slurm's controller, which forgets an ended job after some minutes,
 * then from the site's accounts, if it keeps them. A job that nobody knows has no state.
 * @throws SlurmError if the controller does not answer. Then nothing is known, least of all that a job has ended.
 */
export async function jobStates(jobs: readonly string[]): Promise<JobState[]> {
  return (await Promise.all(jobs.map(statesOf))).flat();
}

async function statesOf(job: string): Promise<JobState[]> {
  const { code, stdout, stderr } = await call('scontrol', ['show', 'job', '-o', job]);
  if (code === 0) return parseScontrol(stdout);
  if (!/invalid job id/i.test(stderr)) throw new SlurmError(adviseOn('scontrol', code, stderr));
  const fields = '--format=JobID,State,ExitCode,NodeList';
  const accounts = await call('sacct', ['-n', '-P', '-X', '-j', job, fields]);
  return accounts.code === 0 ? parseSacct(accounts.stdout) : [];
}

/** The user's job of this name, ended or not, if Slurm still knows it. */
export async function jobNamed(name: string): Promise<string | undefined> {
  const printed = await succeed('squeue', ['-h', '--me', '-t', 'all', '-n', name, '-o', '%F']);
  return /^\d+$/m.exec(printed)?.[0];
}

/** The user's jobs that carry this comment and have not ended. */
export async function jobsWithComment(comment: string): Promise<JobState[]> {
  const printed = await succeed('squeue', ['-h', '--me', '-o', '%A|%T|%N|%r|%k']);
  const lines = printed.split('\n').filter((line) => line.endsWith(`|${comment}`));
  return parseSqueue(lines.join('\n'));
}

/** How many elements an array may have here. */
export async function maxArraySize(): Promise<number> {
  const config = await succeed('scontrol', ['show', 'config']);
  const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? 1001);
  return Math.min(MOST_ELEMENTS, size);
}

/** Names of the partitions here. */
export async function partitions(): Promise<string[]> {
  return (await succeed('sinfo', ['-h', '-o', '%R'])).split('\n').filter(Boolean);
}

/** Cores of a partition that are up, idle or not. Without a name: of the default partition. */
export async function coresOf(partition?: string): Promise<number> {
  const only = partition === undefined ? [] : ['-p', partition];
  const printed = await succeed('sinfo', ['-h', '-o', '%P|%C', ...only]);
  const rows = [...printed.matchAll(/^(\S+?)(\*?)\|(\d+)\/(\d+)\//gm)];
  const row = rows.find(([, , star]) => star) ?? rows[0];
  if (row) return Number(row[3]) + Number(row[4]); // allocated and idle
  throw new SlurmError(
    `sinfo: no partition ${show(partition)} here. sinfo shows those there are; set 'partition'.`,
  );
}
