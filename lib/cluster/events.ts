// What a scheduler's actions mean to those who watch it: the events of its dashboard and its log.
import type { ExecutorEvent } from '../task/executor.js';
import type { Place } from '../task/run.js';
import type { Entry } from './records.js';
import type { SchedulerAction } from './scheduler.js';

/** Turns actions into events. It remembers which tasks have started, so that it reports each start only once. */
export class Watcher {
  private readonly started = new Set<Entry>();

  constructor(private readonly onEvent: (event: ExecutorEvent) => void) {}

  /** The scheduler acts. */
  saw(action: SchedulerAction, time: number): void {
    if (action.type === 'queued') this.onEvent({ type: 'queued', task: action.task.key, time });
    else if (action.type === 'dropped') {
      const { task, worker } = action;
      this.started.delete(task);
      this.onEvent({ type: 'dropped', task: task.key, ...(worker !== undefined && { worker }), time });
    } else if (action.type === 'send') this.sent(action, time);
  }

  private sent({ message, about = [] }: SchedulerAction & { type: 'send' }, time: number): void {
    const [task] = about;
    if (message.op === 'started') this.start(task, message, time - message.age);
    else if (message.op === 'finished') this.finish(about, message, time);
    else if (message.op === 'failed') {
      const { worker, thread, retried, error, ended } = message;
      this.start(task, message, time);
      this.started.delete(task);
      const text = error?.message ?? ended?.at(-1) ?? '';
      this.onEvent({ type: 'failed', task: task.key, worker, thread, message: text, retried, time });
    } else if (message.op === 'workers') {
      const { joined, left } = message;
      for (const { name, threads } of joined) this.onEvent({ type: 'joined', worker: name, threads, time });
      for (const { name, reason } of left) this.onEvent({ type: 'left', worker: name, reason, time });
    }
  }

  private start(entry: Entry, { worker, thread }: Place, time: number): void {
    if (this.started.has(entry)) return;
    this.started.add(entry);
    this.onEvent({ type: 'started', task: entry.key, worker, thread, time });
  }

  private finish(about: readonly Entry[], where: Place & { ages: Float64Array }, time: number): void {
    const { worker, thread, ages } = where;
    for (const [i, entry] of about.entries()) {
      const [start, end] = [time - ages[2 * i], time - ages[2 * i + 1]];
      this.start(entry, where, start);
      this.started.delete(entry);
      this.onEvent({ type: 'finished', task: entry.key, worker, thread, start, end, time });
    }
  }
}

/** In the words of the log. */
export function countThreads(threads: number): string {
  return `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
