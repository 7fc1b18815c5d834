// Whom to believe: the machine that counts guests' results, has some of them checked, and undoes what a liar delivered.
//
// From the room: delivered, checked          To the room: check, expose, redo
//
// Each task is in one of three states. For example, six tasks, of which Ana and Ben have delivered four:
//
//   open      { 4, 5 }                              not delivered yet
//   believed  { 2: 78 from Ana, 3: 80 from Ben }    counted; given back if their guest is found to lie
//   proven    { 0: 77, 1: 79 }                      counted; the laptop has computed the same itself
//
// `inside` is the sum of what is believed and proven, so each task counts once. A task that is being checked is believed
// until its check is back. If Ben's check of task 3 gives 81, then 81 is proven and every other task that Ben is believed
// for is open again.
import type { StateMachine } from '../lib/cluster/index.js';

/** What happens: a guest delivers a value for a task, or a trusted thread has computed a task that was to be checked. */
export type TrustEvent =
  | { readonly type: 'delivered'; readonly task: number; readonly guest: string; readonly value: unknown }
  | { readonly type: 'checked'; readonly task: number; readonly value: number };

/** What a guest delivered for a task, and the right value, if the claimed one is a count at all. */
interface Lie {
  readonly task: number;
  readonly claimed: unknown;
  readonly right?: number;
}

/** What it wants done. */
export type TrustAction =
  | { readonly type: 'check'; readonly task: number }
  | ({ readonly type: 'expose'; readonly guest: string } & Lie)
  | { readonly type: 'redo'; readonly tasks: readonly number[] };

/** What a trust machine is given. */
export interface TrustOptions {
  /** How many samples each task counts. */
  readonly samplesOf: (task: number) => number;
  readonly tasks: number;
  /** The share of results to check, above 0 and up to 1. The first of each guest is always checked. */
  readonly share: number;
  /** A number from 0 to 1 that no guest can guess. */
  readonly random: () => number;
}

/** What is known of one guest's results. */
interface Record {
  /** Tasks that it is believed for, with its values. */
  readonly believed: Map<number, number>;
  delivered: number;
  exposed: boolean;
}

export class Trust implements StateMachine<TrustEvent, TrustAction> {
  /** Points inside, samples and tasks that are counted now. */
  inside = 0;
  samples = 0;
  counted = 0;
  /** Tasks that were checked, and tasks being checked. */
  proven = 0;
  readonly checking = new Map<number, string>(); // and the guest that delivered the value
  private readonly records = new Map<string, Record>();

  constructor(private readonly options: TrustOptions) {}

  /** Everything is counted, and nothing that is counted waits for its check. */
  get finished(): boolean {
    return this.counted === this.options.tasks && this.checking.size === 0;
  }

  handle(event: TrustEvent): readonly TrustAction[] {
    return event.type === 'checked'
      ? this.checked(event.task, event.value)
      : this.delivered(event.task, this.recordOf(event.guest), event.guest, event.value);
  }

  private delivered(task: number, record: Record, guest: string, value: unknown): readonly TrustAction[] {
    if (record.exposed) return [{ type: 'redo', tasks: [task] }];
    if (!isCount(value, this.options.samplesOf(task)))
      return this.expose(guest, record, { task, claimed: value }, [task]);
    record.believed.set(task, value);
    this.count(task, value);
    const { share, random } = this.options;
    if (record.delivered++ > 0 && random() >= share) return [];
    this.checking.set(task, guest);
    return [{ type: 'check', task }];
  }

  private checked(task: number, right: number): readonly TrustAction[] {
    const guest = this.checking.get(task);
    if (guest === undefined) return [];
    this.checking.delete(task);
    this.proven++;
    const record = this.recordOf(guest);
    const claimed = record.believed.get(task)!;
    record.believed.delete(task);
    this.inside += right - claimed;
    return right === claimed || record.exposed ? [] : this.expose(guest, record, { task, claimed, right });
  }

  /** Opens every task that the liar is believed for. What is being checked stays: its right value is on its way. */
  private expose(guest: string, record: Record, lie: Lie, tasks: number[] = []): readonly TrustAction[] {
    record.exposed = true;
    for (const [task, value] of record.believed) {
      if (this.checking.has(task)) continue;
      record.believed.delete(task);
      this.count(task, value, -1);
      tasks.push(task);
    }
    return [
      { type: 'expose', guest, ...lie },
      { type: 'redo', tasks },
    ];
  }

  private count(task: number, inside: number, sign: 1 | -1 = 1): void {
    this.inside += sign * inside;
    this.samples += sign * this.options.samplesOf(task);
    this.counted += sign;
  }

  private recordOf(guest: string): Record {
    const known = this.records.get(guest);
    if (known) return known;
    const record: Record = { believed: new Map(), delivered: 0, exposed: false };
    this.records.set(guest, record);
    return record;
  }
}

/**
 * The chance that a guest who lies `lies` times is found out, if each result is checked with the chance `share`: one minus
 * the chance that every single check misses.
 * @param share from 0 to 1
 */
export function chanceToCatch(share: number, lies: number): number {
  return 1 - (1 - share) ** lies;
}

function isCount(value: unknown, samples: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= samples;
}
