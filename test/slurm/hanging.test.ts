// Slurm's commands that hang, and heed no signal that asks them to end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adviseOn } from '../../lib/slurm/advice.js';
import { call } from '../../lib/slurm/commands.js';
import { onLoginNode } from '../../tools/slurm/login-node.js';
import { makeSite, type Answers } from '../support/slurm-site.js';

let parent: string;
beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'lola-hanging-'))));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});
const HANGS = "trap '' TERM INT HUP; while :; do sleep 0.1; done";
const site = (answers: Answers) => vi.stubEnv('PATH', makeSite(parent, answers).path);

describe.skipIf(process.platform === 'win32')('a command that hangs', () => {
  test.each(['sbatch', 'squeue', 'scontrol', 'scancel'])(
    'is ended, and the controller called away: %s',
    async (name) => {
      site({ [name]: HANGS });
      const { code, stderr } = await call(name, ['7'], 300);
      expect(adviseOn(name, code, stderr)).toMatch(
        `${name}: Slurm's controller does not answer (it took too long).`,
      );
    },
  );

  test('does not hold up a program that only asks whether it is on a login node', () => {
    site({ scontrol: HANGS });
    expect(onLoginNode({})).toBe(false);
  });
});
