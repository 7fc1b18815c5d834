// `npm run test:many`: joins 500 and 2 000 workers that only answer, and compares: what joining and a task cost, who is lost.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { connect } from '../../dist/lib/cluster/connect.js';
import { Connection } from '../../dist/lib/cluster/connection.js';
import { dial } from '../../dist/lib/cluster/dial.js';
import { decodeFromScheduler } from '../../dist/lib/cluster/messages.js';
import { startScheduler } from '../../dist/lib/cluster/start-scheduler.js';
import { packValue } from '../../dist/lib/task/pack.js';

/** Tasks for each worker. */
const TASKS_EACH = 40;
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

/** CPU time of this process since then (us). */
function cpuUs(since) {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

async function measure(count) {
  const scheduler = await startScheduler({ port: 0 });
  const target = { addresses: [scheduler.address], token: scheduler.token };
  const [began, atFirst] = [performance.now(), process.cpuUsage()];
  const thread = new Worker(fileURLToPath(import.meta.url), { workerData: { target, count } });
  const told = () => new Promise((resolve) => thread.once('message', resolve));
  await told();
  const joinMs = performance.now() - began;
  const joinCpuMs = cpuUs(atFirst) / 1000 / count;
  const executor = await connect({ address: scheduler.address, token: scheduler.token });
  const tasks = Array.from({ length: count * TASKS_EACH }, (_, i) => ({
    key: `k${i}`,
    operation: 'x',
    input: i,
  }));
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const values = await executor.run(tasks);
  const seconds = (performance.now() - start) / 1000;
  const taskCpuUs = cpuUs(cpu) / tasks.length;
  thread.postMessage('lost?');
  const lost = await told();
  await executor.close();
  await thread.terminate();
  await scheduler.close();
  const right = values.length === tasks.length && values.every((value) => value === 1);
  console.log(
    `${count} workers: joined in ${(joinMs / 1000).toFixed(2)} s (${joinCpuMs.toFixed(2)} ms CPU each), ` +
      `${(tasks.length / seconds).toFixed(0)} tasks/s (${taskCpuUs.toFixed(0)} us CPU each), ` +
      `${lost} lost, ${right ? 'exact' : 'WRONG'}`,
  );
  return { lost, right, joinCpuMs, taskCpuUs };
}

if (!isMainThread) await answer(workerData);
else {
  await measure(50); // warm
  const [few, many] = [await measure(500), await measure(2000)];
  const ok = [few, many].every(({ lost, right }) => lost === 0 && right);
  // CPU time, not seconds: other programs on this machine do not change it much.
  const flat = many.taskCpuUs < 2 * few.taskCpuUs && many.joinCpuMs < 2 * few.joinCpuMs;
  console.log(ok && flat ? 'ok' : 'FAIL');
  process.exit(ok && flat ? 0 : 1);
}
