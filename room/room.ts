// The room's machine: guests are the workers of a scheduler whose one client is the room itself.
//
// From guests:  hello, done, leave           To guests:  welcome, assign, stop, bye
// From its shell: opened, closed, tick, checked      To its shell: send, close, check, over
//
// Three machines in one. The scheduler's machine lends tasks to guests, and lends them again where a guest is gone. Trust
// decides what of their answers counts. Between them this one keeps the guests' records, and sees that a guest can do
// nothing but count: it cannot submit, cancel, fail a task, or be blamed for one.
import { MOST_SUBMITTED, SchedulerMachine } from '../lib/cluster/index.js';
import type {
  NetAction,
  FromScheduler,
  Net,
  SchedulerAction,
  StateMachine,
  ToScheduler,
} from '../lib/cluster/index.js';
import { packTask, unpackValue } from '../lib/task/index.js';
import { Guest } from './guest.js';
import { cleanName, freeName } from './names.js';
import { Trust, type TrustAction } from './trust.js';
import type { Work } from './work.js';

/** What happens to a room. A peer is opened once its code was right; `key` is its own secret, `name` what it wants to be called. */
export type RoomEvent =
  | { readonly type: 'opened'; readonly peer: number; readonly key: string; readonly name: string }
  | Exclude<Net<ToScheduler>, { readonly type: 'opened' }>
  | { readonly type: 'checked'; readonly task: number; readonly inside: number }
  | { readonly type: 'tick' };

/** What it wants done. A `check` is answered by `checked`; `over` comes once. */
export type RoomAction =
  NetAction<FromScheduler> | { readonly type: 'check'; readonly task: number } | { readonly type: 'over' };

/** What a room is given. */
export interface RoomMachineOptions {
  readonly work: Work;
  /** As in TrustOptions. */
  readonly share: number;
  readonly random: () => number;
  /** As in SchedulerMachineOptions. */
  readonly heartbeatMs: number;
  readonly firstBatch: number;
}

/** Something that the wall says: what a guest did, in words that follow its name. */
export interface News {
  readonly time: number;
  readonly kind: 'joined' | 'left' | 'slow' | 'lied';
  readonly guest: string;
  readonly text: string;
}

/** How many devices may be in the room, and how many it remembers. */
export const MOST_GUESTS = 200;
const MOST_REMEMBERED = 1000;
const MOST_THREADS = 64;
/** A device sends a message a batch: so many between two ticks are an attack or a fault. */
const MOST_MESSAGES = 400;
const MOST_NEWS = 40;
/** A batch is overdue at so many times what it takes its guest, and never sooner; before its first one, later (ms). */
const OVERDUE = { factor: 8, leastMs: 4000, firstMs: 20_000 } as const;
const ROOM = 0;

export class RoomMachine implements StateMachine<RoomEvent, RoomAction> {
  readonly guests = new Map<string, Guest>();
  readonly news: News[] = [];
  readonly scheduler: SchedulerMachine;
  readonly trust: Trust;
  /** When the first guest came, and when everything was counted. */
  began: number | undefined;
  ended: number | undefined;
  private readonly peers = new Map<number, Guest>();
  private readonly again: number[] = [];
  private next = 0;
  private submitted = 0;
  private now = 0;
  private actions: RoomAction[] = [];

  constructor(readonly options: RoomMachineOptions) {
    const { work, share, random, heartbeatMs, firstBatch } = options;
    this.scheduler = new SchedulerMachine({ heartbeatMs, firstBatch });
    this.trust = new Trust({ tasks: work.tasks, samplesOf: work.samplesOf, share, random });
    const hello = { op: 'hello', role: 'client', name: 'room', threads: 1, instance: '-' } as const;
    this.schedule({ type: 'message', peer: ROOM, message: hello });
    this.submit();
  }

  handle(event: RoomEvent, now: number): readonly RoomAction[] {
    this.now = now;
    this.actions = [];
    if (event.type === 'opened') this.opened(event.peer, event.key, event.name);
    else if (event.type === 'tick') this.tick();
    else if (event.type === 'checked')
      this.believe(this.trust.handle({ type: 'checked', task: event.task, value: event.inside }));
    else {
      const guest = this.peers.get(event.peer);
      if (guest && event.type === 'message') this.message(event.peer, guest, event.message);
      else if (guest) this.gone(guest, event.peer, 'left');
    }
    this.submit();
    if (this.trust.finished && this.ended === undefined) {
      this.ended = now;
      this.actions.push({ type: 'over' });
    }
    return this.actions;
  }

