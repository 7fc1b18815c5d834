// The price of a task on our cluster, and of a cluster: the modes, the command line and the line of JSON of
// peers/dask_distributed.py.
import { parseArgs } from 'node:util';
import { startClusterExecutor } from '../../dist/lib/cluster/local.js';

const MODULE = new URL('../support/tasks.mjs', import.meta.url).href;

const { values } = parseArgs({
  options: {
    mode: { type: 'string' },
    tasks: { type: 'string' },
    workers: { type: 'string' },
    repeats: { type: 'string', default: '1' },
    'warm-up': { type: 'string', default: '0' },
  },
});
const [tasks, workers, repeats, warmUp] = ['tasks', 'workers', 'repeats', 'warm-up'].map((name) =>
  Number(values[name]),
);
const task = (_, i) => ({ key: `double-${i}`, operation: 'double', input: i });
const made = (count) => Array.from({ length: count }, task);

/** What is done with so many tasks; each gives their values. */
const MODES = {
  submit: async (cluster, count) => {
    const runs = made(count).map((each) => cluster.run([each])); // none is waited for before all are on their way
    return { values: (await Promise.all(runs)).flat() };
  },
  map: async (cluster, count) => ({ values: await cluster.run(made(count)) }),
  await: async (cluster, count) => {
    const [found, latencies] = [[], []];
    for (const each of made(count)) {
      const began = performance.now();
      found.push(...(await cluster.run([each])));
      latencies.push((performance.now() - began) / 1000);
    }
    return { values: found, medianLatencySeconds: latencies.sort((a, b) => a - b)[count >> 1] };
  },
};

const measured = values.mode === 'startup' ? await startups() : await runs(MODES[values.mode]);
console.log(JSON.stringify({ tasks, workers, ...measured }));

/** A cluster from nothing until its last worker has joined. */
async function startups() {
  const seconds = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const began = performance.now();
    const cluster = await startClusterExecutor({ workers });
    seconds.push((performance.now() - began) / 1000);
    await cluster.close();
  }
  return { seconds };
}

async function runs(mode) {
  const cluster = await startClusterExecutor({ workers, tasks: [MODULE] });
  const [seconds, latencies] = [[], []];
  if (warmUp > 0) await mode(cluster, Math.min(tasks, warmUp));
  for (let repeat = 0; repeat < repeats; repeat++) {
    const began = performance.now();
    const { values: found, medianLatencySeconds } = await mode(cluster, tasks);
    seconds.push((performance.now() - began) / 1000);
    if (medianLatencySeconds !== undefined) latencies.push(medianLatencySeconds);
    if (found.length !== tasks || found.some((value, i) => value !== 2 * i))
      throw new Error(`tasks: ${values.mode} gave wrong results`);
  }
  await cluster.close();
  return latencies.length > 0 ? { seconds, medianLatencySeconds: latencies } : { seconds };
}
