// The executor whose engine is Slurm itself: tasks become files, an array job computes them, results become files. No
// server of ours is needed, and the client may go away and come back.
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { CancelledError, ClosedError, InvalidArgumentError, checkInteger } from '../errors.js';
import { clock, tellingEnds, type Executor, type ExecutorEvent, type RunOptions } from '../task/executor.js';
import { loadOperations } from '../task/run-task.js';
import type { Task, Value } from '../task/task.js';
import { claim } from './claim.js';
import { coresOf, maxArraySize } from './commands.js';
import { Following, type Plan } from './follow.js';
import { checkSettings, type JobSettings } from './render.js';
import { RunDirectory, type RunRecord } from './run-directory.js';
import { writeTasks } from './task-file.js';

/** So many elements for each that runs at a time: an even finish, and little to do again where one is lost. */
const ELEMENTS_PER_WORKER = 4;
/** An element should run for so many seconds at least. */
const LEAST_SECONDS = 10;

/** What Slurm may be given. */
export interface SlurmOptions {
  /** Where runs are written, on a file system that all nodes share; 'lola-runs' in the current folder where none is given. */
  readonly directory?: string;
  /** What the site asks of jobs (see render.ts). */
  readonly settings?: JobSettings;
  /** File URLs of task modules, on the same file system. */
  readonly tasks?: readonly string[];
  /** Elements that run at the same time, one core each; absent means the cores of the partition. */
  readonly workers?: number;
  /** The most elements a run is cut into; four for each worker where none is given. */
  readonly elements?: number;
  /** How long a task takes, where that is known: an element is given enough of them to be worth its start. */
  readonly secondsPerTask?: number;
  /** What the run is for. A run that has one is for coming back to: a dependent job adds it up, whoever is there then. */
  readonly label?: Value;
  /** Whether a run's folder stays when it is done; those of failed and stopped runs stay in any case. */
  readonly keep?: boolean;
  /** Hears what a person should know: why a job waits, what was lost, where the folder is. */
  readonly onReport?: (text: string) => void;
}

/**
 * Starts an executor that runs tasks as Slurm's array jobs.
 * @throws InvalidArgumentError for options that cannot be meant; SlurmError where there is no Slurm, or it does not answer
 */
export async function startSlurm(options: SlurmOptions = {}): Promise<Executor> {
  const { tasks = [], settings = {}, directory = 'lola-runs', onReport = () => {} } = options;
  checkSettings(settings, 'slurm: settings');
  if (options.secondsPerTask !== undefined && !(options.secondsPerTask > 0))
    throw new InvalidArgumentError(
      `slurm: secondsPerTask must be a number above 0, got ${options.secondsPerTask}. Leave it out if you do not know.`,
    );
  await loadOperations(tasks); // a module that cannot be loaded is refused here, where its mistake was made
  const workers = options.workers ?? (await coresOf(settings.partition));
  checkInteger('slurm: workers', workers, 1, 'Take as many as may run at once.');
  const elements = options.elements ?? ELEMENTS_PER_WORKER * workers;
  checkInteger('slurm: elements', elements, 1, 'Take some for each worker.');
  const most = await maxArraySize();
  const folder = resolve(directory);
  new RunDirectory(folder).attempt(() => mkdirSync(folder, { recursive: true })); // refused before there is anything to lose
  const own = { tasks, settings, onReport, directory: folder, workers, elements, maxArraySize: most };
  return new SlurmExecutor({ ...options, ...own });
}

/** A run's folder and what it was for. */
export interface Resumed {
  readonly label: Value;
  readonly values: Value[];
}

/**
 * Goes on with a run whose client has gone: waits for what is on its way and submits what is missing.
 * @throws as SlurmExecutor.run does; InvalidArgumentError where the folder is no run's; SlurmError where a client is there
 */
