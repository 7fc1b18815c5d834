// Workers of the cluster as Slurm's jobs: one script, submitted once for each worker. Needs Node.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lolaProgram } from '../lola.js';
import { describeEnd } from './advice.js';
import { SlurmError, isAway, isRefusal, jobStates, jobsWithComment, sbatch, scancel } from './commands.js';
import { GONE, isLive, type JobState } from './job-state.js';
import { render } from './render.js';
import { nodeWords, type JobSettings } from './settings.js';

/** Slurm keeps this with each job of ours, so that `down` ends no other. A mark of each `up` follows. */
export const COMMENT = 'lola slurm up';
const MAY_STAY =
  'Slurm may have taken a job all the same: lola slurm status shows it, lola slurm down ends it.';

/**
 * The script of a worker.
 * @param file where the scheduler wrote its addresses, seen by all nodes
 * @param forUp as `up` submits it, with its log in one folder with others: the comment that marks it as ours
 */
export function workerScript(settings: JobSettings, file: string, forUp?: string): string {
  const values = { lola: [...nodeWords(settings), lolaProgram()], join: ['--scheduler-file', resolve(file)] };
  const { time = '', skip = [], extra = [] } = settings;
  // Slurm would send TERM two to three minutes before the time is up: to a shorter job as it starts.
  const fitting = { ...settings, skip: SHORT.test(time) ? [...skip, 'signal'] : skip };
  if (forUp === undefined) return render('worker', fitting, values);
  const theirs = extra.flatMap((option) => /^--comment=(.*)$/.exec(option)?.[1] ?? []); // a site may demand one
  const comment = `--comment=${[forUp, ...theirs].join(' ')}`;
  return render('worker', { ...fitting, logDir: logDirOf(settings), extra: [...extra, comment] }, values);
}

/** Times below five minutes. */
const SHORT = /^([0-4]|(0-)?0?0:0[0-4]:\d\d)$/;

/**
 * Submits workers and gives their jobs' numbers; none if the signal comes first. All are submitted, or none stays.
 * @throws SlurmError if Slurm refuses, or if jobs stay that it does not cancel
 */
export async function submitWorkers(
  count: number,
  settings: JobSettings,
  file: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const logDir = logDirOf(settings);
  mkdirSync(logDir, { recursive: true }); // without it a job fails and leaves no log that would say why
  const mark = randomBytes(4).toString('hex');
  const script = join(logDir, `worker-${mark}.sh`); // its own, if two run at once
  const comment = `${COMMENT} ${mark}`;
  writeFileSync(script, workerScript(settings, file, comment));
  const jobs: string[] = [];
  try {
    while (jobs.length < count) {
      signal?.throwIfAborted();
      jobs.push(await sbatch(script, nameOf(settings)));
    }
  } catch (error) {
    // Slurm may have accepted a job without our seeing its number.
    const unheard = await jobsWithComment(comment).catch(() => undefined);
    const all = [...new Set([...jobs, ...(unheard ?? []).map(({ job }) => job)])];
    const stay = await scancel(all).catch(({ message }: Error) => message);
    const why = signal?.aborted ? 'stopped.' : (error as Error).message; // a key reaches sbatch, too: it may have died of it
    const isUnsure = !isRefusal(error) && (!unheard || (isAway(error) && !signal?.aborted));
    const mayStay = isUnsure ? MAY_STAY : ''; // Slurm may even take it later
    if (stay !== undefined || mayStay) throw new SlurmError([why, stay, mayStay].filter(Boolean).join(' '));
    if (!signal?.aborted) throw error;
    return [];
  }
  return jobs;
}

/** The workers that `up` submitted and that have not ended. scancel ends them in order: Slurm sends TERM first. */
export function submittedWorkers(): Promise<JobState[]> {
  return jobsWithComment(COMMENT);
}

/** A worker, and how it ended if it has. */
export type WorkerState = JobState & { readonly ending?: string };

/** How workers are now. One that has ended comes with the last lines of its log. */
export async function watchWorkers(jobs: readonly string[], settings: JobSettings): Promise<WorkerState[]> {
  const live = (await submittedWorkers()).filter(({ job }) => jobs.includes(job));
  const others = jobs.filter((job) => !live.some((state) => state.job === job));
  const known = [...live, ...(await jobStates(others, nameOf(settings)))];
  return jobs.map((job) => {
    const state = known.find((state) => state.job === job) ?? { ...GONE, job };
    if (isLive(state)) return state;
    const log = `${nameOf(settings)}-${job}.log`;
    return { ...state, ending: describeEnd(state, join(logDirOf(settings), log)) };
  });
}

const nameOf = ({ name = 'lola-worker' }: JobSettings) => name;

function logDirOf({ logDir = 'lola-logs' }: JobSettings): string {
  return resolve(logDir);
}
