// For tests on a real Slurm: its commands, what to run, and how to wait for what Slurm does in its own time.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { partition } from '../../lib/sampling/partition.js';
import { keyOfSeed } from '../../lib/sampling/seed.js';
import { startSlurm, type SlurmOptions } from '../../lib/slurm/executor.js';
import type { Executor, ExecutorEvent } from '../../lib/task/executor.js';
import type { Task } from '../../lib/task/task.js';
import { CONTRACT_TASKS } from './executor-contract.js';

const parent = mkdtempSync(join(tmpdir(), 'lola-slurm-tests-'));
afterAll(() => rmSync(parent, { recursive: true }));

export const lola = fileURLToPath(new URL('./lola.mjs', import.meta.url));
/** A folder for this test file's runs, gone when it is over. */
export const folder = (name: string): string => join(parent, name);
/** What a command of Slurm's prints. */
export const slurm = (command: string, ...args: string[]): string =>
  spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();
/** Jobs that are not over, and elements where they are given a name of their own. */
export const own = (): string[] => slurm('squeue', '-h', '--me', '-o', '%i').split('\n').filter(Boolean);
export const start = (name: string, options: SlurmOptions = {}): Promise<Executor> =>
  startSlurm({ directory: folder(name), tasks: [CONTRACT_TASKS], workers: 4, ...options });

export const KEY = keyOfSeed('faults');
export function countTasks(samples: number, parts: number): Task[] {
  return Array.from(partition(samples, parts), (part, i) => ({
    key: `count-${i}`,
    operation: 'countInside',
    input: { key: KEY, ...part },
  }));
}
export const sum = (values: readonly unknown[]): number => (values as number[]).reduce((a, b) => a + b, 0);
export const spins = (count: number, ms: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({ key: `spin-${i}`, operation: 'spin', input: ms }));

/** Slurm holds a requeued job for two minutes; this ends the hold once it has begun. */
export async function hasten(element: string): Promise<void> {
  await expect.poll(() => slurm('squeue', '-h', '-j', element, '-o', '%T %r')).toBe('PENDING BeginTime');
  const held = Date.now(); // a node refuses a job whose permit is of the very second in which the last one was revoked
  await expect.poll(() => Date.now() - held).toBeGreaterThan(2500);
  slurm('scontrol', 'update', `jobid=${element}`, 'starttime=now');
}

/** Calls `act` once, when the first task of the run has begun. */
export function onStart(act: () => void): (event: ExecutorEvent) => void {
  let done = false;
  return ({ type }) => {
    if (type !== 'started' || done) return;
    done = true;
    act();
  };
}
