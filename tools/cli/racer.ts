// A racer's process, as the race sees it: one order, one answer.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CancelledError, EstimatorError, fromErrorRecord } from '../../lib/errors.js';
import type { RaceRun, Racer } from '../measure/race-file.js';
import type { FromRacer, ToRacer } from './race-child.js';

type Answer = Exclude<FromRacer, { readonly type: 'failed' }>;

/** A racer's process. It stays warm between its turns. */
export class RacerProcess {
  peakBytes?: number;
  private cold = true;
  private startupSeconds = 0;
  private readonly process: ChildProcess;
  private resolve = (_answer: Answer): void => {};
  private reject = (_reason: Error): void => {};

  private constructor(
    readonly racer: Racer,
    private readonly signal: AbortSignal,
  ) {
    this.process = fork(fileURLToPath(new URL('./race-child.js', import.meta.url)), { execArgv: [] });
    this.process.on('exit', () => this.reject(this.gone()));
    this.process.on('message', (report: FromRacer) => {
      if (report.type === 'failed') this.reject(fromErrorRecord(report.error));
      else this.resolve(report);
    });
  }

  static async start(racer: Racer, seed: number | string, signal: AbortSignal): Promise<RacerProcess> {
    const child = new RacerProcess(racer, signal);
    try {
      const report = await child.ask({ ...racer, seed });
      if (report.type === 'up') child.startupSeconds = report.startupSeconds;
      return child;
    } catch (error) {
      await child.end(); // nobody else knows of it yet
      throw error;
    }
  }

  /** Takes a turn. @throws CancelledError if the race is stopped meanwhile; what the racer threw */
  async run(samples: number): Promise<RaceRun> {
    const report = await this.ask({ samples });
    if (report.type !== 'ran')
      throw new EstimatorError('RACE', `race: ${this.racer.stage} answered '${report.type}' to a run.`);
    const { estimate, cpuSeconds, peakBytes } = report;
    const { racer, cold, startupSeconds } = this;
    this.cold = false;
    this.peakBytes = peakBytes;
    const { seconds, inside, kernel } = estimate;
    return { ...racer, samples, cold, seconds, ...(cold && { startupSeconds }), cpuSeconds, inside, kernel };
  }

  /** One order, one answer. @throws CancelledError if the race is stopped meanwhile; what the racer threw */
  private async ask(order: ToRacer): Promise<Answer> {
    if (this.signal.aborted) throw new CancelledError();
    if (this.hasEnded) throw this.gone(); // while others had their turns
    const answered = new Promise<Answer>((resolve, reject) => Object.assign(this, { resolve, reject }));
    const stop = () => this.reject(new CancelledError());
    this.signal.addEventListener('abort', stop);
    this.process.send(order, () => {}); // if it cannot be told, it has ended or is about to
    return answered.finally(() => this.signal.removeEventListener('abort', stop));
  }

  private get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  private gone(): EstimatorError {
    const { stage, workers } = this.racer;
    const how = this.process.exitCode ?? this.process.signalCode;
    return new EstimatorError(
      'RACE',
      `race: the process of ${stage} with ${workers} workers ended (${how}). Is there enough memory?`,
    );
  }

  async end(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.process, 'exit');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 2000);
    if (this.process.connected) this.process.disconnect();
    await ended;
    clearTimeout(timer);
  }
}
