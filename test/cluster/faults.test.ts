// The faults that users of clusters meet, with real processes. Rows are those of the fault matrix that this cluster answers to.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect as tcpConnect, type Socket } from 'node:net';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import seedrandom from 'seedrandom';
import { describe, expect, test, vi } from 'vitest';
import { askStatus, connect } from '../../lib/cluster/connect.js';
import { dial } from '../../lib/cluster/dial.js';
import { startCluster, type ClusterOptions, type LocalCluster } from '../../lib/cluster/local.js';
import { startScheduler, type Scheduler, type SchedulerOptions } from '../../lib/cluster/start-scheduler.js';
import { startWorker, type ClusterWorker } from '../../lib/cluster/worker-shell.js';
import {
  ConnectionError,
  NoWorkersError,
  ProtocolError,
  TaskError,
  WorkerLostError,
  CancelledError,
} from '../../lib/errors.js';
import { startThreads } from '../../lib/execute/threads.js';
import type { Executor, ExecutorEvent } from '../../lib/task/executor.js';
import { simulate } from '../../lib/simulation/simulation.js';
import {
  CLUSTER_TASKS,
  counting,
  gate as newGate,
  isAlive,
  lola,
  many,
  newFolder,
  sum,
  until,
  type Lola,
} from '../support/cluster.js';
import { validate } from '../support/validate.js';
import { newCleanups } from '../support/cleanups.js';
import { thorough } from '../support/thorough.js';

const windows = process.platform === 'win32';
const cleanups = newCleanups();
const cleanup = <T>(thing: T, how: (thing: T) => unknown): T => {
  cleanups.push(() => how(thing));
  return thing;
};

const cluster = async (options: ClusterOptions = {}): Promise<LocalCluster> =>
  cleanup(await startCluster({ workers: 2, tasks: CLUSTER_TASKS, ...options }), (started) => started.close());
const client = async (
  of: LocalCluster | { address: string; token: string },
  options = {},
): Promise<Executor> =>
  cleanup(await connect({ address: of.address, token: of.token, ...options }), (opened) => opened.close());
const scheduler = async (options: SchedulerOptions = {}): Promise<Scheduler> =>
  cleanup(await startScheduler({ port: 0, ...options }), (started) => started.close());
const worker = async (
  of: { address: string; token: string },
  name: string,
  more = {},
): Promise<ClusterWorker> => {
  const threads = cleanup(await startThreads({ count: 1, tasks: CLUSTER_TASKS }), (started) =>
    started.close(),
  );
  const reach = () => dial({ addresses: [of.address], token: of.token });
  return cleanup(startWorker({ dial: reach, threads, name, ...more }), (started) => started.drain());
};
/** Work that lasts until the test opens it; a test that fails leaves it open. */
const gate = () =>
  cleanup(newGate(), ({ open, remove }) => {
    open();
    setImmediate(remove);
  });
/** Notes a run's events; resolves `first(type)` at the first one of a kind. */
function watch() {
  const events: ExecutorEvent[] = [];
  const onEvent = (event: ExecutorEvent) => void events.push(event);
  const of = (type: ExecutorEvent['type']) => events.filter((event) => event.type === type);
  return { onEvent, of, first: (type: ExecutorEvent['type']) => until(() => of(type).length > 0) };
}

const taskOf = (event: ExecutorEvent) => ('task' in event ? event.task : '');

