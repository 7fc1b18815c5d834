// The page of pool.browser.mjs: the executor contract on the page's own pool, and the lesson's known counts.
import { expect, test } from 'vitest';
import { estimateChunked } from '../../../lib/estimators/chunked.js';
import { estimatePool } from '../../../lib/estimators/pool.js';
import { estimateSerial } from '../../../lib/estimators/serial.js';
import { startCluster } from '../../../lib/cluster/local.js';
import { estimateDistributed } from '../../../lib/estimators/distributed.js';
import { startPool } from '../../../lib/execute/pool.js';
import { startSerial } from '../../../lib/execute/serial.js';
import { CONTRACT_TASKS, executorContract } from '../../support/executor-contract.js';
import { runTests } from './collect.js';

declare const location: { readonly href: string };
const tasks = [new URL(CONTRACT_TASKS, location.href).href];

executorContract('serial in a page', () => startSerial({ tasks }), {
  survivesExit: false,
  stopsForever: false,
});
executorContract('a page’s pool of 2', () => startPool({ workers: 2, tasks }), {
  survivesExit: true,
  stopsForever: true,
});

const cluster = startCluster({ workers: 2, threads: 2, tasks });
executorContract('a page’s cluster of 2 workers with 2 threads each', async () => (await cluster).connect(), {
  survivesExit: true,
  stopsForever: true,
});

test('seed 2017: every stage counts 784 895 of 1e6 samples', async () => {
  const estimates = [
    await estimateSerial(1e6),
    await estimatePool(1e6, { workers: 2 }),
    await estimateChunked(1e6, { workers: 2 }),
    await estimateChunked(1e6, { workers: 2, kernel: 'reference' }),
    await estimateDistributed(1e6, { workers: 2 }),
  ];
  expect(estimates.map(({ inside }) => inside)).toEqual(new Array(5).fill(784_895));
});

test('seed 2017: the page’s pool counts 78 547 364 of 1e8 samples', async () => {
  expect((await estimateChunked(1e8, { workers: 2 })).inside).toBe(78_547_364);
});

test('the page has no shared memory', () => {
  expect(typeof SharedArrayBuffer).toBe('undefined');
});

void runTests().then((ends) => fetch('/results', { method: 'POST', body: JSON.stringify(ends) }));