  /** Whether the guest has something to compute now. */
  isBusy({ peer }: Guest): boolean {
    return peer !== undefined && this.assignmentsOf(peer).length > 0;
  }

  // ---- guests that come and go

  private opened(peer: number, key: string, wanted: string): void {
    const known = this.guests.get(key);
    if (known?.lied) return this.close(peer, 'This device delivered a wrong count, and was removed.', true);
    const isFull = this.peers.size >= MOST_GUESTS || (!known && this.guests.size >= MOST_REMEMBERED);
    if (isFull) return this.close(peer, 'The room is full. Try again when somebody has left.', true);
    const guest = known ?? this.newGuest(key, wanted);
    if (guest.peer !== undefined) {
      this.close(guest.peer, 'This device has joined again, in another tab or window.', true);
      this.gone(guest, guest.peer);
    }
    guest.peer = peer;
    guest.openedAt = this.now;
    this.peers.set(peer, guest);
    this.began ??= this.now;
    this.tell('joined', guest, known ? 'is back' : 'joined');
  }

  private newGuest(key: string, wanted: string): Guest {
    const taken = new Set(Array.from(this.guests.values(), ({ name }) => name));
    const name = freeName(cleanName(wanted) || 'guest', (each) => taken.has(each));
    const guest = new Guest(key, name, this.now);
    this.guests.set(key, guest);
    return guest;
  }

  /** Its tasks go back. No task is blamed in a room: counting cannot crash a worker, but people close lids. */
  private gone(guest: Guest, peer: number, why?: 'left' | 'slow'): void {
    let lent = 0;
    for (const { batch } of this.assignmentsOf(peer)) {
      const [holder, other] = batch.assignments;
      if (holder?.worker.peer === peer && !other) lent += batch.tasks.length;
    }
    guest.peer = undefined;
    guest.slow = why === 'slow';
    this.peers.delete(peer);
    this.schedule({ type: 'closed', peer, reason: 'gone', blame: false });
    if (why === 'left') this.lentAgain('left', guest, 'left', lent);
    else if (why === 'slow') this.lentAgain('slow', guest, 'is asleep or too slow', lent);
    else guest.lentAgain += lent;
  }

  /** A guest that has nothing to do was given a copy of a batch, if another one is slow with it. */
  private copied(peer: number, number: number): void {
    const batch = this.assignmentsOf(peer).find((each) => each.batch.number === number)?.batch;
    const slow = [...(batch?.assignments ?? [])].at(-2);
    const guest = slow && this.peers.get(slow.worker.peer);
    if (guest) this.lentAgain('slow', guest, 'is slow', slow.batch.tasks.length);
  }

  private lentAgain(kind: News['kind'], guest: Guest, what: string, tasks: number): void {
    guest.lentAgain += tasks;
    const lent =
      tasks === 1 ? '; one of its tasks was lent again' : `; ${tasks} of its tasks were lent again`;
    this.tell(kind, guest, what + (tasks === 0 ? '' : lent));
  }

  private assignmentsOf(peer: number) {
    return [...(this.scheduler.workers.get(peer)?.assignments.values() ?? [])];
  }

  /** Sends a guest away for good: it did what a page of ours does not do. */
  private expel(guest: Guest, peer: number, reason: string): void {
    this.close(peer, reason, true);
    this.gone(guest, peer);
  }

  private tick(): void {
    for (const [peer, guest] of this.peers) {
      guest.messages = 0;
      const { workers } = this.scheduler;
      const isMute = !workers.has(peer) && this.now - guest.openedAt > OVERDUE.firstMs; // it has not said hello
      const overdue = this.assignmentsOf(peer).some(
        ({ sent, batch }) => this.now - sent > deadlineMs(guest, batch.tasks.length),
      );
      if (!isMute && !overdue) continue;
      // It may just be slow: its next deadline is longer.
      if (guest.taskMs !== undefined) guest.taskMs *= 4;
      this.close(peer, 'asleep or too slow', false);
      this.gone(guest, peer, 'slow');
    }
    this.schedule({ type: 'tick' });
  }

  // ---- what guests say

  private message(peer: number, guest: Guest, message: ToScheduler): void {
    if (++guest.messages > MOST_MESSAGES) return this.expel(guest, peer, 'This device sends too much.');
    switch (message.op) {
      case 'hello': {
        if (message.role !== 'worker') return this.expel(guest, peer, 'Guests count; they do nothing else.');
        guest.threads = Math.min(message.threads, MOST_THREADS);
        const own = { name: guest.name, instance: guest.key, threads: guest.threads, memoryBytes: undefined };
        return this.schedule({ type: 'message', peer, message: { ...message, ...own } });
      }
      case 'done':
        return this.done(peer, guest, message);
      case 'leave':
        return this.schedule({ type: 'message', peer, message });
      case 'started':
        return;
      default:
        return this.expel(guest, peer, 'Guests count; they do nothing else.');
    }
  }

