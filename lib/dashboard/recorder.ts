// Events in, pictures out, without I/O: time is an argument, so a recorded run gives the same picture as a live one.
import { LEDGER_ROWS } from '../measure/ledger.js';
import type { ExecutorEvent } from '../task/executor.js';
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
  /** When the picture's own time begins. */
  private origin: number | undefined;

  constructor(
    private readonly title: string,
    private readonly machine = '',
  ) {}

  /** Takes an event. Events may come late; their times say when they happened. */
  add(event: ExecutorEvent): void {
    // A start is told on the worker's clock, all else on ours.
    if (event.type !== 'started' || this.origin === undefined) this.advance(event.time);
    const time = this.at(event.time);
    const { activity } = this;
    if (event.type !== 'finished') activity.add({ ...event, time });
    else activity.add({ ...event, start: this.at(event.start), end: this.at(event.end), time });
  }

  /** Takes what a worker said of itself. */
  hear({ worker, memoryBytes, time }: Vitals): void {
    const known = this.activity.workers.get(worker);
    if (known) Object.assign(known, { lastHeard: this.at(time), memoryBytes });
  }

  /** Time goes on, with or without events. */
  advance(time: number): void {
    this.origin ??= time;
    this.activity.advance(this.at(time));
  }

  /** The picture as of the last event or call of advance. */
  picture(): Picture {
    const { now, streamStart = now, lastEnd, stream, tasks, samples, ledger } = this.activity;
    const workers = [...this.activity.workers.values()];
    const running = workers.flatMap(({ starts }) => starts);
    return {
      title: this.title,
      machine: this.machine,
      origin: this.origin ?? 0,
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

  private at(time: number): number {
    return time - (this.origin ?? time);
  }
}
