// The executor whose engine is Slurm itself: tasks become files, an array job computes them, results become files. It
// needs no server of ours, and the client may go away and come back. Needs Node.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClosedError, InvalidArgumentError, checkInteger } from '../errors.js';
import type { Executor, RunOptions } from '../task/executor.js';
import { loadOperations } from '../task/run-task.js';
import { Run } from '../task/run.js';
import type { Task, Value } from '../task/task.js';
import { claim } from './claim.js';
import { Collector, drawAll } from './collect.js';
import { clustersOf, coresOf, maxArraySize } from './commands.js';
import { Follower } from './follow.js';
import { FORMAT, RunFolder, type RunRecord } from './run-folder.js';
import { checkSettings, type JobSettings } from './settings.js';

/** Elements for each that runs at a time: an even finish, and little to compute again if one is lost. */
const ELEMENTS_PER_WORKER = 4;

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
  /** The most elements that a run is split into. The default is four for each worker. */
  readonly elements?: number;
  /** The fewest tasks of an element, so that it is worth its start. The default is 1. */
  readonly tasksPerElement?: number;
  /** What the run is for. You can come back to a run that has a label: a dependent job adds it up if you leave. */
  readonly label?: Value;
  /** Receives what a person should know: why a job waits, what was lost, where the folder is. */
  readonly onReport?: (text: string) => void;
}

/**
 * Starts an executor that runs tasks as Slurm's array jobs.
 * @throws InvalidArgumentError for invalid options; SlurmError if there is no Slurm, or it does not answer
 */
export async function startSlurm(options: SlurmOptions = {}): Promise<Executor> {
  const { tasks: modules = [], label = null, tasksPerElement = 1, onReport = () => {} } = options;
  const settings = checkSettings(options.settings ?? {}, 'slurm: settings');
  await loadOperations(modules); // a module that cannot be loaded is refused here, where its mistake was made
  const workers = options.workers ?? (await coresOf(settings.partition));
  checkInteger('slurm: workers', workers, 1, 'Take as many as may run at once.');
  const elements = options.elements ?? ELEMENTS_PER_WORKER * workers;
  checkInteger('slurm: elements', elements, 1, 'Take some for each worker.');
  checkInteger('slurm: tasksPerElement', tasksPerElement, 1, 'Take enough for some seconds.');
  // One array holds the whole run, so that all of it is on its way when the client goes.
  const most = Math.min(elements, await maxArraySize());
  const directory = resolve(options.directory ?? 'lola-runs');
  new RunFolder(directory).attempt(() => mkdirSync(directory, { recursive: true })); // before there is anything to lose
  return new SlurmExecutor(workers, directory, onReport, (tasks) => {
    const length = Math.max(tasksPerElement, Math.ceil(tasks / most));
    const clusters = clustersOf(process.env);
    return { format: FORMAT, tasks, workers, tasksPerElement: length, modules, settings, label, clusters };
  });
}

/** What a run was for, and its values. */
export interface Resumed {
  readonly label: Value;
  readonly values: Value[];
}

/**
 * Continues a run whose client has gone: waits for what is on its way and submits what is missing.
 * @param directory the run's folder
 * @param options `settings` replace those of the run, except its name, for all that Slurm has not started
 * @throws what Executor.run throws; InvalidArgumentError if the folder is no run's or another user's, or its jobs are on
 *   another of the site's clusters; SlurmError if another client follows the run
 */
export async function resumeSlurm(
  directory: string,
  options: Pick<SlurmOptions, 'onReport' | 'settings'> & RunOptions = {},
): Promise<Resumed> {
  const { onReport = () => {}, onEvent } = options;
  const folder = new RunFolder(resolve(directory));
  const found = folder.readRecord();
  const { name } = found.settings; // its jobs are known by it
  const given = { ...found.settings, ...options.settings, name };
  const record = { ...found, settings: checkSettings(given, 'resume: settings') };
  refuseIfForeign(folder);
  refuseElsewhere(record);
  const free = claim(folder);
  try {
    if (options.settings) folder.writeRecord(record);
    const run = new Run(folder.tasks([0, record.tasks]), options);
    const collector = new Collector(folder, run, drawAll(run), onEvent);
    await new Follower(folder, record, run, collector, onReport).resume(options.settings !== undefined);
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
    const why = `run: ${path} belongs to another user (uid ${uid}), and your jobs would do what it says`;
    throw new InvalidArgumentError(`${why}. Ask its owner to resume it.`);
  }
}

/** Another of the site's clusters does not know the run's jobs: all of it would be submitted a second time. */
function refuseElsewhere({ clusters }: RunRecord): void {
  if (clusters === clustersOf(process.env)) return;
  const remedy = clusters ? `export SLURM_CLUSTERS='${clusters}'` : 'unset SLURM_CLUSTERS SBATCH_CLUSTERS';
  const why = "run: its jobs may be on another of this site's clusters than the one you chose now";
  throw new InvalidArgumentError(`${why}. Run: ${remedy}`);
}

class SlurmExecutor implements Executor {
  private closed = false;
  private readonly underWay = new Set<Promise<void>>();

  /** @param recordOf what a run of so many tasks is */
  constructor(
    readonly workers: number,
    private readonly directory: string,
    private readonly onReport: (text: string) => void,
    private readonly recordOf: (tasks: number) => RunRecord,
  ) {}

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
    const folder = RunFolder.create(this.directory);
    const free = claim(folder);
    let stays = false;
    try {
      const drawn = await folder.writeTasks(run);
      if (!run.settled) {
        const record = this.recordOf(drawn.length);
        folder.writeRecord(record);
        const collector = new Collector(folder, run, drawn, onEvent);
        await new Follower(folder, record, run, collector, this.onReport).follow();
      }
      await run.result;
    } catch (error) {
      run.fail(error); // without effect if it was the run's own failure
      stays = existsSync(folder.path) && folder.submissions() > 0; // what Slurm has refused leaves nothing to resume
      const text = `results and logs are in ${folder.path}; lola slurm resume continues from there`;
      if (stays) this.onReport(text);
    }
    if (!stays) folder.remove();
    free();
  }
}
