import { afterAll, beforeAll } from 'vitest';
import { startCluster, type LocalCluster } from '../../lib/cluster/local.js';
import { CONTRACT_TASKS, executorContract } from '../support/executor-contract.js';

let cluster: LocalCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, threads: 2, tasks: [CONTRACT_TASKS] });
});
afterAll(() => cluster?.close());

executorContract('cluster of 2 workers with 2 threads each', () => cluster.connect(), {
  survivesExit: true,
  stopsForever: true,
});
