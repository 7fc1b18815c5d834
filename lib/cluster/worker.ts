// The worker's machine: which batches run, and what it tells the scheduler about them.
//
// From the scheduler: welcome, assign, stop          To the scheduler: hello, started, done, leave
// From its shell: begun, ended, leave                To its shell: run, stop
//
// For example, a worker of two threads that was sent batch 7 twice, as the simulation does and a network should not:
//
//   peer 3, running { 5, 7 }, ahead { }, leaving false         the second 'assign 7' changed nothing
//
// Each batch is answered once, with `done`. A worker that leaves answers for what it runs, and gives back all else.
import type { FromScheduler, ToScheduler } from './messages.js';
import { sendTo, type NetAction, type Net, type StateMachine } from './state-machine.js';

/** How a batch ended, with times (ms since 1970) in place of ages. */
export type BatchResult = Omit<ToScheduler<'done'>, 'op' | 'batch' | 'ages'> & {
  readonly times: readonly number[];
};

/** What happens to a worker, beside its connection. */
export type WorkerEvent =
  | Net<FromScheduler>
  | { readonly type: 'begun'; readonly batch: number; readonly thread: number; readonly time: number }
  | { readonly type: 'ended'; readonly batch: number; readonly result: BatchResult }
  | { readonly type: 'leave' };

/** What it wants done. A thread is free for each `run`, and a `stop` is answered by `ended` soon. */
export type WorkerAction =
  | NetAction<ToScheduler>
  | ({ readonly type: 'run' } & Omit<FromScheduler<'assign'>, 'op'>)
  | { readonly type: 'stop'; readonly batch: number };

export class WorkerMachine implements StateMachine<WorkerEvent, WorkerAction> {
  private peer: number | undefined;
  private readonly running = new Set<number>();
  /** Of a connection that is gone: nobody waits for them, and their threads are about to stop. */
  private readonly ending = new Set<number>();
  /** Came before a thread was free: while threads stop after a reconnection. */
  private readonly ahead = new Map<number, FromScheduler<'assign'>>();
  private leaving = false;

  /** @param hello what it says first on each connection */
  constructor(private readonly hello: ToScheduler<'hello'>) {}

  handle(event: WorkerEvent, now: number): readonly WorkerAction[] {
    switch (event.type) {
      case 'opened':
        this.peer = event.peer;
        return this.leaving ? this.goodbye() : this.send(this.hello);
      case 'message':
        return event.peer === this.peer ? this.message(event.message) : []; // of an old connection, in the simulation
      case 'closed':
        return event.peer === this.peer ? this.closed() : [];
      case 'begun': {
        const { batch, thread, time } = event;
        return this.running.has(batch) ? this.send({ op: 'started', batch, thread, age: now - time }) : [];
      }
      case 'ended':
        return this.ended(event.batch, event.result, now);
      case 'leave':
        return this.leave();
    }
  }

  private message(message: FromScheduler): readonly WorkerAction[] {
    if (message.op === 'assign') {
      if (this.running.has(message.batch) || this.ahead.has(message.batch)) return []; // sent twice
      if (this.leaving) return this.send(givenBack(message.batch));
      this.ahead.set(message.batch, message);
      return this.runNext();
    }
    if (message.op !== 'stop') return [];
    const { batch } = message;
    if (this.ahead.delete(batch)) return this.send(givenBack(batch));
    return this.running.has(batch) ? [{ type: 'stop', batch }] : [];
  }

  private ended(batch: number, { times, ...result }: BatchResult, now: number): readonly WorkerAction[] {
    if (this.ending.delete(batch)) return this.runNext();
    this.running.delete(batch);
    const ages = Float64Array.from(times, (time) => Math.max(0, now - time));
    return [...this.send({ op: 'done', batch, ages, ...result }), ...this.runNext(), ...this.goodbye()];
  }

  private leave(): readonly WorkerAction[] {
    this.leaving = true;
    const back = Array.from(this.ahead.keys(), givenBack);
    this.ahead.clear();
    return [...this.send({ op: 'leave' }, ...back), ...this.goodbye()];
  }

  /** The connection is gone, and with it everything that was assigned on it. */
  private closed(): readonly WorkerAction[] {
    this.peer = undefined;
    this.ahead.clear();
    const stopped = [...this.running];
    this.running.clear();
    for (const batch of stopped) this.ending.add(batch);
    return stopped.map((batch) => ({ type: 'stop', batch }) as const);
  }

  private goodbye(): readonly WorkerAction[] {
    if (!this.leaving || this.running.size > 0 || this.peer === undefined) return [];
    return [{ type: 'close', peer: this.peer, reason: 'left' }];
  }

  private runNext(): readonly WorkerAction[] {
    const actions: WorkerAction[] = [];
    for (const [batch, { tasks }] of this.ahead) {
      if (this.running.size + this.ending.size >= this.hello.threads) break;
      if (this.ending.has(batch)) continue; // the scheduler may give it again
      this.ahead.delete(batch);
      this.running.add(batch);
      actions.push({ type: 'run', batch, tasks });
    }
    return actions;
  }

  private send(...messages: readonly ToScheduler[]): readonly WorkerAction[] {
    return sendTo(this.peer, messages);
  }
}

const NOTHING = { thread: 0, count: 0, ages: new Float64Array(0), values: new Uint8Array([0x90]) }; // msgpack's empty list

function givenBack(batch: number): ToScheduler {
  return { op: 'done', batch, ...NOTHING };
}
