// A cluster within one page: scheduler, workers and clients on its own thread, joined by MessagePorts; tasks on Web Workers.
// Bundlers for browsers take this file instead of local.ts and connect.ts (see package.json).
import { InvalidArgumentError, ProtocolError } from '../errors.js';
import { startThreads } from '../execute/threads.js';
import type { Executor } from '../task/executor.js';
import type { Wire } from './connection.js';
import { OwnCluster, type ClusterOptions, type LocalCluster, type LocalWorker } from './local-cluster.js';
import { openClient, type ClientOptions } from './client-shell.js';
import { SchedulerShell } from './scheduler-shell.js';
import { startWorker } from './worker-shell.js';

/** As startCluster of local.ts: workers are killed and drained alike, and have no process. */
export function startCluster(options: ClusterOptions = {}): Promise<LocalCluster> {
  return new PageCluster(options).start();
}

/** As startCluster, with a client, as one executor: closing it ends both. */
export async function startClusterExecutor(options: ClusterOptions): Promise<Executor> {
  return (await new PageCluster(options).start()).executor();
}

/** A page reaches no scheduler outside it. */
export async function connect(): Promise<Executor> {
  throw new InvalidArgumentError(
    'connect: a page can only have a cluster of its own. Leave out the scheduler.',
  );
}

class PageCluster extends OwnCluster {
  readonly address = 'this page';
  readonly token = '';
  private readonly scheduler = new SchedulerShell({ ...this.options, log: (line) => this.log.push(line) });

  protected async open(): Promise<void> {
    this.scheduler.log('INFO', `  Scheduler at:  ${this.address}`); // it is up already
  }

  protected async launch(name: string): Promise<LocalWorker & { readonly ended: Promise<unknown> }> {
    const { threads: count = 1, tasks } = this.options;
    const threads = await startThreads({ count, tasks });
    let wire: Wire | undefined;
    let killed = false;
    const dial = async () => {
      if (killed || this.closed) throw new ProtocolError(`worker ${name}: killed`);
      return (wire = this.dial());
    };
    const worker = startWorker({ dial, threads, name, log: (line) => this.log.push(line) });
    const kill = () => {
      killed = true;
      wire?.destroy();
      void threads.close();
    };
    const ended = worker.ended.catch(() => {}).then(() => threads.close());
    await worker.joined;
    return { name, pid: NaN, kill, drain: () => worker.drain(), ended };
  }

  protected openClient(options: ClientOptions): Promise<Executor> {
    return openClient(async () => this.dial(), options);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const worker of [...this.workers]) worker.kill();
    this.scheduler.close();
  }

  private dial(): Wire {
    const { port1, port2 } = new MessageChannel();
    this.scheduler.accept(wireOf(port1));
    return wireOf(port2);
  }
}

/** A port carries bytes and, as its last message, why it was closed: nothing else would say so, on either side. */
function wireOf(port: MessagePort): Wire {
  let gone = (_reason: string) => {};
  const end = (reason: string) => {
    port.postMessage(reason);
    port.close();
    queueMicrotask(() => gone(reason));
  };
  return {
    listen(onBytes, onClosed) {
      gone = onClosed;
      port.onmessage = ({ data }: { data: Uint8Array | string }) => {
        if (typeof data !== 'string') return onBytes(data);
        port.close();
        onClosed(data);
      };
    },
    send: (data) => port.postMessage(new Uint8Array(data)), // a copy: a view would take its whole buffer along
    ping: () => {},
    received: () => NaN,
    close: () => end('connection closed'),
    destroy: () => end('its connection broke off: killed'),
  };
}
