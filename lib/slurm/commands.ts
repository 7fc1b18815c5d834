// Slurm's own commands, started as programs and read as text: any site has them, and no library is needed. Needs Node.
import { execFile, type ExecFileException } from 'node:child_process';
import { EstimatorError, show } from '../errors.js';
import { adviseOn } from './advice.js';
import { MOST_ELEMENTS, isLive, parseSacct, parseScontrol, type JobState } from './job-state.js';

/** Slurm refuses, does not answer, or ended a job for a reason that another try would not change. */
export class SlurmError extends EstimatorError {
  constructor(message: string, options?: ErrorOptions) {
    super('SLURM', message, options);
  }
}

/** Slurm's commands give up on a controller after about a minute by themselves (ms). */
const COMMAND_MS = 90_000;
const PASSES =
  /does not answer|was ended by|cannot be started \(E(AGAIN|MFILE|NFILE|NOMEM)\)|cannot (be )?read.*: (EIO|ENOTCONN|ESHUTDOWN|ESTALE|ETIMEDOUT|Unknown system error -116):|results\S* cannot be read: ENOENT:/;

/** Runs a command of Slurm, for `mostMs` at most. Its code is the exit code, or why it has none. */
export function call(command: string, words: readonly string[], mostMs = COMMAND_MS) {
  const end = { timeout: mostMs, killSignal: 'SIGKILL' } as const; // what hangs may not heed another signal
  const options = { ...end, maxBuffer: 64 * 2 ** 20, env: withoutOuterJob(process.env) };
  return new Promise<{ code: number | string; stdout: string; stderr: string }>((resolve) => {
    execFile(command, words, options, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? endOf(error)) : 0, stdout, stderr }),
    );
  });
}

/** Of a command without an exit code: it took too long, or a signal ended it, such as the terminal's Ctrl-C. */
const endOf = ({ killed, signal }: ExecFileException) => (killed ? 'it took too long' : signal!);

/**
 * Inside of a job, Slurm's variables describe that job: a job submitted from there would inherit its limits. The cluster
 * that a user chose for sbatch holds for the other commands, too, or they would look for its jobs elsewhere.
 */
function withoutOuterJob(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // A user's options for tables (SQUEUE_) hide jobs, and some of SBATCH_ override what our scripts say: name, array, log.
  const outer =
    /^(SLURM(?!_(CONF|CONF_SERVER|CLUSTERS|JWT)$)|S(QUEUE|ACCT|CANCEL|INFO)_|SBATCH_(ARRAY|CLUS|ERR|INP|JOB|OPEN|OUT|WAIT))/;
  const kept = Object.entries(env).filter(([name]) => !outer.test(name));
  return { ...Object.fromEntries(kept), ...(clustersOf(env) && { SLURM_CLUSTERS: clustersOf(env) }) };
}

/** The cluster that the user has chosen, on a site that has several. */
export const clustersOf = ({ SLURM_CLUSTERS, SBATCH_CLUSTERS }: NodeJS.ProcessEnv): string | undefined =>
  SLURM_CLUSTERS || SBATCH_CLUSTERS || undefined;

async function succeed(command: string, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await call(command, words);
  if (code === 0) return stdout;
  throw new SlurmError(adviseOn(command, code, stderr));
}

/** Whether an error means that Slurm's controller, or the file system, does not answer now. It may in a while. */
export function isAway(error: unknown): boolean {
  return error instanceof SlurmError && PASSES.test(error.message);
}

/** Whether an error means that Slurm has taken no job: it said no, or sbatch has not even begun. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SlurmError && /^sbatch (refused|is|cannot)/.test(error.message) && !isAway(error);
}

/**
 * Submits a script under a name, whatever its directives say: by the name we know our jobs again.
 * @returns the job's number
 * @throws SlurmError if Slurm refuses or does not answer, or if its answer holds no number
 */
export async function sbatch(script: string, name: string): Promise<string> {
  const printed = await succeed('sbatch', '--parsable', `--job-name=${name}`, script);
  // 'JOB;CLUSTER' on sites with several clusters; many sites print lines of their own around it.
  const told = /^\s*(?:sbatch: )?Submitted batch job (\d+)\b/m.exec(printed)?.[1];
  const alone = new Set([...printed.matchAll(/^\s*(\d+)(?:;\S+)?\s*$/gm)].map(([, number]) => number));
  const job = told ?? (alone.size === 1 ? [...alone][0] : undefined);
  if (job !== undefined) return job;
  const named = alone.size > 1 ? 'several jobs' : 'no job';
  const said = `sbatch took the script, but its answer names ${named}: ${show(printed.trim())}.`;
  throw new SlurmError(`${said} squeue --me shows whether a job is there.`);
}

