// No run hangs: what does not settle in time fails by name, and says what it waits for.
import type { Executor, ExecutorEvent, RunOptions } from '../../lib/task/executor.js';
import type { Task, Value } from '../../lib/task/task.js';

/** Something has not settled in the time that it may take at most. */
export class HangError extends Error {
  override readonly name = 'HangError';
}

/** What the promise gives, or a HangError after `mostMs` that says what is pending then. */
export async function settles<T>(promise: Promise<T>, mostMs: number, pending: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watchdog = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HangError(`after ${mostMs} ms: ${pending()}`)), mostMs);
  });
  try {
    return await Promise.race([promise, watchdog]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same executor; each of its runs, and close, settles within `mostMs`. */
export function watched(executor: Executor, name: string, mostMs: number): Executor {
  let runs = 0;
  return {
    get workers() {
      return executor.workers;
    },
    run: (tasks: Iterable<Task>, options: RunOptions = {}): Promise<Value[]> => {
      const seen = new Map<string, string>();
      const onEvent = (event: ExecutorEvent) => {
        if ('task' in event) note(seen, event);
        return options.onEvent?.(event);
      };
      const what = `run ${++runs} of ${name}`;
      return settles(executor.run(tasks, { ...options, onEvent }), mostMs, () => `${what}: ${inWords(seen)}`);
    },
    close: () => settles(executor.close(), mostMs, () => `close of ${name} after ${runs} runs`),
  };
}

function note(seen: Map<string, string>, event: ExecutorEvent & { readonly task: string }): void {
  const isOver = event.type === 'finished' || event.type === 'dropped';
  if (isOver || (event.type === 'failed' && !event.retried)) seen.delete(event.task);
  else seen.set(event.task, event.type === 'started' ? `started on ${event.worker}` : event.type);
}

function inWords(seen: ReadonlyMap<string, string>): string {
  if (seen.size === 0) return 'no task is pending, and yet it has not settled';
  const first = [...seen].slice(0, 5).map(([key, state]) => `${key} (${state})`);
  return `${seen.size} tasks are pending: ${first.join(', ')}${seen.size > 5 ? ', ...' : ''}`;
}
