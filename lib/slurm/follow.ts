// Follows a run in rounds: a round is an array job that computes what has no result yet. All that this process knows is
// in the run's folder and in Slurm, so another one may go on where it ended. Needs Node.
import { setTimeout as delay } from 'node:timers/promises';
import { WorkerLostError } from '../errors.js';
import { clock } from '../task/executor.js';
import type { Drawn, Run } from '../task/run.js';
import { adviseOnReason, adviseOnStart, describeEnd, mayTryAgain } from './advice.js';
import type { Collector } from './collect.js';
import { SlurmError, isAway } from './commands.js';
import { EXIT_UNSAVED, GONE, isLive, type JobState } from './job-state.js';
import { resumeCommand, type RunFolder, type RunRecord, type Span } from './run-folder.js';
import { Submitter } from './submit.js';

/** A task is not tried again once this many elements were lost while they ran it. */
const TRIES = 3;
/** How often to look for results: often at first, less often while none come (ms). */
const LOOK_MS = { first: 50, most: 1000 };
/** How often to ask Slurm: its controller serves the whole site (ms). */
const ASK_MS = { first: 1000, most: 15_000 };
/** How long results may take to show up after Slurm says that an element ended: NFS may cache a folder for 60 s (ms). */
const GRACE_MS = { completed: 90_000, lost: 1000 };
/** How long to wait for a controller that is away when the run is over and jobs are to be cancelled (ms). */
const CANCEL_MS = 800;

/** An element of the round whose tasks do not all have results. */
interface Element {
  readonly index: number;
  /** As in the names of files: 'N-E'. */
  readonly name: string;
  readonly span: Span;
  /** When Slurm was first seen to have it no more (see clock). */
  endedAt?: number;
}

export class Follower {
  private readonly submitter: Submitter;
  private round: number;
  private job: string | undefined; // the round's, once it is known
  private elements: Element[] = [];
  private readonly tries = new Map<Drawn, string[]>(); // how the elements ended that ran a task when they were lost
  private readonly reported = new Set<string>();
  private readonly settled = new AbortController();
  private readonly tell = ({ message }: Error) => this.onReport(message); // also after the run: these jobs are still there

  constructor(
    private readonly folder: RunFolder,
    private readonly record: RunRecord,
    private readonly run: Run,
    private readonly collector: Collector,
    private readonly onReport: (text: string) => void,
  ) {
    this.submitter = new Submitter(folder, record);
    this.round = folder.submissions() - 1; // an earlier client's last one
    void run.result.catch(() => {}).finally(() => this.settled.abort());
  }

  /**
   * Continues a run that an earlier client began. If its folder cannot be read, the run fails and its jobs go on.
   * @param anew whether what waits is submitted again, with other settings
   */
  async resume(anew: boolean): Promise<void> {
    if (anew) await this.submitter.cancel(String(this.round), '--state=PENDING').catch(this.tell);
    try {
      this.collect();
    } catch (error) {
      if (!isAway(error)) return this.run.fail(error);
    }
    await this.follow();
  }

  /** Follows the run until it has settled. No job is left behind. */
  async follow(): Promise<void> {
    const talking = this.untilSettled(ASK_MS, () => this.talkToSlurm());
    await this.untilSettled(LOOK_MS, () => this.collect());
    const cancelled = talking.then(() => this.cancelJobs());
    await Promise.race([cancelled, delay(CANCEL_MS, undefined, { ref: false })]);
  }

  /** Acts again and again, less and less often, until the run has settled. If it returns true, soon again. */
  private async untilSettled(every: typeof ASK_MS, act: () => boolean | Promise<boolean>): Promise<void> {
    for (let ms = every.first; !this.run.settled; ms = Math.min(every.most, 1.1 * ms)) {
      try {
        if (await act()) ms = every.first;
      } catch (error) {
        const { message, cause } = error as Error;
        if (!isAway(error)) this.run.fail(error);
        // Slurm or a file is away. Nothing is known now, so nothing is concluded; and it is asked less and less often.
        else this.report('away', cause ? `${(cause as Error).message}. Trying again.` : message);
      }
      await delay(ms, undefined, { signal: this.settled.signal }).catch(() => {});
    }
  }

  /** Reports what elements have left in the folder; forgets elements that are done. Gives whether there was something. */
  private collect(): boolean {
    const before = this.collector.open.size;
    this.collector.collect();
    this.elements = this.elements.filter(({ name, span }) => {
      const isDone = this.collector.missing(span).length === 0;
      if (isDone) this.collector.free(name);
      return !isDone;
    });
    return this.collector.open.size < before;
  }

