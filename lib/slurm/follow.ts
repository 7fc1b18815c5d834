// Follows one run: reads results as they appear, asks Slurm how its jobs are, and submits again what was lost. All it knows
// is in the run's folder and in Slurm, so another process may go on where this one ended.
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CancelledError, TaskError, WorkerLostError, fromErrorRecord } from '../errors.js';
import { clock, type RunOptions } from '../task/executor.js';
import type { Task, Value } from '../task/task.js';
import {
  SlurmError,
  isAway,
  isLive,
  jobDetails,
  jobStates,
  jobsNamed,
  sbatch,
  scancel,
  type JobState,
} from './commands.js';
import { adviseOnReason, adviseOnStart, describeEnd, mayTryAgain } from './ending.js';
import { nodeWords, render, type JobSettings } from './render.js';
import {
  AliveFile,
  EXIT_UNWRITTEN,
  TaskReader,
  type Outcome,
  type Range,
  type RunDirectory,
} from './run-directory.js';

/** A task that ran when so many elements were lost is not tried again. */
const TRIES = 3;
/** Results are looked for so often at first, and less often while none come (ms). */
const LOOK_MS = { first: 50, most: 1000 };
/** Slurm is asked so often: its controller serves the whole site (ms). */
const ASK_MS = { first: 1000, most: 15_000 };
/** Results may show up on this host later than Slurm's word that the element has ended: file systems remember folders (ms). */
const GRACE_MS = { done: 10_000, lost: 1000 };
/** A controller that is away is waited for so long when something is to be submitted (ms). */
const AWAY_MS = 600_000;
const [WAITING, STARTED, DONE] = [0, 1, 2];

/** How a run is to be cut and submitted. */
export interface Plan {
  /** Elements that run at the same time. */
  readonly workers: number;
  readonly tasksPerElement: number;
  readonly maxArraySize: number;
  readonly onReport: (text: string) => void;
}

/** An element that has been submitted and whose tasks are not all done. */
interface Share {
  readonly name: string;
  readonly job: string;
  readonly element: number;
  readonly range: Range;
  ended?: JobState & { readonly at: number };
}

export class Following {
  private readonly values: Value[] = [];
  private readonly marks: Uint8Array;
  private open: number;
  private readonly queue: Range[] = [];
  private shares: Share[] = [];
  private readonly jobs: string[] = [];
  private submissions = 0;
  private readonly heard = new Set<string>();
  private readonly places = new Map<string, string>(); // element -> the worker's name in events
  private readonly lost = new Map<number, string[]>(); // task -> how the elements ended that ran it
  private readonly reported = new Set<string>();
  private readonly tasks: TaskReader;
  private over = false;
  private busy: Promise<void> | undefined; // a talk with Slurm under way: at most one

  constructor(
    private readonly run: RunDirectory,
    private readonly settings: JobSettings,
    private readonly plan: Plan,
    private readonly options: RunOptions,
    private readonly total: number,
  ) {
    this.marks = new Uint8Array(total);
    this.open = total;
    this.tasks = new TaskReader(run);
    if (total > 0) this.queue.push([0, total]);
  }

  /** Takes up what an earlier process began: the results that are there, and the elements that are still on their way. */
  async takeUp(): Promise<void> {
    for (const [number, { ranges, job = await this.jobOf(number) }] of this.run.submissions().entries()) {
      this.submissions = number + 1;
      if (job !== undefined) this.adopt(number, job, ranges);
    }
    this.collect();
    this.queue.length = 0;
    const covered = new Uint8Array(this.total);
    for (const { range } of this.shares) covered.fill(1, ...range);
    this.queue.push(
      ...this.missing([0, this.total]).flatMap((range) => runsOf(range, (task) => covered[task] === 0)),
    );
  }

