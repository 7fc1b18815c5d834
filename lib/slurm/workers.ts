// Workers of the cluster as Slurm's jobs: one script, submitted once for each worker. Needs Node.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lolaProgram } from '../lola.js';
import { describeEnd } from './advice.js';
import { jobStates, jobsWithComment, sbatch, scancel } from './commands.js';
import { isLive, type JobState } from './job-state.js';
import { render } from './render.js';
import { nodeWords, type JobSettings } from './settings.js';

/** Slurm keeps this with each job of ours, so that `down` ends no other. */
const COMMENT = 'lola slurm up';

/** The script of a worker. `schedulerFile`: where the scheduler wrote its addresses, seen by all nodes. */
export function workerScript(
  settings: JobSettings,
  schedulerFile: string,
  directives: readonly string[] = [],
): string {
  const values = {
    lola: [...nodeWords(settings), lolaProgram()],
    join: ['--scheduler-file', resolve(schedulerFile)],
  };
  return render('worker', settings, values, directives);
}

/** The same as `up` submits it: with logs in one folder, and marked as ours. */
export function upScript(settings: JobSettings, schedulerFile: string): string {
  return workerScript({ ...settings, logDir: logDirOf(settings) }, schedulerFile, [`--comment=${COMMENT}`]);
}

/**
 * Submits workers and gives their jobs' numbers.
 * @throws SlurmError if Slurm refuses; the jobs that it took before are cancelled
 */
export async function submitWorkers(
  count: number,
  settings: JobSettings,
  schedulerFile: string,
): Promise<string[]> {
  const logDir = logDirOf(settings);
  mkdirSync(logDir, { recursive: true }); // without it a job fails and leaves no log that would say why
  const script = join(logDir, 'worker.sh');
  writeFileSync(script, upScript(settings, schedulerFile));
  const jobs: string[] = [];
  try {
    while (jobs.length < count) jobs.push(await sbatch(script));
  } catch (error) {
    await scancel(jobs);
    throw error;
  }
  return jobs;
}

/** The workers that `up` submitted and that have not ended. */
export function submittedWorkers(): Promise<JobState[]> {
  return jobsWithComment(COMMENT);
}

/** Ends them. Workers get Slurm's TERM and hand back what they have not begun. */
export async function cancelWorkers(): Promise<string[]> {
  const jobs = (await submittedWorkers()).map(({ job }) => job);
  await scancel(jobs);
  return jobs;
}

/** How workers are now. One that has ended comes with the last lines of its log. */
export async function watchWorkers(
  jobs: readonly string[],
  settings: JobSettings,
): Promise<(JobState & { readonly ending?: string })[]> {
  const live = (await submittedWorkers()).filter(({ job }) => jobs.includes(job));
  const others = await jobStates(jobs.filter((job) => !live.some((state) => state.job === job)));
  return [...live, ...others].map((state) => {
    if (isLive(state)) return state;
    const log = `${settings.name ?? 'lola-worker'}-${state.job}.log`;
    return { ...state, ending: describeEnd(state, join(logDirOf(settings), log)) };
  });
}

function logDirOf({ logDir = 'lola-logs' }: JobSettings): string {
  return resolve(logDir);
}
