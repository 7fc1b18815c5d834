// The one shape of scheduler, worker and client: a machine decides and does nothing; a shell does what it says.
import { clock } from '../task/executor.js';

/** Takes an event and says what is to be done, in this order. Times are milliseconds, and always an argument. */
export interface StateMachine<In, Out> {
  handle(event: In, now: number): readonly Out[];
}

/** What happens on a machine's connections. A peer is the shell's number for one connection, never used twice. */
export type Net<Message> =
  | { readonly type: 'opened'; readonly peer: number }
  | { readonly type: 'message'; readonly peer: number; readonly message: Message }
  /** `blame`: the peer did not leave of its own accord, so what it was running may be the cause. */
  | { readonly type: 'closed'; readonly peer: number; readonly reason: string; readonly blame: boolean };

/** What a machine wants done on its connections. */
export type NetAction<Message> =
  | { readonly type: 'send'; readonly peers: readonly number[]; readonly message: Message }
  /** `close` is in order: a scheduler tells the peer why, and it does not come back. `cut` is at once, and it may. */
  | { readonly type: 'close' | 'cut'; readonly peer: number; readonly reason: string };

/** What sends messages to a peer; to nobody, while there is none. */
export function sendTo<Message>(
  peer: number | undefined,
  messages: readonly Message[],
): NetAction<Message>[] {
  return peer === undefined ? [] : messages.map((message) => ({ type: 'send', peers: [peer], message }));
}

/** Drives a machine: one event at a time, and all that follows from it before the next one. */
export class Shell<In, Out> {
  private readonly events: In[] = [];
  private busy = false;

  constructor(
    readonly machine: StateMachine<In, Out>,
    private readonly perform: (action: Out) => void,
    private readonly now: () => number = clock,
  ) {}

  post(event: In): void {
    this.events.push(event);
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.events.shift(); next; next = this.events.shift())
        for (const action of this.machine.handle(next, this.now())) this.perform(action);
    } finally {
      this.busy = false;
    }
  }
}
