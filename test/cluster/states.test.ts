// The first comment of each machine's file prints a state: here the machine is brought there, and prints it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ClientMachine, type ClientEvent } from '../../lib/cluster/client.js';
import type { FromScheduler, ToScheduler } from '../../lib/cluster/messages.js';
import { SchedulerMachine } from '../../lib/cluster/scheduler.js';
import { WorkerMachine } from '../../lib/cluster/worker.js';
import { packValue } from '../../lib/task/pack.js';
import { Run, type RunFace } from '../../lib/task/run.js';
import type { Task } from '../../lib/task/task.js';
import { clientState, schedulerState, workerState } from '../support/states.js';

/** The indented lines of a file's first comment, up to what they are explained with. */
function printedIn(file: string): string[] {
  const text = readFileSync(new URL(`../../lib/cluster/${file}`, import.meta.url), 'utf8');
  const head = text.slice(0, text.search(/^[^/]/m)).split('\n');
  return head
    .filter((line) => line.startsWith('//   '))
    .map((line) => line.slice(5).replace(/(?<=[}\d]|false) {4,}.*$/, ''));
}
const tasks = (name: string, count: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({ key: `${name}-${i}`, operation: 'countInside', input: i }));

test('scheduler.ts', () => {
  const machine = new SchedulerMachine({ heartbeatMs: 1000, firstBatch: 0 });
  const hear = (peer: number, message: ToScheduler, now = 0) =>
    machine.handle({ type: 'message', peer, message }, now);
  const hello = { op: 'hello', threads: 1, instance: '-' } as const;
  hear(0, { ...hello, role: 'client', name: 'client-0' });
  const submitted = tasks('task', 12).map(({ key }, id) => ({ id, key, payload: new Uint8Array(1) }));
  hear(0, { op: 'submit', kind: 'countInside', tasks: submitted });
  for (const i of [0, 1]) hear(1 + i, { ...hello, role: 'worker', name: `worker-${i}` });
  hear(
    1,
    { op: 'done', batch: 0, thread: 0, count: 1, ages: Float64Array.of(1, 0), values: packValue([0]) },
    1,
  );
  expect(printedIn('scheduler.ts')).toEqual(schedulerState(machine));
});

test('worker.ts', () => {
  const hello = { op: 'hello', role: 'worker', name: 'w', threads: 2, instance: '-' } as const;
  const machine = new WorkerMachine(hello);
  machine.handle({ type: 'opened', peer: 3 }, 0);
  for (const batch of [5, 7, 7])
    machine.handle({ type: 'message', peer: 3, message: { op: 'assign', batch, tasks: [] } }, 0);
  expect(printedIn('worker.ts')).toEqual(workerState(machine));
});

test('client.ts', () => {
  const machine = new ClientMachine('client');
  const handle = (event: ClientEvent) => machine.handle(event, 0);
  const hear = (message: FromScheduler) => handle({ type: 'message', peer: 0, message });
  const names = new Map<RunFace, string>();
  const start = (name: string, count: number) => {
    const run = new Run(tasks(name.toLowerCase(), count), {});
    names.set(run, name);
    handle({ type: 'run', run });
  };
  handle({ type: 'opened', peer: 0 });
  const status = { running: 0, finished: 0, leaving: false };
  const workers = [{ name: 'w', threads: 1, ...status }];
  hear({ op: 'welcome', heartbeatMs: 1000, workers, clients: 1, waiting: 0 });
  start('A', 20);
  start('B', 20);
  const finished = (ids: number[]) => {
    const ages = Float64Array.from(ids.flatMap(() => [1, 0]));
    hear({ op: 'finished', ids, worker: 'w', thread: 0, ages, values: packValue(ids) });
  };
  for (const ids of [[0], [1], [2], [3], [4], [5], [6], [7]]) finished(ids);
  expect(printedIn('client.ts')).toEqual(clientState(machine, names));
});