export async function resumeSlurm(
  directory: string,
  options: Pick<SlurmOptions, 'onReport'> & RunOptions = {},
): Promise<Resumed> {
  const run = new RunDirectory(resolve(directory));
  const record = run.readRecord();
  const free = claim(run);
  try {
    const workers = await coresOf(record.settings.partition);
    const plan: Plan = {
      workers,
      tasksPerElement: Math.max(1, Math.ceil(record.tasks / (ELEMENTS_PER_WORKER * workers))),
      maxArraySize: await maxArraySize(),
      onReport: options.onReport ?? (() => {}),
    };
    const values = await leavingLast(options, (told) => new Following(run, record, plan, told).resume());
    run.remove();
    return { label: record.label, values };
  } finally {
    free();
  }
}

type Complete = SlurmOptions &
  Required<Pick<SlurmOptions, 'directory' | 'settings' | 'tasks' | 'workers' | 'elements' | 'onReport'>>;

class SlurmExecutor implements Executor {
  readonly workers: number;
  private closed = false;
  private readonly underWay = new Set<Promise<Value[]>>();

  constructor(private readonly options: Complete & Pick<Plan, 'maxArraySize'>) {
    this.workers = options.workers;
  }

  async run(tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> {
    if (this.closed) throw new ClosedError();
    const run = leavingLast(options, (told) => this.runAll(tasks, told));
    this.underWay.add(run);
    return run.finally(() => this.underWay.delete(run));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.underWay);
  }

  private async runAll(tasks: Iterable<Task>, options: RunOptions): Promise<Value[]> {
    const { directory, keep = false, onReport } = this.options;
    const run = RunDirectory.create(directory);
    const free = claim(run);
    try {
      const record = await this.write(run, tasks, options);
      const values = await new Following(run, record, this.planFor(record.tasks), options).finish();
      if (!keep) run.remove();
      return values;
    } catch (error) {
      if (existsSync(run.path))
        onReport(`results and logs are in ${run.path}; lola slurm resume goes on from there`);
      throw error;
    } finally {
      free();
    }
  }

  /** Writes what the run is, so that elements can begin and another client can go on. */
  private async write(
    run: RunDirectory,
    tasks: Iterable<Task>,
    { signal, onEvent }: RunOptions,
  ): Promise<RunRecord> {
    const { settings, tasks: modules, label = null } = this.options;
    try {
      const onTask = ({ key }: Task) => onEvent?.({ type: 'queued', task: key, time: clock() });
      const total = await writeTasks(run, tasks, onTask, async () => {
        await breathe();
        if (signal?.aborted) throw new CancelledError();
      });
      if (signal?.aborted) throw new CancelledError();
      return run.writeRecord({ tasks: total, modules, settings, label });
    } catch (error) {
      run.remove(); // nothing was submitted
      throw error;
    }
  }

  private planFor(total: number): Plan {
    const { workers, elements, secondsPerTask = Infinity, maxArraySize: most, onReport } = this.options;
    const leastTasks = Math.ceil(LEAST_SECONDS / secondsPerTask);
    // One array holds the whole run, so that all of it is on its way when the client goes.
    const tasksPerElement = Math.max(1, leastTasks, Math.ceil(total / Math.min(elements, most)));
    return { workers, tasksPerElement, maxArraySize: most, onReport };
  }
}

/** As tellingEnds; workers leave after the drops, for a task that runs where a worker leaves is one to be tried again. */
async function leavingLast(
  options: RunOptions,
  run: (options: RunOptions) => Promise<Value[]>,
): Promise<Value[]> {
  const { onEvent } = options;
  if (!onEvent) return run(options);
  const leaving: ExecutorEvent[] = [];
  const hear = (event: ExecutorEvent) => {
    if (event.type === 'left') leaving.push(event);
    else onEvent(event);
  };
  try {
    return await tellingEnds({ ...options, onEvent: hear }, run);
  } finally {
    for (const event of leaving) onEvent({ ...event, time: clock() });
  }
}
