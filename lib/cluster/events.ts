// What a scheduler's messages mean to those who watch it: the events of its dashboard and its log.
import type { ExecutorEvent } from '../task/executor.js';
import type { FromScheduler, ToScheduler } from './messages.js';
import type { Entry } from './records.js';
import type { SchedulerAction } from './scheduler.js';

type Where = { readonly worker: string; readonly thread: number };

/** Makes events of messages. It remembers which tasks are known to have started, so that each start comes once. */
export class Watcher {
  private readonly started = new Set<Entry>();

  constructor(private readonly onEvent: (event: ExecutorEvent) => void) {}

  /** A message has arrived. */
  heard(message: ToScheduler, time: number): void {
    if (message.op !== 'submit') return;
    for (const { key } of message.tasks) this.onEvent({ type: 'queued', task: key, time });
  }

  /** The scheduler acts. */
  saw(action: SchedulerAction, time: number): void {
    if (action.type === 'close') return;
    const { about = [] } = action;
    if (action.type === 'drop') return about.forEach((entry) => this.drop(entry, time));
    const { message } = action;
    const [task] = about;
    if (message.op === 'workers') this.workers(message, time);
    else if (message.op === 'started') this.start(task, message, time - message.age);
    else if (message.op === 'finished') this.finish(about, message, time);
    else if (message.op === 'failed') {
      const { worker, thread, retried, error, ended } = message;
      this.start(task, message, time);
      this.started.delete(task);
      const text = error?.message ?? ended?.at(-1) ?? '';
      this.onEvent({ type: 'failed', task: task.key, worker, thread, message: text, retried, time });
    }
  }

  private start(entry: Entry, { worker, thread }: Where, time: number): void {
    if (this.started.has(entry)) return;
    this.started.add(entry);
    this.onEvent({ type: 'started', task: entry.key, worker, thread, time });
  }

  private finish(about: readonly Entry[], where: Where & { ages: Float64Array }, time: number): void {
    for (const [i, entry] of about.entries()) {
      if (entry.cancelled) continue;
      const [start, end] = [time - where.ages[2 * i], time - where.ages[2 * i + 1]];
      this.start(entry, where, start);
      this.started.delete(entry);
      const { worker, thread } = where;
      this.onEvent({ type: 'finished', task: entry.key, worker, thread, start, end, time });
    }
  }

  private drop(entry: Entry, time: number): void {
    this.started.delete(entry);
    const worker = entry.batch?.worker.name;
    this.onEvent({ type: 'dropped', task: entry.key, ...(worker !== undefined && { worker }), time });
  }

  private workers({ joined, left }: FromScheduler & { op: 'workers' }, time: number): void {
    for (const { name, threads } of joined) this.onEvent({ type: 'joined', worker: name, threads, time });
    for (const { name, reason } of left) this.onEvent({ type: 'left', worker: name, reason, time });
  }
}