describe('a worker', () => {
  test('row 1: killed in mid-task, its tasks run elsewhere and the count is exact', async () => {
    const c = await cluster();
    const executor = await client(c);
    const { tasks, inside } = counting(60_000_000, 60);
    const { onEvent, of, first } = watch();
    const last = gate();
    const run = executor.run([...tasks, last.task], { onEvent });
    await first('started');
    c.workers[0].kill();
    await first('left');
    last.open();
    expect(sum(await run)).toBe(inside);
    expect(of('left')).toMatchObject([{ reason: expect.stringContaining('broke off') as string }]);
    expect(of('failed').every((event) => event.type === 'failed' && event.retried)).toBe(true);
    await until(() => c.log.some((line) => line.startsWith('lola.scheduler - INFO - Worker left: worker-')));
  });

  test('row 2: killed after its values came, it costs none of them, and none is computed again', async () => {
    const c = await cluster({ workers: 1 });
    const executor = await client(c);
    const { tasks, inside } = counting(60_000_000, 60);
    const { onEvent, of, first } = watch();
    const [holder] = c.workers;
    const last = gate();
    const all = [...tasks, last.task];
    const run = executor.run(all, { onEvent, onResult: () => holder.kill() });
    await first('left');
    last.open();
    const held = of('finished').map(taskOf);
    const before = of('started').length;
    await c.startWorker('heir');
    expect(sum(await run)).toBe(inside);
    expect(held.length).toBeGreaterThan(0);
    const later = new Set(of('started').slice(before).map(taskOf));
    expect(held.filter((key) => later.has(key))).toEqual([]);
    expect(of('finished').map(taskOf).sort()).toEqual(all.map(({ key }) => key).sort());
  });

  test('row 3: a task that always kills its worker fails by name, with each worker’s end; the cluster lives on', async () => {
    const c = await cluster({ workers: 5 });
    const executor = await client(c);
    const failure = await executor
      .run([{ key: 'killer', operation: 'killProcess', input: 0 }])
      .catch((error: unknown) => error as WorkerLostError);
    expect(failure).toBeInstanceOf(WorkerLostError);
    const { key, attempts, ended, message } = failure as WorkerLostError;
    expect({ key, attempts, different: new Set(ended.map((how) => how.split(':')[0])).size }).toEqual({
      key: 'killer',
      attempts: 4,
      different: 4,
    });
    expect(message).toMatch(/task killer.*4 times.*worker-\d: its connection broke off/);
    const { tasks, inside } = counting(1_000_000, 10);
    expect(sum(await executor.run(tasks))).toBe(inside);
    expect(executor.workers).toBe(1);
  });

  test('row 4: leaving in order, it ends what it runs, hands back the rest, and nobody is blamed', async () => {
    const c = await cluster();
    const executor = await client(c);
    const { onEvent, of, first } = watch();
    const own = [gate(), gate()]; // one runs on each worker
    const tasks = [...own.map(({ task }) => task), ...many(40, 'double', 1)];
    const run = executor.run(tasks, { onEvent });
    await until(() => of('started').length === 2);
    const drained = c.workers[0].drain();
    const held = of('started').find(
      (event) => event.type === 'started' && event.worker === c.workers[0].name,
    );
    own.find(({ task }) => task.key === taskOf(held!))!.open();
    await drained;
    await first('left');
    for (const { open } of own) open();
    expect(await run).toEqual([0, 0, ...new Array<number>(40).fill(2)]);
    expect(of('failed')).toEqual([]);
    expect(of('left')).toMatchObject([{ reason: 'drained' }]);
    expect(of('finished').length).toBe(42);
  });

  test.skipIf(windows)('row 4: SIGTERM, as Slurm sends it, is the same', async () => {
    const files = cleanup(newFolder(), ({ remove }) => remove());
    const s = await scheduler({ file: files.path('s.json') });
    const w = cleanup(
      lola([
        'worker',
        '--scheduler-file',
        files.path('s.json'),
        '--threads',
        '1',
        '--tasks',
        fileURLToPath(CLUSTER_TASKS[1]),
      ]),
      kill,
    );
    const executor = await client(s);
    await until(async () => (await askStatus(s)).workers.length === 1);
    const { onEvent, of, first } = watch();
    const running = gate();
    const run = executor.run([running.task, ...many(9, 'hold', running.task.input)], { onEvent });
    await first('started');
    w.child.kill('SIGTERM');
    await until(() => w.output().includes('Finishing running tasks'));
    running.open();
    expect(await w.ended).toBe(0);
    await worker(s, 'successor');
    expect(await run).toEqual(new Array(10).fill(0));
    expect(of('failed')).toEqual([]);
  });

  test.skipIf(windows)(
    'row 5: stopped with its socket open, it is removed by its deadline; awake again, it joins anew and counts nothing twice',
    async () => {
      const c = await cluster({ heartbeatMs: 300 });
      const executor = await client(c);
      const { tasks, inside } = counting(60_000_000, 60);
      const { onEvent, of, first } = watch();
      const heard: number[] = [];
      const last = gate();
      const all = [...tasks, last.task];
      const run = executor.run(all, { onEvent, onResult: (_value, _task, index) => heard.push(index) });
      await first('finished');
      const { pid, name } = c.workers[0];
      const left = () => of('left').filter((event) => event.type === 'left' && event.worker === name);
      process.kill(pid, 'SIGSTOP');
      cleanups.push(() => isAlive(pid) && process.kill(pid, 'SIGCONT'));
      await until(() => left().length > 0);
      last.open();
      expect(sum(await run)).toBe(inside);
      expect(left()).toMatchObject([{ reason: expect.stringMatching(/^no sign of life for/) as string }]);
      process.kill(pid, 'SIGCONT');
      await until(() => executor.workers === 2);
      expect(heard.sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
      expect(sum(await executor.run(tasks))).toBe(inside);
    },
  );

  test('row 6: sent away by the scheduler, it ends and says why', async () => {
    const s = await scheduler();
    const w = await worker(s, 'only');
    await w.joined;
    await s.close();
    expect(await w.ended).toBe('the scheduler was closed');
  });

  test('row 8: without a scheduler it ends after its death timeout, and says where it looked', async () => {
    const s = await scheduler();
    await s.close();
    const w = await worker(s, 'lonely', { deathTimeoutMs: 200 });
    const failure = await w.ended.catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(ConnectionError);
    expect((failure as Error).message).toMatch(
      new RegExp(`worker lonely: no scheduler for 0.2 s: nobody listens at ${s.address}`),
    );
  });

  test('row 11: a second one of the same name is refused, and the first is not affected', async () => {
    const s = await scheduler();
    const first = await worker(s, 'twin');
    await first.joined;
    const second = await worker(s, 'twin');
    expect(await second.ended).toMatch(/a worker named 'twin' is here already.*--name/);
    await expect(second.joined).rejects.toThrow(ProtocolError);
    const executor = await client(s);
    expect(await executor.run(many(3, 'double', 4))).toEqual([8, 8, 8]);
    expect((await askStatus(s)).workers.length).toBe(1);
  });

  test('row 14: a task out of memory fails by its name, and the worker heals', async () => {
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=48');
    const c = await cluster({ workers: 1 }).finally(() => vi.unstubAllEnvs());
    const executor = await client(c);
    const failure = await executor
      .run([{ key: 'hungry', operation: 'exhaustMemory', input: 0 }])
      .catch((error: unknown) => error as WorkerLostError);
    expect(failure).toBeInstanceOf(WorkerLostError);
    expect((failure as WorkerLostError).message).toMatch(/task hungry.*memory/);
    expect(await executor.run(many(2, 'double', 1))).toEqual([2, 2]);
  });

  test('row 15: workers come and go, as by a Poisson process, and the count is exact', async () => {
    const c = await cluster();
    const executor = await client(c);
    const random = seedrandom('poisson');
    const most = thorough ? 8 : 3;
    const { tasks, inside } = counting(500_000 * 40 * most, 40 * most);
    let kills = 0;
    let killAfter = 1; // results; the gaps between kills are as by a Poisson process
    const started: Promise<unknown>[] = [];
    let results = 0;
    const onResult = () => {
      if (++results < killAfter || kills === most) return;
      killAfter = results - 20 * Math.log(1 - random());
      kills++;
      started.push(c.startWorker());
      c.workers[Math.floor(random() * c.workers.length)]?.kill();
    };
    expect(sum(await executor.run(tasks, { onResult }))).toBe(inside);
    await Promise.all(started);
    expect(kills).toBe(most);
  });

  test('row 16: connections that break at random change no count', async () => {
    const s = await scheduler();
    const { address, breaks } = await breakingProxy(s.port, 20);
    const through = { address, token: s.token };
    await worker(through, 'a');
    await worker(through, 'b');
    const executor = await client(through);
    const { tasks, inside } = counting(100_000_000, 500);
    expect(sum(await executor.run(tasks))).toBe(inside);
    expect(breaks()).toBeGreaterThan(2);
  });
});

test('row 19: a worker that becomes slower does not hold up the end, and each task counts once', async () => {
  const c = await cluster();
  const executor = await client(c);
  const files = cleanup(newFolder(), ({ remove }) => remove());
  const mark = files.path('slow');
  const { onEvent, of } = watch();
  const [slow] = c.workers;
  const onResult = () => writeFileSync(`${mark}-${slow.pid}`, '');
  expect(await executor.run(many(60, 'dawdle', mark), { onEvent, onResult })).toEqual(new Array(60).fill(0));
  expect(of('finished').length).toBe(60);
  expect([of('failed'), of('left')]).toEqual([[], []]);
  await until(async () => (await askStatus(c)).workers.every(({ running }) => running === 0)); // it was stopped
  expect(await executor.run(many(8, 'double', 2))).toEqual(new Array(8).fill(4));
});

describe('the scheduler', () => {
  test('row 7: killed and started again, it is found by workers and clients, and the run goes on to the exact count', async () => {
    const files = cleanup(newFolder(), ({ remove }) => remove());
    const file = files.path('scheduler.json');
    const start = async (port: string) => {
      const started = cleanup(lola(['scheduler', '--port', port, '--scheduler-file', file]), kill);
      await until(() => started.output().includes('address and token in'));
      return started;
    };
    const first = await start('0');
    const { port } = JSON.parse(readFileSync(file, 'utf8')) as { port: number };
    const words = [
      'worker',
      '--scheduler-file',
      file,
      '--threads',
      '2',
      '--tasks',
      fileURLToPath(CLUSTER_TASKS[1]),
    ];
    const w = cleanup(lola(words), kill);
    const executor = cleanup(await connect({ file }), (opened) => opened.close());
    const { tasks, inside } = counting(60_000_000, 60);
    const { onEvent, first: firstOf } = watch();
    const last = gate();
    const run = executor.run([...tasks, last.task], { onEvent });
    await firstOf('finished');
    first.child.kill('SIGKILL');
    await first.ended;
    await start(String(port));
    await until(() => w.output().match(/Joined as/g)?.length === 2);
    last.open();
    expect(sum(await run)).toBe(inside);
  });

  test('row 7: gone for good, runs fail with the reason, and later ones at once', async () => {
    const s = await scheduler();
    await worker(s, 'w');
    const { address, sever } = await breakingProxy(s.port, Infinity);
    const executor = await client({ address, token: s.token }, { reconnectMs: 300 });
    const { onEvent, first } = watch();
    const run = executor.run(many(1000, 'spin', 20), { onEvent });
    await first('finished');
    await sever();
    const failure = await run.catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(ConnectionError);
    expect((failure as Error).message).toMatch(
      /lost the scheduler .*not found it again for 0.3 s: nobody listens/,
    );
    await expect(executor.run(many(1, 'double', 1))).rejects.toThrow(ConnectionError);
  });
});

describe('a client', () => {
  test('that is closed while it looks for a lost scheduler gives up the search', async () => {
    const s = await scheduler();
    const { address, sever } = await breakingProxy(s.port, Infinity);
    const executor = await connect({ address, token: s.token });
    await sever();
    await executor.close();
    await until(async () => (await askStatus(s)).clients === 0);
  });

  test('row 9: killed, its tasks are released and others go on', async () => {
    const c = await cluster({ workers: 1 });
    const files = cleanup(newFolder(), ({ remove }) => remove());
    const url = new URL('../../dist/lib/cluster/connect.js', import.meta.url).href;
    const script = `import { connect } from ${JSON.stringify(url)};
      process.once('message', async (where) => {
        const executor = await connect(where);
        const onEvent = ({ type }) => type === 'started' && process.send('started');
        await executor.run([1, 2, 3].map((i) => ({ key: 'endless-' + i, operation: 'forever', input: 0 })), { onEvent });
      });`;
    writeFileSync(files.path('client.mjs'), script);
    const other = cleanup(fork(files.path('client.mjs'), { execArgv: [] }), (child) => child.kill('SIGKILL'));
    other.send({ address: c.address, token: c.token });
    await new Promise((resolve) => other.once('message', resolve));
    const executor = await client(c);
    const run = executor.run(many(3, 'double', 1));
    other.kill('SIGKILL');
    expect(await run).toEqual([2, 2, 2]);
    const { waiting, clients, workers } = await askStatus(c);
    expect({ waiting, clients, held: workers[0].running }).toEqual({
      waiting: 0,
      clients: 1,
      held: 0,
    });
  });

  test('row 12: without a worker it says so after five seconds, with the line that starts one', async () => {
    const s = await scheduler();
    const notices: string[] = [];
    const executor = await client(s, { onNotice: (text: string) => notices.push(text) });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const run = executor.run(many(1, 'double', 1));
    vi.advanceTimersByTime(4999);
    expect(notices).toEqual([]);
    vi.advanceTimersByTime(1);
    vi.useRealTimers();
    expect(notices).toEqual(['waiting: 0 workers. Start one: lola worker']);
    await worker(s, 'late');
    expect(await run).toEqual([2]);
  });

  test('row 12: where a time is set, the run fails with NoWorkersError', async () => {
    const executor = await client(await scheduler(), { noWorkersMs: 30 });
    await expect(executor.run(many(1, 'double', 1))).rejects.toThrow(NoWorkersError);
  });

  test('row 13: cancelling what runs, and submitting again, ten times over, leaks nothing', async () => {
    const c = await cluster({ workers: 1 });
    const executor = await client(c);
    for (let round = 0; round < 10; round++) {
      const controller = new AbortController();
      const onEvent = ({ type }: ExecutorEvent) => type === 'started' && controller.abort();
      const run = executor.run(many(5, 'spin', 30), { signal: controller.signal, onEvent });
      await expect(run).rejects.toThrow(CancelledError);
    }
    expect(await executor.run(many(2, 'double', 3))).toEqual([6, 6]);
    await until(async () => {
      const { waiting, workers } = await askStatus(c);
      return waiting === 0 && workers[0].running === 0;
    });
  });

  test('row 14: a task that throws fails its run with its own error and name, and is not tried again', async () => {
    const c = await cluster({ workers: 1 });
    const executor = await client(c);
    const { onEvent, of } = watch();
    const run = executor.run([{ key: 'thrower', operation: 'fail', input: 'again' }], { onEvent });
    const failure = await run.catch((error: unknown) => error as TaskError);
    expect(failure).toBeInstanceOf(TaskError);
    expect(failure).toMatchObject({ key: 'thrower' });
    expect(of('failed')).toMatchObject([{ task: 'thrower', retried: false }]);
  });

  test('two clients at once are served in turn', async () => {
    const c = await cluster({ workers: 1 });
    const [one, two] = [await client(c), await client(c)];
    const { onEvent, first } = watch();
    const controller = new AbortController();
    const long = one.run(many(100_000, 'spin', 20), { onEvent, signal: controller.signal }); // half an hour
    await first('finished');
    expect(await two.run(many(5, 'double', 1))).toEqual([2, 2, 2, 2, 2]);
    controller.abort();
    await expect(long).rejects.toThrow(CancelledError);
  });
});

test('row 10: messages that come late, twice or out of order change no count', () => {
  const tasks = 300;
  const faults = { late: 20, doubled: 20, reordered: 20 };
  for (let seed = 0; seed < 20; seed++) {
    const result = simulate({ seed, workers: 4, threads: 2, tasks, taskMs: 5, faults, check: validate });
    const { counted, sum: total, lost } = result;
    expect({ seed, counted, total, lost: lost.size }).toEqual({
      seed,
      counted: tasks,
      total: (3 * tasks * (tasks - 1)) / 2 + tasks, // task i gives 3 i + 1
      lost: 0,
    });
    for (const kind of ['late', 'doubled', 'reordered'] as const)
      expect(result.faults.get(kind)).toBeGreaterThan(0);
  }
});

describe('a local cluster', () => {
  test('uses a worker that joins in mid-run', async () => {
    const c = await cluster({ workers: 1 });
    const executor = await client(c);
    const { onEvent, of, first } = watch();
    const held = gate();
    const run = executor.run([held.task, ...many(5, 'double', 1)], { onEvent });
    await first('started');
    const { name } = await c.startWorker();
    await until(() => of('finished').length === 5);
    held.open();
    expect(await run).toEqual([0, 2, 2, 2, 2, 2]);
    const others = of('finished').filter((event) => taskOf(event) !== held.task.key);
    expect(others.every((event) => event.type === 'finished' && event.worker === name)).toBe(true);
  });

  test('that is closed while a worker starts ends that start, too, and starts no more', async () => {
    const c = await cluster({ workers: 1 });
    const starting = c.startWorker().catch(({ code }: ConnectionError) => code);
    await c.close();
    expect(await starting).toBe('CONNECTION');
    await expect(c.startWorker()).rejects.toThrow('startWorker: this cluster is closed. Start a new one.');
    await expect(c.connect()).rejects.toThrow('connect: this cluster is closed. Start a new one.');
  });

  test('shows what its tasks print as it is, and what they say of errors on stderr', async () => {
    const c = await cluster({ workers: 1 });
    const shown: [string, unknown][] = [];
    for (const name of ['stdout', 'stderr'] as const) {
      const spy = vi.spyOn(process[name], 'write');
      spy.mockImplementation((text) => shown.push([name, text]) > 0);
      cleanup(spy, () => spy.mockRestore());
    }
    const executor = await client(c);
    expect(await executor.run([{ key: 'talk', operation: 'talk', input: 'a\n\nb' }])).toEqual([1]);
    await until(() => shown.length >= 4);
    const of = (name: string) => shown.filter(([to]) => to === name).map(([, text]) => text);
    expect({ out: of('stdout'), err: of('stderr') }).toEqual({
      out: ['a\n', '\n', 'b\n'],
      err: ['careful\n'],
    });
  });

  test.each([Infinity, 2 ** 31])(
    'waits for workers for %s ms, and not a moment only',
    async (noWorkersMs) => {
      const c = await cluster({ workers: 0 });
      const executor = cleanup(await c.connect({ noWorkersMs }), (each) => each.close());
      const run = executor.run(many(1, 'double', 1));
      await c.startWorker();
      expect(await run).toEqual([2]);
    },
  );

  test('takes one task module without a list around it', async () => {
    const module = CLUSTER_TASKS[0] as unknown as readonly string[];
    const c = await cluster({ workers: 1, tasks: module });
    expect(await (await client(c)).run(many(1, 'double', 1))).toEqual([2]);
  });

  test('whose workers have all died ends its runs by name, for nobody from elsewhere will join', async () => {
    const c = await cluster({ workers: 2 });
    const executor = cleanup(await c.connect({ noWorkersMs: 200 }), (each) => each.close());
    const { onEvent, first } = watch();
    const run = executor.run(many(4, 'forever', 0), { onEvent });
    run.catch(() => {});
    await first('started');
    for (const worker of [...c.workers]) worker.kill();
    const error = await run.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoWorkersError);
    expect((error as Error).message).toMatch(
      /^run: 0 workers for 0.2 s. All workers of this cluster have ended/,
    );
  });

  const mine = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`lola-${process.pid}-`));
  /** Kills the scheduler of the cluster that has made its file since. */
  async function killScheduler(before: readonly string[]): Promise<string> {
    const [file] = mine().filter((name) => !before.includes(name));
    const { pid } = JSON.parse(readFileSync(join(tmpdir(), file), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    return file;
  }

  test('whose scheduler was killed says so, and nothing of its workers', async () => {
    const before = mine();
    const own = await cluster({ workers: 1 });
    const notices: string[] = [];
    const options = { noWorkersMs: 50, onNotice: (text: string) => notices.push(text) };
    const executor = cleanup(await own.connect(options), (each) => each.close());
    const { onEvent, first } = watch();
    const run = executor.run(many(1, 'forever', 0), { onEvent });
    run.catch(() => {});
    await first('started');
    await killScheduler(before);
    const error: unknown = await run.catch((thrown: unknown) => thrown);
    const message = "the cluster's scheduler has ended (SIGKILL). Start a new cluster.";
    expect(error).toMatchObject({ code: 'SCHEDULER_LOST', message });
    expect(notices.filter((text) => text.includes('lola scheduler'))).toEqual([]);
    expect(own.workers).toHaveLength(1);
    await expect(own.connect()).rejects.toThrow(message);
    await expect(own.startWorker()).rejects.toThrow(message);
  });

  test('tells nobody who waits for nothing that its scheduler is gone', async () => {
    const before = mine();
    const own = await cluster({ workers: 1 });
    const notices: string[] = [];
    const onNotice = (text: string) => notices.push(text);
    const executor = cleanup(await own.connect({ onNotice }), (each) => each.close());
    await killScheduler(before);
    const run = () => executor.run(many(1, 'double', 1)).catch(({ code }) => code as string);
    await expect.poll(run).toBe('SCHEDULER_LOST');
    expect(notices.filter((text) => text.includes('0 workers'))).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')(
    'leaves no file behind when its scheduler was killed',
    async () => {
      const before = mine();
      const own = await cluster({ workers: 0 });
      const file = await killScheduler(before);
      expect(mine()).toContain(file);
      await own.close();
      expect(mine()).not.toContain(file);
    },
  );

  test.skipIf(windows)('survives a Ctrl-C that its program survives, as in a notebook', async () => {
    const url = new URL('../../dist/lib/index.js', import.meta.url).href;
    const script = `import { startCluster } from ${JSON.stringify(url)};
      const cluster = await startCluster({ workers: 2 });
      const client = await cluster.connect();
      const task = { operation: 'countInside', input: { key: [1, 2], start: 0, samples: 100000 } };
      process.once('SIGINT', async () => {
        const tasks = Array.from({ length: 1000 }, (_, i) => ({ ...task, key: String(i) }));
        const values = await client.run(tasks).catch(({ message }) => message);
        console.log(values.length, cluster.workers.length);
        await client.close();
        await cluster.close();
      });
      console.log('up');`;
    const program = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true, // a terminal's processes are a group, too
    });
    let output = '';
    program.stdout.on('data', (data: Buffer) => (output += data.toString()));
    await until(() => output === 'up\n');
    process.kill(-program.pid!, 'SIGINT');
    await once(program, 'close');
    expect(output).toBe('up\n1000 2\n');
  });

  test('leaves no process behind when its own process is killed', async () => {
    const files = cleanup(newFolder(), ({ remove }) => remove());
    const url = new URL('../../dist/lib/cluster/local.js', import.meta.url).href;
    writeFileSync(
      files.path('parent.mjs'),
      `import { startCluster } from ${JSON.stringify(url)};
      const cluster = await startCluster({ workers: 2 });
      process.send(cluster.workers.map(({ pid }) => pid));`,
    );
    const parent = cleanup(fork(files.path('parent.mjs'), { execArgv: [] }), (child) =>
      child.kill('SIGKILL'),
    );
    const pids = await new Promise<number[]>((resolve) =>
      parent.once('message', resolve as (message: unknown) => void),
    );
    const [file] = readdirSync(tmpdir()).filter((name) => name.startsWith(`lola-${parent.pid}-`));
    const scheduler = JSON.parse(readFileSync(join(tmpdir(), file), 'utf8')) as { pid: number };
    pids.push(scheduler.pid);
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    parent.kill('SIGKILL'); // nobody signals the others: their channel to it closes
    await until(() => !pids.some(isAlive));
    expect(readdirSync(tmpdir())).not.toContain(file);
  });
});

function kill({ child, ended }: Lola): Promise<unknown> {
  child.kill('SIGKILL');
  return ended;
}

/** A way to a port on which each connection breaks after about so many pieces of data from the scheduler; `sever` closes it for good. */
async function breakingProxy(port: number, pieces: number) {
  const random = seedrandom('breaks');
  const open = new Set<Socket>();
  let broken = 0;
  const server = createServer((near) => {
    const far = tcpConnect(port, '127.0.0.1');
    let left = pieces * (0.5 + random());
    const stop = () => {
      near.destroy();
      far.destroy();
    };
    near.pipe(far);
    far.pipe(near);
    far.on('data', () => {
      if (--left > 0) return;
      broken++;
      stop();
    });
    for (const from of [near, far]) {
      open.add(from);
      from.on('error', () => stop());
      from.on('close', () => {
        open.delete(from);
        stop();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as { port: number };
  const sever = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  };
  cleanups.push(() => server.listening && sever());
  return { address: `ws://127.0.0.1:${own}`, breaks: () => broken, sever };
}
