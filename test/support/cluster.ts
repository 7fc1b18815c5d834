// What the tests of the cluster share: tasks that count, waiting for a condition, and processes that end with the test.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasEnded } from '../../lib/machine.js';
import { countInside } from '../../lib/sampling/kernel.js';
import { partition } from '../../lib/sampling/partition.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import type { Task, Value } from '../../lib/task/task.js';

/** The operations of the contract, and those that take their process with them or wait for a gate. */
export const CLUSTER_TASKS = [
  new URL('./tasks.mjs', import.meta.url).href,
  new URL('./cluster-tasks.mjs', import.meta.url).href,
];

const KEY = keyOfSeed('cluster');

/** Tasks that together count `total` samples in `parts` parts, and the count they must give. */
export function counting(total: number, parts: number): { readonly tasks: Task[]; readonly inside: number } {
  const tasks = Array.from(partition(total, parts), (part) => ({
    key: `count-${part.start}`,
    operation: 'countInside',
    input: { key: KEY, ...part },
  }));
  return { tasks, inside: countInside(KEY, 0, total) };
}

/** Adds up what they gave. */
export function sum(values: readonly Value[]): number {
  return (values as readonly number[]).reduce((a, b) => a + b, 0);
}

/** Tasks of one operation, numbered. */
export function many(count: number, operation: string, input: Value): Task[] {
  return Array.from({ length: count }, (_, i) => ({ key: `${operation}-${i}`, operation, input }));
}

/** Resolves when the condition holds; the test's own limit of time ends it where it never does. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Whether a process is there and not only waits to be collected. */
export function isAlive(pid: number): boolean {
  return !hasEnded({ host: hostname(), pid });
}

/** A `lola` process with what it printed. */
export interface Lola {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts the `lola` command on the build that is there. */
export function lola(
  words: readonly string[],
  given: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Lola {
  const script = fileURLToPath(new URL('./lola.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, ...words], {
    stdio: 'pipe',
    cwd: given.cwd,
    env: { ...process.env, ...given.env },
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  child.stdin.end(given.input ?? '');
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code!)),
  );
  return { child, output: () => output, ended };
}

/** A folder of its own, and its removal. */
export function newFolder(): { readonly path: (name: string) => string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'lola-cluster-'));
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A task that runs until the gate opens and then gives 0: a run that holds it cannot end before a fault has struck. */
export interface Gate {
  readonly task: Task;
  readonly open: () => void;
  readonly remove: () => void;
}

let gates = 0;

export function gate(): Gate {
  const { path, remove } = newFolder();
  const file = path('open');
  const task = { key: `gate-${gates++}`, operation: 'hold', input: file };
  return { task, open: () => writeFileSync(file, ''), remove };
}