/** Ends jobs, named by numbers or by options such as --name. Those that have ended do not matter. @throws SlurmError if others stay */
export async function scancel(words: readonly string[]): Promise<void> {
  const { code, stderr } = words.length > 0 ? await call('scancel', words) : { code: 0, stderr: '' };
  const other = stderr.replaceAll(/^.*(invalid job id|already complet).*$/gim, '').trim();
  if (code === 0 || (other === '' && stderr !== '')) return;
  throw new SlurmError(`${adviseOn('scancel', code, stderr)} To end these jobs: scancel ${words.join(' ')}`);
}

/**
 * The states of jobs of this name, and of their elements: from Slurm's controller, which forgets an ended job after some
 * minutes, then from the site's accounts, if it keeps them. A job that nobody knows has no state, nor has one whose
 * number is another's by now.
 * @param wanted elements: where the controller has forgotten some of an array, the accounts may know them
 * @throws SlurmError if the controller does not answer. Then nothing is known, least of all that a job has ended.
 */
export async function jobStates(jobs: readonly string[], name: string, wanted: readonly number[] = []) {
  return (await Promise.all(jobs.map((job) => statesOf(job, name, wanted)))).flat();
}

async function statesOf(job: string, name: string, wanted: readonly number[]): Promise<JobState[]> {
  const isOurs = (state: JobState) => state.name === name;
  const { code, stdout, stderr } = await call('scontrol', ['show', 'job', '-o', job]);
  const states = code === 0 ? parseScontrol(stdout) : [];
  const known = states.filter(isOurs);
  const elements = new Set(known.map(({ element }) => element));
  if (known.length > 0 && wanted.every((index) => elements.has(index))) return known;
  if (code === 0 && states.length === 0) throw new SlurmError(`scontrol says nothing about job ${job}.`);
  if (code !== 0 && !/invalid job id/i.test(stderr)) throw new SlurmError(adviseOn('scontrol', code, stderr));
  const where = clustersOf(process.env) ? ['-M', clustersOf(process.env)!] : []; // sacct reads no SLURM_CLUSTERS
  const fields = '--format=JobID,State,ExitCode,NodeList,JobName';
  const accounts = await call('sacct', ['-nPX', ...where, '-j', job, fields]);
  const past = accounts.code === 0 ? parseSacct(accounts.stdout).filter(isOurs) : [];
  return [...past.filter((state) => !isLive(state)), ...known]; // accounts may miss the end of a job for ever
}

/** The user's job of this name, ended or not, if Slurm still knows it. What it has on record as refused is none. */
export async function jobNamed(name: string): Promise<string | undefined> {
  const printed = await succeed('squeue', '-h', '--me', '-t', 'all', '-n', name, '-o', 'job=%F|%T|%r');
  return /^job=(\d+)\b(?!\|FAILED\|BadConstraints)/m.exec(printed)?.[1];
}

/** The user's jobs whose comment begins so and that have not ended. Lines of another form are skipped. */
export async function jobsWithComment(comment: string): Promise<JobState[]> {
  const printed = await succeed('squeue', '-h', '--me', '-o', '%A|%T|%N|%r|%k');
  const lines = [...printed.matchAll(/^(\d+)\|(\w+)\|([^|\n]*)\|([^|\n]*)\|(.*)$/gm)];
  return lines
    .filter((line) => line[5] === comment || line[5].startsWith(`${comment} `))
    .map(([, job, state, node, reason]) => ({ job, state, node, reason }));
}

/** How many elements an array may have here. */
export async function maxArraySize(): Promise<number> {
  const config = await succeed('scontrol', 'show', 'config');
  return Math.min(MOST_ELEMENTS, Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? 1001));
}

/** Names of the partitions here. */
export async function partitions(): Promise<string[]> {
  return (await succeed('sinfo', '-h', '-o', '%R')).split('\n').filter(Boolean);
}

/** Cores of a partition that are up, idle or not. Without a name: of the default partition. */
export async function coresOf(partition?: string): Promise<number> {
  const only = partition === undefined ? [] : ['-p', partition];
  const printed = await succeed('sinfo', '-h', '-o', '%P|%C', ...only);
  const rows = [...printed.matchAll(/^\S+?(\*?)\|(\d+)\/(\d+)\//gm)];
  const [, , allocated, idle] = rows.find(([, star]) => star) ?? rows[0] ?? [];
  const cores = Number(allocated) + Number(idle);
  if (cores > 0) return cores;
  throw new SlurmError(`sinfo: no partition ${show(partition)} is up here. See sinfo, and set 'partition'.`);
}