  private done(peer: number, guest: Guest, message: ToScheduler & { op: 'done' }): void {
    const batch = this.scheduler.workers.get(peer)?.assignments.get(message.batch);
    if (message.error ?? message.lost) {
      // Counting does not fail. A browser that cannot is of no use, and a guest must not fail tasks.
      const why = message.error?.message ?? message.lost?.ended ?? '';
      return this.expel(guest, peer, `This device cannot count: ${cleanName(why)}`);
    }
    if (batch && message.count > 0) guest.deliver(message.count, this.now - batch.sent, this.now);
    this.schedule({ type: 'message', peer, message });
  }

  // ---- the room as the scheduler's client

  private schedule(event: Parameters<SchedulerMachine['handle']>[0]): void {
    for (const action of this.scheduler.handle(event, this.now)) this.perform(action);
  }

  private perform(action: SchedulerAction): void {
    if ('task' in action) return; // for those who watch
    if (action.type !== 'send') {
      const guest = this.peers.get(action.peer);
      if (guest) this.expel(guest, action.peer, action.reason); // an answer that does not fit its batch
      return;
    }
    const peers = action.peers.filter((peer) => peer !== ROOM);
    const { message } = action;
    if (peers.length > 0) this.actions.push({ type: 'send', peers, message });
    if (message.op === 'assign') this.copied(peers[0], message.batch);
    else if (message.op === 'finished') this.finished(message);
  }

  private finished({ ids, worker, values }: FromScheduler & { op: 'finished' }): void {
    this.submitted -= ids.length;
    const guest = [...this.peers.values()].find(({ name }) => name === worker)!;
    const given = listOf(values);
    for (const [i, task] of ids.entries()) {
      const { inside, samples } = this.trust;
      const actions = this.trust.handle({ type: 'delivered', task, guest: guest.key, value: given?.[i] });
      if (!guest.lied) guest.count(this.trust.inside - inside, this.trust.samples - samples);
      this.believe(actions);
    }
  }

  private believe(actions: readonly TrustAction[]): void {
    for (const action of actions) {
      if (action.type === 'check') this.actions.push(action);
      else if (action.type === 'redo') this.again.push(...action.tasks);
      else this.expose(action);
    }
  }

  private expose({ guest: key, claimed, right }: TrustAction & { type: 'expose' }): void {
    const guest = this.guests.get(key)!;
    const said = typeof claimed === 'number' ? String(claimed) : 'no number';
    const truth = right === undefined ? 'which is no count' : `where ${right} is right`;
    this.tell('lied', guest, `delivered ${said}, ${truth}; all that it delivered is done again`);
    guest.lied = true;
    guest.samples = guest.inside = 0;
    const { peer } = guest;
    if (peer !== undefined) this.expel(guest, peer, 'This device delivered a wrong count, and was removed.');
  }

  /** Keeps as many tasks with the scheduler as the guests can take in the next moments. */
  private submit(): void {
    const window = Math.min(MOST_SUBMITTED, 1000 + 64 * this.scheduler.threads);
    const tasks: { id: number; key: string; payload: Uint8Array }[] = [];
    while (this.submitted < window && (this.again.length > 0 || this.next < this.options.work.tasks)) {
      const id = this.again.pop() ?? this.next++;
      tasks.push({ id, ...packTask(this.options.work.taskOf(id)) });
      this.submitted++;
    }
    if (tasks.length === 0) return;
    const message = { op: 'submit', kind: 'count', tasks } as const;
    this.schedule({ type: 'message', peer: ROOM, message });
  }

  private tell(kind: News['kind'], { name }: Guest, text: string): void {
    this.news.unshift({ time: this.now, kind, guest: name, text });
    this.news.length = Math.min(this.news.length, MOST_NEWS);
  }

  private close(peer: number, reason: string, final: boolean): void {
    this.actions.push({ type: final ? 'close' : 'cut', peer, reason });
  }
}

function deadlineMs({ taskMs }: Guest, tasks: number): number {
  if (taskMs === undefined) return OVERDUE.firstMs;
  return Math.max(OVERDUE.leastMs, OVERDUE.factor * taskMs * tasks);
}

/** The values of a batch; nothing where the bytes are none. */
function listOf(packed: Uint8Array): readonly unknown[] | undefined {
  try {
    const values = unpackValue(packed);
    return Array.isArray(values) ? values : undefined;
  } catch {
    return undefined;
  }
}
