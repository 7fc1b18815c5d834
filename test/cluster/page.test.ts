// The cluster of a page, on Node's own MessagePorts and threads; test/browser runs the same in pages.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalCluster } from '../../lib/cluster/local.js';
import { startCluster } from '../../lib/cluster/page-local.js';
import { counting, sum, until } from '../support/cluster.js';
import { CONTRACT_TASKS, executorContract } from '../support/executor-contract.js';

let cluster: LocalCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, threads: 2, tasks: [CONTRACT_TASKS] });
});
afterAll(() => cluster?.close());

executorContract('a page’s cluster of 2 workers with 2 threads each', () => cluster.connect(), {
  survivesExit: true,
  stopsForever: true,
});

test('a worker that is killed in mid-run leaves, another one joins, and the count is exact', async () => {
  const executor = await cluster.connect();
  const { tasks, inside } = counting(30_000_000, 60);
  let killed = false;
  const left: string[] = [];
  const values = await executor.run(tasks, {
    onEvent: (event) => {
      if (event.type === 'left') left.push(event.reason);
      if (event.type !== 'started' || killed) return;
      killed = true;
      cluster.workers.find(({ name }) => name === event.worker)!.kill();
      void cluster.startWorker('successor');
    },
  });
  expect(sum(values)).toBe(inside);
  expect(left).toEqual(['its connection broke off: killed']);
  await until(() => cluster.workers.map(({ name }) => name).includes('successor'));
  await until(() => cluster.workers.length === 2); // who was killed is gone from the list
  await executor.close();
});

test('a cluster that is closed while a worker starts ends that start, too, and starts no more', async () => {
  const own = await startCluster({ workers: 1 });
  const starting = own.startWorker().catch(({ code }: { code: string }) => code);
  await own.close();
  expect(await starting).toBe('PROTOCOL');
  await expect(own.startWorker()).rejects.toThrow('startWorker: this cluster is closed. Start a new one.');
});
