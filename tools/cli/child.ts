// What the processes of a local cluster run: a scheduler or a worker, as the parent orders; never longer than the parent.
import { startScheduler } from '../../lib/cluster/scheduler.js';
import type { ChildOrder, ChildReport } from '../../lib/cluster/local.js';
import type { Target } from '../../lib/cluster/channel.js';
import type { ClusterWorker } from '../../lib/cluster/worker.js';

// The parent closed the cluster, was killed, or its notebook was restarted.
process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the children too; the parent says when they end.
process.on('SIGINT', () => {});

let join: (target: Target) => void;
const joined = new Promise<Target>((resolve) => (join = resolve));
let worker: ClusterWorker | undefined;

process.on('message', (order: ChildOrder) => {
  follow(order).catch((error: Error) => report({ type: 'failed', message: error.message }));
});

async function follow(order: ChildOrder): Promise<void> {
  switch (order.role) {
    case 'scheduler': {
      const { addresses, token } = await startScheduler({ port: 0, heartbeatMs: order.heartbeatMs, log });
      return report({ type: 'up', target: { addresses, token } });
    }
    case 'worker': {
      const [{ startPool }, { startWorker }] = await Promise.all([
        import('../../lib/execute/pool.js'),
        import('../../lib/cluster/worker.js'),
      ]);
      const executors = await Promise.all(
        Array.from({ length: order.threads }, () => startPool({ workers: 1, tasks: order.tasks })),
      );
      const target = await joined;
      worker = startWorker({ find: () => target, executors, name: order.name, log });
      await worker.joined;
      report({ type: 'up' });
      await worker.ended;
      process.exit(0);
      break;
    }
    case 'join':
      return join(order.target);
    case 'drain':
      await worker?.drain();
      process.exit(0);
  }
}

function log(line: string): void {
  report({ type: 'log', line });
}

function report(what: ChildReport): void {
  process.send?.(what);
}
