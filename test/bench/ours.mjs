// This project as a program that measures itself warm, with the command line and the line of JSON of the peers.
import { readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { countInside, keyOfSeed, startPool, startSerial } from '../../dist/lib/index.js';
import { STAGES } from '../../dist/lib/estimators/index.js';
import { startClusterExecutor } from '../../dist/lib/cluster/local.js';
import { peakMemoryBytes } from '../../dist/tools/measure/memory.js';

/** What starts the executor of a stage, so that its start is not in what a stage takes. */
const START = {
  serial: () => startSerial(),
  pool: startPool,
  chunked: startPool,
  distributed: startClusterExecutor,
};

const { values } = parseArgs({
  options: {
    stage: { type: 'string' },
    samples: { type: 'string' },
    workers: { type: 'string' },
    repeats: { type: 'string', default: '1' },
    // V8 compiles a loop anew as it learns of it: after so many samples it is done.
    'warm-up': { type: 'string', default: '20000000' },
    // What the stage is given beside samples and executor, as { "kernel": "simd" }.
    options: { type: 'string', default: '{}' },
  },
});
const [samples, workers, repeats, warmUp] = ['samples', 'workers', 'repeats', 'warm-up'].map((name) =>
  Number(values[name]),
);
const { run, close } = values.stage === 'countInside' ? plain() : await stage(values.stage);

const startupSeconds = performance.now() / 1000; // since Node began
await run(Math.min(samples, warmUp));
const seconds = [];
const cpuSeconds = [];
let inside;
for (let repeat = 0; repeat < repeats; repeat++) {
  const cpu = cpuTime();
  const began = performance.now();
  inside = await run(samples);
  seconds.push((performance.now() - began) / 1000);
  cpuSeconds.push(cpuTime() - cpu);
}
const peak = peakMemoryBytes() + children().reduce((sum, pid) => sum + peakOf(pid), 0);
await close();
const measured = { seconds, cpuSeconds, startupSeconds, peakMemoryBytes: peak };
console.log(JSON.stringify({ samples, workers, inside, pi: (4 * inside) / samples, ...measured }));

/** CPU time of this process and its children, in s. */
function cpuTime() {
  const { user, system } = process.cpuUsage();
  return children().reduce((sum, pid) => sum + cpuTimeOf(pid), (user + system) / 1e6);
}

/** The processes of a cluster, where the system lists them (Linux; see proc(5) for the fields below). */
function children() {
  if (process.platform !== 'linux') return [];
  const text = readdirSync('/proc/self/task').map((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8'),
  );
  return text.join(' ').split(' ').filter(Boolean);
}

function cpuTimeOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // of hundredths of a second
}

function peakOf(pid) {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

/** The loop that learners read, called by itself. */
function plain() {
  const key = keyOfSeed();
  return { run: (count) => countInside(key, 0, count), close: () => {} };
}

async function stage(name) {
  const estimate = await STAGES[name]();
  const executor = await START[name]({ workers });
  const options = { ...JSON.parse(values.options), executor };
  return { run: async (count) => (await estimate(count, options)).inside, close: () => executor.close() };
}