  /** To the end: gives all values, or throws; jobs are not left behind. */
  async finish(): Promise<Value[]> {
    let failure: Error | undefined;
    const stop = new AbortController();
    const { signal } = this.options;
    const onAbort = () => stop.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    let askAt = 0;
    const began = clock();
    let lookMs = LOOK_MS.first;
    try {
      for (;;) {
        if (signal?.aborted) throw new CancelledError();
        const before = this.open;
        this.collect();
        if (this.open === 0) break;
        if (failure !== undefined) throw failure;
        if (!this.busy && (clock() >= askAt || this.maySubmit())) {
          askAt = clock() + Math.min(ASK_MS.most, Math.max(ASK_MS.first, (clock() - began) / 10));
          this.busy = this.talk()

            .catch((error: unknown) => void (failure = error as Error))
            .finally(() => (this.busy = undefined));
        }
        lookMs = this.open < before ? LOOK_MS.first : Math.min(LOOK_MS.most, 1.2 * lookMs);
        await delay(lookMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
      return this.values;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await this.end();
    }
  }

  /** Nothing is left behind: what Slurm still has of this run is taken back. */
  private async end(): Promise<void> {
    this.over = true;
    this.tasks.close();
    for (const worker of new Set(this.places.values()))
      this.tell({ type: 'left', worker, reason: 'the run is over', time: clock() });
    if (this.open === 0) return;
    const taken = Promise.resolve(this.busy).then(() => scancel(this.jobs));
    await Promise.race([taken, delay(800)]); // a controller that is away is not waited for; the jobs are cancelled when it is back
  }

  private maySubmit(): boolean {
    return this.queue.length > 0 && this.shares.length < this.plan.workers;
  }

  /** One round with Slurm: submit what waits, ask how the elements are, see to those that have ended. */
  private async talk(): Promise<void> {
    if (this.maySubmit()) return this.submit();
    let states: JobState[];
    try {
      states = await jobStates([...new Set(this.shares.map(({ job }) => job))]);
      this.reported.delete('away');
    } catch (error) {
      return this.report('away', (error as Error).message); // nothing is known now, so nothing is concluded
    }
    const known = new Map(states.map((state) => [`${state.job}_${state.element}`, state]));
    for (const share of this.shares) {
      const state = known.get(`${share.job}_${share.element}`);
      if (state && isLive(state)) share.ended = undefined;
      else share.ended ??= { ...(state ?? UNKNOWN), at: clock() };
      if (state?.state === 'PENDING' && this.worthTelling(state))
        this.report(state.reason, `job ${share.job} waits: ${state.reason}. ${adviseOnReason(state.reason)}`);
    }
    for (const share of [...this.shares]) {
      if (this.over) return;
      if (
        share.ended &&
        clock() - share.ended.at > (share.ended.state === 'COMPLETED' ? GRACE_MS.done : GRACE_MS.lost)
      )
        await this.lose(share);
    }
  }

  private worthTelling({ reason }: JobState): boolean {
    return reason !== 'None' && reason !== 'JobArrayTaskLimit';
  }

  /** Submits as many elements as one array may have. The file comes first: if this process ends here, the job's name is enough. */
  private async submit(): Promise<void> {
    const ranges: Range[] = [];
    const { tasksPerElement, maxArraySize, workers } = this.plan;
    while (this.queue.length > 0 && ranges.length < maxArraySize) {
      const [first, end] = this.queue[0];
      const cut = Math.min(end, first + tasksPerElement);
      ranges.push([first, cut]);
      if (cut < end) this.queue[0] = [cut, end];
      else this.queue.shift();
    }
    const number = this.submissions++;
    this.run.writeSubmission(number, { ranges });
    const script = this.run.file(`array-${number}.sh`);
    const settings = { ...this.settings, name: this.jobName(number), logDir: this.run.file('logs') };
    const values = {
      node: nodeWords(this.settings),
      element: [fileURLToPath(new URL('./element.js', import.meta.url))],
      run: [this.run.path, String(number)],
    };
    writeFileSync(
      script,
      render('array', settings, values, [
        `--array=0-${ranges.length - 1}%${Math.min(workers, ranges.length)}`,
      ]),
    );
    const job = await this.patient(() => sbatch(script));
    this.run.writeSubmission(number, { ranges, job });
    this.adopt(number, job, ranges);
  }

  private adopt(number: number, job: string, ranges: readonly Range[]): void {
    this.jobs.push(job);
    for (const [element, range] of ranges.entries())
      this.shares.push({ name: `${number}-${element}`, job, element, range });
  }

  private jobName(number: number): string {
    return `${this.settings.name ?? 'lola'}-${basename(this.run.path)}-${number}`;
  }

  /** The job of a submission whose process ended before it could write the number down. */
  private async jobOf(number: number): Promise<string | undefined> {
    return (await jobsNamed(this.jobName(number)))[0];
  }

  private async patient<T>(action: () => Promise<T>): Promise<T> {
    const until = clock() + AWAY_MS;
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (this.over || !isAway(error) || clock() > until) throw error;
        this.report('away', (error as Error).message);
        await delay(ASK_MS.first);
      }
    }
  }

  /** Reads what has appeared in the folder since the last look. */
  private collect(): void {
    for (const name of AliveFile.names(this.run)) {
      if (this.heard.has(name)) continue;
      const alive = AliveFile.read(this.run, name);
      this.heard.add(name);
      if (alive) this.begin(alive.task, this.placeOf(name, alive.host), alive.time);
    }
    for (const name of this.run.segments()) {
      if (this.heard.has(name)) continue;
      this.heard.add(name);
      const { first, host, outcomes } = this.run.readSegment(name);
      const element = name.split('-').slice(0, 2).join('-');
      for (const [i, outcome] of outcomes.entries()) {
        if (this.options.signal?.aborted) throw new CancelledError();
        this.take(first + i, outcome, this.placeOf(element, host));
      }
    }
    this.shares = this.shares.filter(({ name, range }) => {
      const open = this.missing(range).length > 0;
      if (!open) this.places.delete(name);
      return open;
    });
  }