  /** A round is over when each of its elements is done or lost; then the next one begins. Gives whether it is about to. */
  private async talkToSlurm(): Promise<boolean> {
    if (this.job === undefined) await this.findRound();
    if (this.elements.length > 0) await this.judgeElements();
    else if (!this.run.settled) await this.submitRound();
    this.reported.delete('away');
    return this.elements.length === 0;
  }

  /** Slurm may have the round's job although its client, or this one, did not hear the number. Never submit it twice. */
  private async findRound(): Promise<void> {
    if (this.round < 0) return;
    const { spans, job = await this.submitter.jobOf(this.round) } = this.folder.readSubmission(this.round);
    if (job !== undefined) this.beginRound(job, spans);
  }

  private async submitRound(): Promise<void> {
    const { tasks, tasksPerElement, label } = this.record;
    const most = Math.ceil(tasks / tasksPerElement); // as in the first round: a later array has no more elements
    const spans = this.collector.missing([0, tasks], tasksPerElement).slice(0, most);
    if (this.round < 0 || this.job !== undefined) this.round++; // else Slurm may have it after all: one name cancels both
    this.job = undefined;
    const job = await this.submitter.submitArray(this.round, spans);
    this.beginRound(job, spans);
    if (this.run.settled || label === null) return;
    await this.submitter.submitReduce(job).catch(({ message }: Error) => {
      this.report('reduce', `no job will add up if you leave; this client does. ${message}`);
    });
    const way = resumeCommand(this.folder.path);
    this.report('submitted', `job ${job} is submitted. You may leave, and come back with: ${way}`);
  }

  private beginRound(job: string, spans: readonly Span[]): void {
    this.job = job;
    this.elements = spans.map((span, index) => ({ index, name: `${this.round}-${index}`, span }));
    this.collect(); // some may be done
  }

  /** Asks Slurm about the round's elements, and sees to those that have ended without all their results. */
  private async judgeElements(): Promise<void> {
    const wanted = this.elements.map(({ index }) => index);
    const known = await this.submitter.statesOf(this.round, this.job!, wanted);
    const states = new Map(known.map((state) => [state.element, state]));
    if (this.run.settled) return;
    this.collect(); // what an element managed to write counts
    for (const element of [...this.elements]) {
      const state = states.get(element.index) ?? GONE;
      const { reason } = state;
      if (state.state === 'PENDING' && !['None', 'JobArrayTaskLimit'].includes(reason))
        this.report(reason, `job ${this.job} waits: ${reason}. ${adviseOnReason(reason)}`);
      element.endedAt = isLive(state) ? undefined : (element.endedAt ?? clock());
      const grace = state.state === 'COMPLETED' ? GRACE_MS.completed : GRACE_MS.lost;
      const isLost = element.endedAt !== undefined && clock() - element.endedAt > grace;
      if (isLost && !this.run.settled) this.lose(element, state);
    }
  }

  /** An element ended early. If another try may help, the next round computes what is missing; else the run fails. */
  private lose(element: Element, ended: JobState): void {
    const { index, name, span } = element;
    const where = `job ${this.job}, element ${index}`;
    const how = describeEnd(ended, this.folder.file('logs', `${this.job}_${index}.log`));
    if (ended.exitCode === `${EXIT_UNSAVED}:0`) throw new SlurmError(`results could not be written. ${how}`);
    const running = this.collector.runningOn(name);
    const culprit = running ?? this.collector.open.get(this.collector.missing(span)[0][0])!;
    const tries = [...(this.tries.get(culprit) ?? []), how];
    this.tries.set(culprit, tries);
    const again = mayTryAgain(ended, culprit.index > span[0]) && tries.length < TRIES;
    if (!again && !running)
      throw new SlurmError(`${where}, ended before its first task: ${how}. ${adviseOnStart(ended)}`);
    const failure = again ? undefined : new WorkerLostError(culprit.task.key, tries.length, tries);
    this.run.failed(culprit, this.collector.placeOf(name, ended.node), how, failure);
    if (again) this.onReport(`${where}: ${how}; submitting again what is missing`);
    this.collector.free(name);
    this.elements = this.elements.filter((other) => other !== element);
  }

  /** Tells a person something of this kind, once. */
  private report(kind: string, text: string): void {
    if (!this.run.settled && !this.reported.has(kind)) this.onReport(text);
    this.reported.add(kind);
  }

  private async cancelJobs(): Promise<void> {
    await this.submitter.cancel('reduce').catch(this.tell);
    await this.run.result.catch(() => this.submitter.cancel(String(this.round)).catch(this.tell));
  }
}
