// `npm run test:many`: joins 500 and 2 000 workers that only answer, and compares: how long joining takes, tasks a second, who is lost.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { connect, dial, startScheduler } from '../../dist/lib/cluster/index.js';
import { Connection } from '../../dist/lib/cluster/connection.js';
import { decodeFromScheduler } from '../../dist/lib/cluster/messages.js';
import { packValue } from '../../dist/lib/task/pack.js';

const TASKS = 20_000;
/** Of those that dial at the same time, so many are at the door. */
const AT_ONCE = 16;

/** Workers that answer at once, on a thread of their own. */
async function answer({ target, count }) {
  let lost = 0;
  const join = async (name) => {
    const wire = await dial(target).catch(() => undefined);
    if (!wire) return join(name); // a busy machine: as a worker does, it tries again
    return new Promise((resolve) => {
      const onMessage = (message) => {
        if (message.op === 'welcome') resolve();
        if (message.op !== 'assign') return;
        const { length } = message.tasks;
        const values = packValue(new Array(length).fill(1));
        const done = { op: 'done', batch: message.batch, thread: 0, count: length, values };
        connection.send({ ...done, ages: new Float64Array(2 * length) });
      };
      const connection = new Connection(
        wire,
        decodeFromScheduler,
        { onMessage, onClosed: () => lost++ },
        1000,
      );
      connection.send({ op: 'hello', role: 'worker', name, threads: 1, instance: name });
    });
  };
  let next = 0;
  const joining = async () => {
    while (next < count) await join(`w${next++}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, joining));
  parentPort.postMessage('joined');
  parentPort.on('message', () => parentPort.postMessage(lost));
}

async function measure(count) {
  const scheduler = await startScheduler({ port: 0 });
  const target = { addresses: [scheduler.address], token: scheduler.token };
  const began = performance.now();
  const thread = new Worker(fileURLToPath(import.meta.url), { workerData: { target, count } });
  const told = () => new Promise((resolve) => thread.once('message', resolve));
  await told();
  const joinMs = performance.now() - began;
  const executor = await connect({ address: scheduler.address, token: scheduler.token });
  const tasks = Array.from({ length: TASKS }, (_, i) => ({ key: `k${i}`, operation: 'x', input: i }));
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const values = await executor.run(tasks);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  thread.postMessage('lost?');
  const lost = await told();
  await executor.close();
  await thread.terminate();
  await scheduler.close();
  const right = values.length === TASKS && values.every((value) => value === 1);
  const rate = TASKS / seconds;
  const cpuUs = (user + system) / TASKS;
  console.log(
    `${count} workers: joined in ${(joinMs / 1000).toFixed(2)} s (${(joinMs / count).toFixed(2)} ms each), ` +
      `${rate.toFixed(0)} tasks/s, ${cpuUs.toFixed(0)} us CPU a task, ${lost} lost, ${right ? 'exact' : 'WRONG'}`,
  );
  return { rate, lost, right, each: joinMs / count };
}

if (!isMainThread) await answer(workerData);
else {
  await measure(50); // warm
  const [few, many] = [await measure(500), await measure(2000)];
  const ok = [few, many].every(({ lost, right }) => lost === 0 && right);
  const flat = many.rate > few.rate / 2 && many.each < 2 * few.each;
  console.log(ok && flat ? 'ok' : 'FAIL');
  process.exit(ok && flat ? 0 : 1);
}
