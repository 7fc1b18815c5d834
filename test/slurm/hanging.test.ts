// Slurm's commands that hang, and heed no signal that asks them to end. The time that they have is short here.
import type { ExecFileOptions } from 'node:child_process';
import type * as childProcess from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { jobStates, jobsWithComment, sbatch, scancel } from '../../lib/slurm/commands.js';
import { onLoginNode } from '../../tools/slurm/login-node.js';
import { makeSite, type Answers } from '../support/slurm-site.js';

/** What hangs for ever hangs for this long. */
const SHORT_MS = 300;
vi.mock('node:child_process', async (original) => {
  const actual = await original<typeof childProcess>();
  const execFile = (file: string, words: string[], options: ExecFileOptions, done: () => void) =>
    actual.execFile(file, words, { ...options, timeout: SHORT_MS }, done);
  return { ...actual, execFile };
});

let parent: string;
beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'lola-hanging-'))));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});
const HANGS = "trap '' TERM INT HUP; while :; do sleep 0.1; done";
const site = (answers: Answers) => vi.stubEnv('PATH', makeSite(parent, answers).path);

describe.skipIf(process.platform === 'win32')('a command that hangs', () => {
  test.each([
    ['sbatch', () => sbatch('script.sh', 'mine')],
    ['squeue', () => jobsWithComment('mine')],
    ['scontrol', () => jobStates(['7'], 'mine')],
    ['scancel', () => scancel(['7'])],
  ] as const)('is ended, and the controller called away: %s', async (name, call) => {
    site({ [name]: HANGS });
    await expect(call()).rejects.toThrow(`${name}: Slurm's controller does not answer (it took too long).`);
  });

  test('does not hold up a program that only asks whether it is on a login node', () => {
    site({ scontrol: HANGS });
    expect(onLoginNode({})).toBe(false);
  });
});
