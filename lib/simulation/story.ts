// What happened in a simulation, and of it what concerns one task.
import type { FromScheduler, ToScheduler } from '../cluster/messages.js';
import { indexOf } from './network.js';

type Message = ToScheduler | FromScheduler;

/** Notes all messages and all faults. */
export class Trace {
  private readonly notes: { readonly time: number; readonly what: string; readonly message?: Message }[] = [];
  /** Which tasks a batch had, by its number: later messages give the number alone. */
  private readonly batches = new Map<number, readonly number[]>();

  note(time: number, what: string, message?: Message): void {
    this.notes.push({ time, what, message });
    if (message?.op === 'assign') this.batches.set(message.batch, message.tasks.map(indexOf));
  }

  /** The lines that concern a task: messages with it in them, and all faults. */
  story(index: number): string[] {
    return this.notes
      .filter(({ message }) => !message || this.concerns(message, index))
      .map(
        ({ time, what, message }) => `${time.toFixed(3)} ms  ${what}${message ? `: ${nameOf(message)}` : ''}`,
      );
  }

  private concerns(message: Message, index: number): boolean {
    if ('tasks' in message) return message.tasks.some((task) => indexOf(task) === index);
    return 'batch' in message && (this.batches.get(message.batch)?.includes(index) ?? false);
  }
}

function nameOf(message: Message): string {
  return 'batch' in message ? `${message.op} batch ${message.batch}` : message.op;
}
