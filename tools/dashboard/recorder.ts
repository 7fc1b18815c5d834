// Events in, pictures out, without I/O: time is an argument, so a recorded run gives the same picture as a live one.
import { LEDGER_ROWS } from '../measure/ledger.js';
import type { ExecutorEvent } from '../../lib/task/executor.js';
import { Activity } from './activity.js';
import type { Picture } from './picture.js';
import { round } from './workers.js';

/** What a worker says of itself beside its tasks. */
export interface Vitals {
  readonly worker: string;
  readonly memoryBytes?: number;
  /** Milliseconds since 1970, on the receiver's clock. */
  readonly time: number;
}

/** Follows one source of events. */
export class Recorder {
  private readonly activity = new Activity();

  constructor(
    private readonly title: string,
    private readonly machine = '',
  ) {}

  /** Takes an event. Events may come late; their times say when they happened. */
  add(event: ExecutorEvent): void {
    this.activity.add(event);
  }

  /** Takes what a worker said of itself. */
  hear({ worker, memoryBytes, time }: Vitals): void {
    const known = this.activity.workers.get(worker);
    if (known) Object.assign(known, { lastHeard: this.activity.at(time), memoryBytes });
  }

  /** Time goes on, with or without events. */
  advance(time: number): void {
    this.activity.advance(time);
  }

  /** The picture as of the last event or call of advance. */
  picture(): Picture {
    const { origin = 0, now, streamStart = now, lastEnd, stream, tasks, samples, ledger } = this.activity;
    const workers = [...this.activity.workers.values()];
    const running = workers.flatMap(({ starts }) => starts);
    return {
      title: this.title,
      machine: this.machine,
      origin,
      now: round(now),
      start: round(streamStart),
      resolutionMs: stream.resolutionMs,
      rows: stream.rows,
      threadsNotDrawn: stream.threadsNotDrawn,
      workers: workers.map(({ line }) => line),
      progress: { ...tasks.progress },
      samples: samples.list,
      lesson: ledger.lesson(tasks.progress.running > 0 ? now : lastEnd, running),
      causes: LEDGER_ROWS,
    };
  }
}
