// The executor whose engine is Slurm itself: tasks become files, an array job computes them, results become files. It
// needs no server of ours, and the client may go away and come back. Needs Node.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClosedError, InvalidArgumentError, checkInteger, show } from '../errors.js';
import type { Executor, RunOptions } from '../task/executor.js';
import { loadOperations } from '../task/run-task.js';
import { Run } from '../task/run.js';
import type { Task, Value } from '../task/task.js';
import { claim } from './claim.js';
import { drawAll } from './collect.js';
import { coresOf, maxArraySize } from './commands.js';
import { Follower } from './follow.js';
import { RunFolder, type RunRecord } from './run-folder.js';
import { checkSettings, type JobSettings } from './settings.js';

/** Elements for each that runs at a time: an even finish, and little to compute again if one is lost. */
const ELEMENTS_PER_WORKER = 4;
/** An element should run for so many seconds at least. */
const LEAST_SECONDS = 10;

/** What Slurm may be given. */
export interface SlurmOptions {
  /** Where runs are written, on a file system that all nodes share. The default is 'lola-runs' in the current folder. */
  readonly directory?: string;
  /** What the site asks of jobs (see settings.ts). */
  readonly settings?: JobSettings;
  /** URLs of task modules. Files must be on the same file system. */
  readonly tasks?: readonly string[];
  /** Elements that run at the same time, one core each. The default is the cores of the partition. */
  readonly workers?: number;
  /** The most elements a run is cut into. The default is four for each worker. */
  readonly elements?: number;
  /** How long a task takes, if you know it: an element is given enough of them to be worth its start. */
  readonly secondsPerTask?: number;
  /** What the run is for. You can come back to a run that has a label: a dependent job adds it up if you leave. */
  readonly label?: Value;
  /** Whether a run's folder stays when the run is done. The folder of a run that failed or was stopped always stays. */
  readonly keep?: boolean;
  /** Hears what a person should know: why a job waits, what was lost, where the folder is. */
  readonly onReport?: (text: string) => void;
}

type Complete = SlurmOptions &
  Required<Pick<SlurmOptions, 'directory' | 'settings' | 'tasks' | 'workers' | 'elements' | 'onReport'>> &
  Pick<RunRecord, 'maxArraySize'>;

/**
 * Starts an executor that runs tasks as Slurm's array jobs.
 * @throws InvalidArgumentError for invalid options; SlurmError if there is no Slurm, or it does not answer
 */
export async function startSlurm(options: SlurmOptions = {}): Promise<Executor> {
  const { tasks = [], directory = 'lola-runs', secondsPerTask = Infinity, onReport = () => {} } = options;
  const settings = checkSettings(options.settings ?? {}, 'slurm: settings');
  if (!(secondsPerTask > 0))
    throw new InvalidArgumentError(
      `slurm: secondsPerTask must be a number above 0, got ${show(secondsPerTask)}. Leave it out if you do not know.`,
    );
  await loadOperations(tasks); // a module that cannot be loaded is refused here, where its mistake was made
  const workers = options.workers ?? (await coresOf(settings.partition));
  checkInteger('slurm: workers', workers, 1, 'Take as many as may run at once.');
  const elements = options.elements ?? ELEMENTS_PER_WORKER * workers;
  checkInteger('slurm: elements', elements, 1, 'Take some for each worker.');
  const most = await maxArraySize();
  const folder = resolve(directory);
  new RunFolder(folder).attempt(() => mkdirSync(folder, { recursive: true })); // refused before there is anything to lose
  const own = { tasks, settings, onReport, directory: folder, workers, elements, maxArraySize: most };
  return new SlurmExecutor({ ...options, ...own });
}

/** What a run was for, and its values. */
export interface Resumed {
  readonly label: Value;
  readonly values: Value[];
}

/**
 * Goes on with a run whose client has gone: waits for what is on its way and submits what is missing.
 * @param directory the run's folder
 * @throws what Executor.run throws; InvalidArgumentError if the folder is no run's or another user's; SlurmError if
 *   another client follows the run
 */
export async function resumeSlurm(
  directory: string,
  options: Pick<SlurmOptions, 'onReport'> & RunOptions = {},
): Promise<Resumed> {
  const { onReport = () => {}, onEvent } = options;
  const folder = new RunFolder(resolve(directory));
  const record = folder.readRecord();
  refuseIfForeign(folder);
  const free = claim(folder);
  try {
    const run = new Run(folder.tasks([0, record.tasks]), options);
    await new Follower(folder, record, run, drawAll(run), { onReport, onEvent }).resume();
    const values = await run.result;
    folder.remove();
    return { label: record.label, values };
  } finally {
    free();
  }
}

/** A run's settings hold shell lines, and jobs run them as this user. */
function refuseIfForeign(folder: RunFolder): void {
  for (const path of [folder.path, folder.file('run.json')]) {
    const { uid } = statSync(path);
    if (uid === (process.getuid?.() ?? uid)) continue;
    throw new InvalidArgumentError(
      `run: ${path} belongs to another user (uid ${uid}), and your jobs would do what it says. Ask its owner to resume it.`,
    );
  }
}

class SlurmExecutor implements Executor {
  readonly workers: number;
  private closed = false;
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: Complete) {
    this.workers = options.workers;
  }

  async run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    const run = new Run(tasks, options);
    const computing = this.compute(run, options).catch((error: unknown) => run.fail(error));
    this.underWay.add(computing);
    await computing;
    this.underWay.delete(computing);
    return run.result;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.underWay);
  }

  /** Resolves when the run has settled, its jobs are cancelled, and its folder is as it stays. */
  private async compute(run: Run, { onEvent }: RunOptions): Promise<void> {
    const { directory, keep, onReport } = this.options;
    const folder = RunFolder.create(directory);
    const free = claim(folder);
    try {
      const drawn = await folder.writeTasks(run);
      if (!run.settled) {
        const record = folder.writeRecord(this.recordOf(drawn.length));
        await new Follower(folder, record, run, drawn, { onReport, onEvent }).follow();
      }
    } catch (error) {
      run.fail(error);
    }
    const failed = await run.result.then(
      () => false,
      () => true,
    );
    const wasSubmitted = existsSync(folder.file('run.json'));
    if (!wasSubmitted || (!failed && !keep)) folder.remove();
    else if (failed) onReport(`results and logs are in ${folder.path}; lola slurm resume goes on from there`);
    free();
  }

  private recordOf(tasks: number): Omit<RunRecord, 'format'> {
    const {
      workers,
      elements,
      secondsPerTask = Infinity,
      maxArraySize,
      settings,
      label = null,
    } = this.options;
    const leastTasks = Math.ceil(LEAST_SECONDS / secondsPerTask);
    // One array holds the whole run, so that all of it is on its way when the client goes.
    const tasksPerElement = Math.max(1, leastTasks, Math.ceil(tasks / Math.min(elements, maxArraySize)));
    return { tasks, workers, tasksPerElement, maxArraySize, modules: this.options.tasks, settings, label };
  }
}
