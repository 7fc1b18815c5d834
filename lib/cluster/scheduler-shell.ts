// The scheduler's shell: connections, log and watchers around the machine that decides.
import { checkInteger, plain } from '../errors.js';
import { clock, type ExecutorEvent } from '../task/executor.js';
import { Connection, PIECE_BYTES, type Wire } from './connection.js';
import { Watcher, countThreads } from './events.js';
import { MOST_BYTES, decodeToScheduler, type ToScheduler } from './messages.js';
import type { SchedulerEvent } from './records.js';
import { SchedulerMachine, TICK_MS, type SchedulerAction } from './scheduler.js';
import { Shell } from './state-machine.js';
import { Store } from './store.js';

/** All inputs that wait for workers take this much, and so do all values that wait for clients; more waits outside (bytes). */
const MOST_WAITING = 256 * 2 ** 20;

/** What a worker's process last said about itself. */
export interface Vitals {
  readonly worker: string;
  readonly memoryBytes?: number;
  readonly time: number;
}

/** Who watches a scheduler, and how closely it watches its peers. */
export interface ServeOptions {
  /** How often peers must show that they are alive (ms, default 1000); after five times as long they are lost. */
  readonly heartbeatMs?: number;
  /** Called at each event of all clients' tasks, and as workers join and leave. */
  readonly onEvent?: (event: ExecutorEvent) => void;
  /** Called once a heartbeat for each worker. */
  readonly onVitals?: (vitals: Vitals) => void;
  /** Called with each line of the log. */
  readonly log?: (line: string) => void;
}

export class SchedulerShell {
  private readonly machine: SchedulerMachine;
  private readonly shell: Shell<SchedulerEvent, SchedulerAction>;
  private readonly connections = new Map<number, Connection<ToScheduler>>();
  private readonly inputs = new Store(MOST_WAITING, () => this.bytesOfInputs());
  private readonly values = new Store(MOST_WAITING);
  private readonly watcher = new Watcher((event) => this.watch(event));
  private readonly timers: readonly ReturnType<typeof setInterval>[];
  private readonly heartbeatMs: number;
  private nextPeer = 0;

  constructor(private readonly options: ServeOptions) {
    const { heartbeatMs = 1000 } = options;
    checkInteger('scheduler: heartbeatMs', heartbeatMs, 1, 'Leave it out for 1000.', 2 ** 31 - 1); // of a timer
    this.heartbeatMs = heartbeatMs;
    // Batch numbers start elsewhere in each scheduler, so that an answer to another one's is not taken for its own.
    this.machine = new SchedulerMachine({ heartbeatMs, firstBatch: Math.floor(Math.random() * 2 ** 50) });
    this.shell = new Shell(this.machine, (action) => this.perform(action));
    const tick = setInterval(() => this.shell.post({ type: 'tick' }), TICK_MS);
    this.timers = [tick, setInterval(() => this.reportVitals(), heartbeatMs)];
  }

  /** A peer has connected. */
  accept(wire: Wire): void {
    const peer = this.nextPeer++;
    const onMessage = (message: ToScheduler) => {
      if (message.op === 'hello') this.meet(peer, message.role);
      this.shell.post({ type: 'message', peer, message });
      this.inputs.serve(); // some may have been dropped
    };
    const onClosed = (reason: string) => {
      if (!this.forget(peer)) return;
      if (!this.machine.workers.has(peer) && !reason.startsWith('connection closed'))
        this.log('WARNING', `Lost ${this.nameOf(peer)}: ${reason}`);
      this.shell.post({ type: 'closed', peer, reason, blame: true });
      this.inputs.serve();
    };
    const onCongested = (congested: boolean) => this.shell.post({ type: 'congested', peer, congested });
    const listener = { onMessage, onClosed, onCongested };
    const connection = new Connection(wire, decodeToScheduler, listener, this.heartbeatMs, PIECE_BYTES);
    this.connections.set(peer, connection);
  }

  /** Sends everybody away. */
  close(): void {
    for (const timer of this.timers) clearInterval(timer);
    for (const peer of [...this.connections.keys()])
      this.forget(peer)?.close('the scheduler was closed', true);
  }

  log(level: 'INFO' | 'WARNING', text: string): void {
    this.options.log?.(plain(`lola.scheduler - ${level} - ${text}`));
  }

  /** A peer says hello: from now on it may send much, and its bytes are booked in the stores. */
  private meet(peer: number, role: 'worker' | 'client' | 'status'): void {
    const { inputs, values } = this;
    // A worker is only sent inputs, which are counted as long as they wait to be computed.
    const connection = this.connections.get(peer)!;
    connection.mostBytes = MOST_BYTES;
    connection.stores ??= role === 'worker' ? { incoming: values } : { incoming: inputs, outgoing: values };
  }

  private nameOf(peer: number): string {
    const { workers, clients } = this.machine;
    return (workers.get(peer) ?? clients.get(peer))?.name ?? 'a peer that has not said who it is';
  }

  private bytesOfInputs(): number {
    let bytes = 0;
    for (const client of this.machine.clients.values()) bytes += client.bytes;
    return bytes;
  }

  private perform(action: SchedulerAction): void {
    this.watcher.saw(action, clock());
    if (action.type === 'send')
      for (const peer of action.peers) this.connections.get(peer)?.send(action.message);
    // The machine knows already that these peers are gone.
    else if (action.type === 'close') this.forget(action.peer)?.close(action.reason, true);
    else if (action.type === 'cut') this.forget(action.peer)?.cut(action.reason);
  }

  private forget(peer: number): Connection<ToScheduler> | undefined {
    const connection = this.connections.get(peer);
    this.connections.delete(peer);
    return connection;
  }

  private reportVitals(): void {
    for (const { name, memoryBytes } of this.machine.workers.values())
      this.options.onVitals?.({ worker: name, memoryBytes, time: clock() });
  }

  private watch(event: ExecutorEvent): void {
    const here = () => `${this.machine.workers.size} here`;
    if (event.type === 'joined')
      this.log('INFO', `Worker joined: ${event.worker}, ${countThreads(event.threads)} (${here()})`);
    else if (event.type === 'left')
      this.log('INFO', `Worker left: ${event.worker} (${event.reason}; ${here()})`);
    this.options.onEvent?.(event);
  }
}
