// The states of the cluster's machines in a few words, as the first lines of their files print them.
import type { ClientMachine } from '../../lib/cluster/client.js';
import type { Entry } from '../../lib/cluster/records.js';
import type { SchedulerMachine } from '../../lib/cluster/scheduler.js';
import type { WorkerMachine } from '../../lib/cluster/worker.js';
import type { Drawn, RunFace } from '../../lib/task/run.js';

const set = (items: Iterable<string | number>) => {
  const text = [...items].join(', ');
  return text === '' ? '{ }' : `{ ${text} }`;
};
const lines = (fields: Readonly<Record<string, string>>) => {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields).map(([name, text]) => `${name.padEnd(width)}  ${text}`);
};

/** Tasks that follow one another, as 'task-4 .. task-11'. */
function span(entries: readonly Entry[]): string {
  const keys = entries.map(({ key }) => key);
  return keys.length > 2 ? `${keys[0]} .. ${keys.at(-1)}` : keys.join(' ');
}

export function schedulerState({ waiting, free, workers, clients }: SchedulerMachine): string[] {
  const queued = [...clients.values()]
    .flatMap(({ entries }) => [...entries.values()])
    .filter((entry) => !entry.batch);
  return lines({
    waiting: set(
      Array.from(waiting, (line) => {
        const [kind] = [...line.client.lines].find(([, each]) => each === line)!;
        return `${line.client.name}, ${kind}: ${span(queued.filter((entry) => entry.line === line))}`;
      }),
    ),
    free: set(Array.from(free, ({ name }) => name)),
    workers: set(
      Array.from(workers.values(), ({ name, assignments }) => {
        const batches = Array.from(
          assignments.values(),
          ({ batch }) => `batch ${batch.number} = ${span(batch.tasks)}`,
        );
        return `${name}: ${batches.join(', ') || 'nothing'}`;
      }),
    ),
  });
}

export function workerState(machine: WorkerMachine): string[] {
  const { peer, running, ahead, leaving } = machine as unknown as {
    peer?: number;
    running: Set<number>;
    ahead: Map<number, unknown>;
    leaving: boolean;
  };
  return [`peer ${peer}, running ${set(running)}, ahead ${set(ahead.keys())}, leaving ${leaving}`];
}

/** @param names what the runs are called */
export function clientState(machine: ClientMachine, names: ReadonlyMap<RunFace, string>): string[] {
  const { runs, drawing, submitted, window } = machine as unknown as {
    runs: Map<RunFace, Set<number>>;
    drawing: Set<RunFace>;
    submitted: Map<number, { drawn: Drawn }>;
    window: number;
  };
  return lines({
    runs: set(Array.from(runs, ([run, ids]) => `${names.get(run)}: ${[...ids].join(' ')}`)),
    drawing: set(Array.from(drawing, (run) => names.get(run)!)),
    submitted: set(Array.from(submitted, ([id, { drawn }]) => `${id}: ${drawn.task.key}`)),
    window: String(window),
  });
}
