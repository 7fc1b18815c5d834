// Follows one run: asks Slurm how its elements are, and submits again what was lost. All it knows is in the run's folder
// and in Slurm, so another process may go on where this one ended.
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, TaskError, WorkerLostError } from '../errors.js';
import { clock, type RunOptions } from '../task/executor.js';
import type { Value } from '../task/task.js';
import { SlurmError, jobDetails, jobStates, scancel } from './commands.js';
import { isLive, type JobState } from './job-state.js';
import { adviseOnReason, adviseOnStart, describeEnd, mayTryAgain } from './ending.js';
import { EXIT_UNWRITTEN, type Range, type RunDirectory, type RunRecord } from './run-directory.js';
import { Submitter } from './submit.js';
import { Tally } from './tally.js';

/** A task that ran when so many elements were lost is not tried again. */
const TRIES = 3;
/** Results are looked for so often at first, and less often while none come (ms). */
const LOOK_MS = { first: 50, most: 1000 };
/** Slurm is asked so often: its controller serves the whole site (ms). */
const ASK_MS = { first: 1000, most: 15_000 };
/** Results may show up on this host later than Slurm's word that the element has ended: file systems remember folders (ms). */
const GRACE_MS = { done: 10_000, lost: 1000 };
/** A controller that is away is waited for so long when the run is over and jobs are to be taken back (ms). */
const CANCEL_MS = 800;

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
  private readonly tally: Tally;
  private readonly submitter: Submitter;
  private readonly queue: Range[] = [];
  private shares: Share[] = [];
  private readonly jobs: string[] = [];
  private submissions = 0;
  private readonly lost = new Map<number, string[]>(); // task -> how the elements ended that ran it
  private readonly reported = new Set<string>();
  private over = false;
  private busy: Promise<void> | undefined; // a talk with Slurm under way: at most one

  constructor(
    private readonly run: RunDirectory,
    private readonly record: RunRecord,
    private readonly plan: Plan,
    private readonly options: RunOptions,
  ) {
    this.tally = new Tally(run, record.tasks, options);
    this.submitter = new Submitter(run, record, (kind, text) => this.report(kind, text));
    if (record.tasks > 0) this.queue.push([0, record.tasks]);
  }

  /** As finish, for a run that an earlier process began; where it cannot be read or asked for, its jobs go on. */
  async resume(): Promise<Value[]> {
    try {
      this.tally.tellQueued();
      await this.takeUp();
    } catch (error) {
      if (error instanceof TaskError || error instanceof CancelledError) await this.end();
      else this.tally.close();
      throw error;
    }
    return this.finish();
  }

  /** Takes up the results that are there, and the elements that are still on their way. */
  private async takeUp(): Promise<void> {
    const submissions = this.run.submissions();
    // The last one's process may have ended before it could write the job's number down: then its name finds it.
    for (const { ranges, job = await this.submitter.jobOf(this.submissions) } of submissions) {
      const number = this.submissions++;
      if (job === undefined) continue;
      // What is submitted again was lost: its old elements are nobody's concern.
      const again = ([first, end]: Range) => ranges.some(([from, to]) => first < to && from < end);
      this.shares = this.shares.filter(({ range }) => !again(range));
      this.adopt(number, job, ranges);
    }
    this.collect();
    // What no element is to compute waits to be submitted.
    this.queue.length = 0;
    let from = 0;
    for (const { range } of [...this.shares].sort((a, b) => a.range[0] - b.range[0])) {
      this.queue.push(...this.tally.missing([from, range[0]]));
      from = Math.max(from, range[1]);
    }
    this.queue.push(...this.tally.missing([from, this.record.tasks]));
  }

  /** To the end: gives all values, or throws; jobs are not left behind. */
  async finish(): Promise<Value[]> {
    const stop = new AbortController();
    const { signal } = this.options;
    const onAbort = () => stop.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    let failure: Error | undefined;
    let askAt = 0;
    let lookMs = LOOK_MS.first;
    const began = clock();
    try {
      for (;;) {
        if (signal?.aborted) throw new CancelledError();
        const before = this.tally.open;
        this.collect();
        if (this.tally.open === 0) return this.tally.values;
        if (failure !== undefined) throw failure;
        if (!this.busy && (clock() >= askAt || this.maySubmit())) {
          askAt = clock() + Math.min(ASK_MS.most, Math.max(ASK_MS.first, (clock() - began) / 10));
          this.busy = this.talk()
            .catch((error: unknown) => void (failure = error as Error))
            .finally(() => (this.busy = undefined));
        }
        lookMs = this.tally.open < before ? LOOK_MS.first : Math.min(LOOK_MS.most, 1.2 * lookMs);
        await delay(lookMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await this.end();
    }
  }

  /** Nothing is left behind: what Slurm still has of this run is taken back. */
  private async end(): Promise<void> {
    this.over = this.submitter.over = true;
    this.tally.close();
    const taken = Promise.resolve(this.busy).then(async () => {
      await this.submitter.cancelReduce();
      if (this.tally.open > 0) await scancel(this.jobs);
    });
    await Promise.race([taken, delay(CANCEL_MS)]); // a controller that is away is not waited for
  }

  private collect(): void {
    this.tally.collect();
    this.shares = this.shares.filter(({ name, range }) => {
      const open = this.tally.missing(range).length > 0;
      if (!open) this.tally.free(name);
      return open;
    });
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
      if (state?.state === 'PENDING' && !['None', 'JobArrayTaskLimit'].includes(state.reason))
        this.report(state.reason, `job ${share.job} waits: ${state.reason}. ${adviseOnReason(state.reason)}`);
    }
    for (const share of [...this.shares]) {
      const { state, at = Infinity } = share.ended ?? {};
      if (clock() - at > (state === 'COMPLETED' ? GRACE_MS.done : GRACE_MS.lost)) await this.lose(share);
    }
  }

  /** Submits as many elements as one array may have. */
  private async submit(): Promise<void> {
    const ranges: Range[] = [];
    while (this.queue.length > 0 && ranges.length < this.plan.maxArraySize) {
      const [first, end] = this.queue[0];
      const cut = Math.min(end, first + this.plan.tasksPerElement);
      ranges.push([first, cut]);
      if (cut < end) this.queue[0] = [cut, end];
      else this.queue.shift();
    }
    const number = this.submissions++;
    const job = await this.submitter.submitArray(number, ranges, this.plan.workers);
    this.adopt(number, job, ranges);
    if (this.over) return;
    await this.submitter.submitReduce([...new Set(this.shares.map((share) => share.job))]);
    if (this.record.label !== null)
      this.report(
        'submitted',
        `job ${job} is submitted. You may leave, and come back with: lola slurm resume ${this.run.path}`,
      );
  }

  private adopt(number: number, job: string, ranges: readonly Range[]): void {
    this.jobs.push(job);
    for (const [element, range] of ranges.entries())
      this.shares.push({ name: `${number}-${element}`, job, element, range });
  }

  /** An element has ended without all its results: blames the task that ran, and submits again what is missing. */
  private async lose(share: Share): Promise<void> {
    const { name, job, element, range } = share;
    const ended = (await jobDetails(job, element)) ?? share.ended!;
    if (this.over) return; // who asked has gone meanwhile, and hears nothing more
    this.collect(); // what it managed to write counts
    if (!this.shares.includes(share)) return;
    const missing = this.tally.missing(range);
    const running = this.tally.runningOn(name);
    const culprit = running ?? missing[0][0];
    const how = describeEnd(ended, this.run.file('logs', `${job}_${element}.log`));
    if (ended.exitCode === `${EXIT_UNWRITTEN}:0`)
      throw new SlurmError(`results could not be written. ${how}`);
    const tries = [...(this.lost.get(culprit) ?? []), how];
    const again = mayTryAgain(ended, culprit > range[0]) && tries.length < TRIES;
    if (!again && running === undefined)
      throw new SlurmError(
        `job ${job}, element ${element}, ended before its first task: ${how}. ${adviseOnStart(ended)}`,
      );
    this.lost.set(culprit, tries);
    const key = this.tally.lose(culprit, name, ended.node, how, again);
    if (!again) throw new WorkerLostError(key, tries.length, tries);
    this.plan.onReport(`job ${job}, element ${element}: ${how}; submitting again what is missing`);
    this.tally.free(name);
    this.shares = this.shares.filter((other) => other !== share);
    this.queue.push(...missing);
  }

  private report(kind: string, text: string): void {
    if (!this.over && !this.reported.has(kind)) this.plan.onReport(text);
    this.reported.add(kind);
  }
}

const GONE = 'gone from Slurm (as when cancelled while it waited)';
const UNKNOWN: JobState = { job: '', state: GONE, reason: '', node: '' };
