import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { startSlurm } from '../../lib/slurm/executor.js';
import { CONTRACT_TASKS, executorContract } from '../support/executor-contract.js';

const directory = mkdtempSync(join(tmpdir(), 'lola-runs-'));
afterAll(() => rmSync(directory, { recursive: true }));

const start = () => startSlurm({ directory, tasks: [CONTRACT_TASKS], workers: 4, elements: 4 });

executorContract('Slurm', start, {
  survivesExit: true,
  stopsForever: true,
  needsWholeList: true,
  mostMs: 300_000,
});
