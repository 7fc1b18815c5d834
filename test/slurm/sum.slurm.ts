// A reader's own sum as a job array: the module travels in the run's folder, and the integer is the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { chooseGrains, sumTerms, type SumInput } from '../../lesson/capstone/sum.js';
import { startSerial } from '../../lib/execute/serial.js';
import { measureOnce } from '../../lesson/capstone/measure.js';
import { startSlurm } from '../../lib/slurm/executor.js';
import { taskModule } from '../../lib/task/module.js';

const directory = mkdtempSync(join(tmpdir(), 'lola-runs-'));
afterAll(() => rmSync(directory, { recursive: true }));

const own = ({ start, length, terms, grains }: SumInput) => {
  let total = 0;
  for (let i = start; i < start + length; i++) total += Math.floor(grains / (1 + (i + 0.5) / terms) + 0.5);
  return total;
};

test('Slurm gives the integer of the serial stage, in another cut', async () => {
  const tasks = [taskModule({ own })];
  const sum = { operation: 'own', terms: 100_003, grains: chooseGrains(100_003, 1), width: 1 };
  const serial = await startSerial({ tasks });
  const total = await sumTerms(serial, sum, 1);
  await serial.close();
  const executor = await startSlurm({ directory, tasks, workers: 4, elements: 4 });
  const stage = await measureOnce(sum, 'slurm', { executor }, 7);
  await executor.close();
  expect(stage).toEqual({ stage: 'slurm', workers: 4, totals: [{ pieces: 7, total }] });
});