  private begin(task: number, worker: string, time: number): void {
    if (this.marks[task] !== WAITING) return;
    this.marks[task] = STARTED;
    if (this.options.onEvent)
      this.tell({ type: 'started', task: this.tasks.read(task).key, worker, thread: 0, time });
  }

  private take(index: number, { start, end, value, error }: Outcome, worker: string): void {
    if (this.marks[index] === DONE) return; // a requeued element may compute a task twice: it is the same value
    this.begin(index, worker, start);
    const { onResult, onEvent } = this.options;
    const task: Task | undefined = onResult || onEvent || error ? this.tasks.read(index) : undefined;
    if (error) {
      this.tell({
        type: 'failed',
        task: task!.key,
        worker,
        thread: 0,
        message: error.message,
        retried: false,
        time: clock(),
      });
      throw new TaskError(task!.key, fromErrorRecord(error));
    }
    this.marks[index] = DONE;
    this.open--;
    this.values[index] = value as Value;
    if (onEvent)
      this.tell({ type: 'finished', task: task!.key, worker, thread: 0, start, end, time: clock() });
    onResult?.(value as Value, task!, index);
  }

  /** An element's name in events: its host, and the lowest number that no other element there has now. */
  private placeOf(element: string, host: string): string {
    const known = this.places.get(element);
    if (known?.startsWith(`${host}:`)) return known;
    const taken = new Set(this.places.values());
    let slot = 0;
    while (taken.has(`${host}:${slot}`)) slot++;
    const place = `${host}:${slot}`;
    this.places.set(element, place);
    if (!this.heard.has(place)) this.tell({ type: 'joined', worker: place, threads: 1, time: clock() });
    this.heard.add(place);
    return place;
  }

  /** An element has ended without all its results: blames the task that ran, and submits again what is missing. */
  private async lose(share: Share): Promise<void> {
    const { name, job, element, range } = share;
    const ended = (await jobDetails(job, element)) ?? share.ended!;
    this.collect(); // what it managed to write counts
    if (this.over || !this.shares.includes(share)) return;
    const missing = this.missing(range);
    const alive = AliveFile.read(this.run, name);
    const culprit = alive && this.marks[alive.task] !== DONE ? alive.task : missing[0][0];
    const how = describeEnd(ended, this.run.file('logs', `${job}_${element}.log`));
    if (ended.exitCode === `${EXIT_UNWRITTEN}:0`)
      throw new SlurmError(`results could not be written. ${how}`);
    const tries = [...(this.lost.get(culprit) ?? []), how];
    const again = mayTryAgain(ended, culprit > range[0]) && tries.length < TRIES;
    if (!again && !alive)
      throw new SlurmError(
        `job ${job}, element ${element}, ended before its first task: ${how}. ${adviseOnStart(ended)}`,
      );
    this.lost.set(culprit, tries);
    this.marks[culprit] = WAITING;
    const { key } = this.tasks.read(culprit);
    const worker = this.places.get(name) ?? (ended.node || 'no node');
    this.tell({ type: 'failed', task: key, worker, thread: 0, message: how, retried: again, time: clock() });
    if (!again) throw new WorkerLostError(key, tries.length, tries);
    this.plan.onReport(`job ${job}, element ${element}: ${how}; submitting again what is missing`);
    this.places.delete(name);
    this.shares = this.shares.filter((other) => other !== share);
    this.queue.push(...missing);
  }

  /** The tasks of a share that have no result. */
  private missing(range: Range): Range[] {
    return runsOf(range, (task) => this.marks[task] !== DONE);
  }

  private report(kind: string, text: string): void {
    if (!this.over && !this.reported.has(kind)) this.plan.onReport(text);
    this.reported.add(kind);
  }

  private tell(event: Parameters<NonNullable<RunOptions['onEvent']>>[0]): void {
    this.options.onEvent?.(event);
  }
}

const UNKNOWN: JobState = {
  job: '',
  state: 'gone from Slurm (as when cancelled while it waited)',
  reason: '',
  node: '',
};

/** The stretches of a range in which all tasks are wanted. */
function runsOf([first, end]: Range, wanted: (task: number) => boolean): Range[] {
  const runs: Range[] = [];
  for (let task = first; task < end; task++) {
    if (!wanted(task)) continue;
    const from = task;
    while (task < end && wanted(task)) task++;
    runs.push([from, task]);
  }
  return runs;
}
