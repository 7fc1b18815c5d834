import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ConnectionError } from '../../lib/errors.js';
import { estimatePool } from '../../lib/index.js';
import { startThreads, type Threads } from '../../lib/execute/threads.js';
import { wireOf } from '../../lib/cluster/websocket.js';
import { startWorker, type ClusterWorker } from '../../lib/cluster/worker-shell.js';
import { packValue, unpackValue } from '../../lib/task/pack.js';
import { startRoom, type Room, type RoomOptions } from '../../room/index.js';
import { MOST_GUESTS } from '../../room/room.js';
import { ROOM_VERSION } from '../../room/version.js';

const SAMPLES = 64 * 2 ** 20;
const opened: { close(): unknown }[] = [];
let room: Room;
let keys = 0;

async function open(options: Partial<RoomOptions> = {}): Promise<Room> {
  const given = {
    samples: SAMPLES,
    seed: 2017,
    title: 'test',
    host: '127.0.0.1',
    port: 0,
    share: 1,
    threads: 1,
  };
  room = await startRoom({ ...given, ...options });
  opened.push(room);
  return room;
}

beforeEach(() => void (keys = 0));
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const one of opened.splice(0).reverse()) await one.close();
});

const at = (path: string) => `http://127.0.0.1:${room.port}${path}`;
const query = (fields: object = {}) =>
  new URLSearchParams({
    version: ROOM_VERSION,
    code: room.code,
    key: `key-of-guest-${keys++}-0000`,
    name: 'Ana',
    ...fields,
  }).toString();

/** A socket to a path of the room, once it is open; rejects with the status of a refusal. */
function socket(
  path: string,
  headers: Record<string, string> = {},
  { port }: { readonly port: number } = room,
  options = {},
): Promise<WebSocket> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, ...options });
  opened.push({ close: () => ws.terminate() });
  return new Promise((resolve, reject) => {
    ws.once('open', () => resolve(ws));
    ws.once('unexpected-response', (_, { statusCode }) => reject(new Error(`status ${statusCode}`)));
    ws.once('error', reject);
  });
}

/** A guest as a page is one: lib's worker over a socket, with threads that may lie. */
function join(name: string, threads: Threads, by: { readonly port: number } = room): ClusterWorker {
  const fields = query({ name });
  const dial = async () => {
    const ws = await socket(`/work?${fields}`, {}, by).catch((error: Error) => {
      throw new ConnectionError(error.message);
    });
    return wireOf(ws, (ws as unknown as { _socket: Socket })._socket);
  };
  const worker = startWorker({ dial, threads, name });
  opened.push({ close: () => worker.drain() });
  return worker;
}

async function threadsOf(change: (value: number) => number = (value) => value): Promise<Threads> {
  const real = await startThreads({ count: 1 });
  opened.push(real);
  return {
    count: 1,
    close: () => real.close(),
    run: (tasks, options) => real.run(tasks, options),
    runPacked: async (tasks, options) => {
      const end = await real.runPacked(tasks, options);
      return { ...end, values: packValue((unpackValue(end.values) as number[]).map(change)) };
    },
  };
}

describe('a room', () => {
  test('counts with its guests the integer of the pool, and names the liars that it has found', async () => {
    await open();
    const liars = [
      join('Liar', await threadsOf((value) => value + 1)),
      join('Nan', await threadsOf(() => NaN)),
    ];
    const reasons = await Promise.all(liars.map(({ ended }) => ended));
    expect(reasons).toEqual(Array(2).fill('This device delivered a wrong count, and was removed.'));
    const ana = join('Ana', await threadsOf());
    await room.over;
    const { inside } = await estimatePool(SAMPLES, { seed: 2017, workers: 1 });
    const picture = room.picture();
    expect(picture.room).toMatchObject({ samples: SAMPLES, inside, done: true });
    expect(Object.fromEntries(picture.guests.map(({ name, state }) => [name, state]))).toEqual({
      Ana: 'waiting',
      Liar: 'lied',
      Nan: 'lied',
    });
    expect(picture.trust).toMatchObject({ share: 1, waiting: 0, proven: picture.trust.results });
    await ana.drain();
  });

  test('shows its page, its wall and the reach test, and says what else there is', async () => {
    await open();
    for (const [path, text] of [
      ['/', 'Join with'],
      ['/wall', 'What happened'],
      ['/reach', 'reaches the room'],
      ['/guest.js', 'visibilitychange'],
    ])
      expect(await (await fetch(at(path))).text()).toContain(text);
    const missing = await fetch(at('/etc/passwd'));
    expect([missing.status, await missing.text()]).toEqual([
      404,
      'This room has the page /, the wall at /wall.\n',
    ]);
  });

  test('serves the built lesson, and nothing outside its folder', async () => {
    await open({ lesson: new URL('../../episodes/', import.meta.url).pathname });
    expect(await (await fetch(at('/lesson/README.md'))).text()).toContain('#');
    for (const path of [
      '/lesson/../package.json',
      '/lesson/%2e%2e/package.json',
      '/lesson/..%2fpackage.json',
      '/lesson/%00',
      '/lesson/%',
    ])
      expect(await statusOf(path)).toBe(404);
  });

  test('tells a page why it cannot join', async () => {
    await open();
    const ask = async (fields: object) => (await fetch(at(`/join?${query(fields)}`))).json();
    expect(await ask({})).toMatchObject({ ok: true, title: 'test', lesson: false, samples: SAMPLES });
    expect(await ask({ code: 'wrong' })).toEqual({
      ok: false,
      why: expect.stringContaining("not the room's code"),
    });
    expect(await ask({ version: '0' })).toEqual({
      ok: false,
      why: expect.stringContaining('another version'),
    });
  });

  test('is refused where another one is open at the port, or the port is taken by something else', async () => {
    const again = (port: number) =>
      startRoom({ samples: 1, seed: 1, title: '', host: '127.0.0.1', port, share: 1, threads: 1 });
    const { port } = await open();
    await expect(again(port)).rejects.toThrow(`there is a room on this machine already, at port ${port}`);
    const other = createServer().listen(0, '127.0.0.1');
    opened.push(other);
    await once(other, 'listening');
    const taken = (other.address() as AddressInfo).port;
    await expect(again(taken)).rejects.toThrow(`port ${taken} is taken`);
  });
});

/** The status of a request whose path is sent as it is. */
async function statusOf(path: string): Promise<number> {
  const tcp = connectTcp(room.port, '127.0.0.1');
  opened.push({ close: () => tcp.destroy() });
  tcp.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${room.port}\r\nconnection: close\r\n\r\n`);
  const [data] = (await once(tcp, 'data')) as [Buffer];
  return Number(data.toString().split(' ')[1]);
}

function newGate() {
  let open = () => {};
  return { opened: new Promise<void>((resolve) => (open = resolve)), open: () => open() };
}

/** A network to the room that can vanish: both sides believe that they are connected, and nothing passes any more. */
async function network() {
  const [inner, all]: [Socket[], Socket[]] = [[], []];
  const server = createServer((outer) => {
    const each = connectTcp(room.port, '127.0.0.1');
    inner.push(each);
    for (const [from, to] of [
      [outer, each],
      [each, outer],
    ]) {
      all.push(from.on('data', (data) => to.write(data)).on('error', () => {}));
      opened.push({ close: () => from.destroy() });
    }
  });
  opened.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const vanish = () => {
    server.close();
    for (const each of all) each.removeAllListeners('data').resume();
  };
  return { port: (server.address() as AddressInfo).port, vanish, inner };
}

describe('a network that vanishes without a close', () => {
  test('takes its guest, its pages, the wall and the instructor with it: all are let go, and others get the work', async () => {
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await open({ samples: 1e13 });
    const net = await network();
    const threads = await threadsOf();
    const [given, end] = [newGate(), newGate()];
    const runPacked: Threads['runPacked'] = async () => {
      given.open();
      await end.opened;
      return { thread: 0, count: 0, times: [], values: packValue([]) };
    };
    join('Ana', { ...threads, runPacked }, net);
    opened.push({ close: end.open });
    const secret = room.teach.split('#')[1];
    const paths = [`/live?${query()}`, `/wall.live?${query()}`, `/teach.live?secret=${secret}`];
    await Promise.all(paths.map((path) => socket(path, {}, net)));
    const here = await Promise.all(paths.map((path) => socket(path)));
    await given.opened;
    net.vanish();
    let gone = 0;
    expect(net.inner.length).toBe(4);
    for (const each of net.inner) each.once('close', () => gone++);
    for (let beats = 0; gone < net.inner.length; beats++) {
      expect(beats).toBeLessThan(100);
      const asked = here.map((page) => once(page, 'ping'));
      now += 2000;
      await vi.advanceTimersByTimeAsync(2000);
      await Promise.all(asked);
      for (let i = 0; i < 10; i++) await turn();
    }
    expect(here.map(({ readyState }) => readyState)).toEqual([1, 1, 1]);
    expect(room.picture().guests).toEqual([]); // Ana has left, and delivered nothing
    expect(room.machine.news[0]).toMatchObject({
      guest: 'Ana',
      text: 'left; one of its tasks was lent again',
    });
  });
});

describe('strangers', () => {
  test('with a wrong code, or of another page, get no socket', async () => {
    await open();
    await expect(socket(`/work?${query({ code: 'WRONG' })}`)).rejects.toThrow('status 401');
    await expect(socket(`/live?${query({ code: 'WRONG' })}`)).rejects.toThrow('status 401');
    await expect(socket(`/work?${query()}`, { origin: 'http://evil.example' })).rejects.toThrow('status 403');
    await expect(socket(`/work?${query()}`, { host: 'evil.example' })).rejects.toThrow('status 403');
    await expect(socket('/other')).rejects.toThrow('status 404');
  });

  test('that say what is no message, or too much, are closed, and the room goes on', async () => {
    await open();
    for (const [path, said] of [
      ['/work', 'text'],
      ['/work', Buffer.from([0xc1])],
      ['/work', Buffer.alloc(100_000)],
      ['/work', Buffer.from('c10000000110000000', 'hex')], // a frame of 256 MiB begins
      ['/live', 'anything'],
      ['/live', 'x'.repeat(5000)],
    ] as const) {
      const ws = await socket(`${path}?${query()}`);
      ws.send(said);
      await once(ws, 'close');
    }
    const ana = join('Ana', await threadsOf());
    await room.over;
    await ana.drain();
  });

  test('five hundred at once, and slow ones, leave room for a guest', async () => {
    await open();
    const slow = Array.from({ length: 500 }, () => {
      const tcp = connectTcp(room.port, '127.0.0.1').on('error', () => {});
      opened.push({ close: () => tcp.destroy() });
      tcp.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ');
      return tcp;
    });
    await Promise.all(slow.map((tcp) => once(tcp, 'connect').catch(() => {})));
    const ana = join('Ana', await threadsOf());
    await room.over;
    await ana.drain();
  });

  test('that ask twice over one connection are not heard twice', async () => {
    await open();
    const tcp = connectTcp(room.port, '127.0.0.1').on('error', () => {});
    opened.push({ close: () => tcp.destroy() });
    let answer = '';
    tcp.on('data', (data) => (answer += data.toString()));
    tcp.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'.repeat(500));
    await once(tcp, 'close');
    expect(answer.split('HTTP/1.1 ').length).toBeLessThanOrEqual(2);
  });

  test('who have read their answer are let go, also if they stay', async () => {
    await open();
    for (const path of ['/', '/wall', `/join?${query()}`, `/join?${query({ code: 'WRONG' })}`, '/nothing']) {
      const tcp = connectTcp(room.port, '127.0.0.1').resume();
      opened.push({ close: () => tcp.destroy() });
      tcp.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: keep-alive\r\n\r\n`);
      await once(tcp, 'end');
    }
  });

  test('with the code cannot open pages without end, and a page that closes makes room', async () => {
    await open();
    const pages: WebSocket[] = [];
    const more = async () => pages.push(await socket(`/live?${query()}`));
    await expect(
      (async () => {
        while (pages.length < 1000) await more();
      })(),
    ).rejects.toThrow('status 503');
    expect(pages.length).toBe(2 * MOST_GUESTS);
    pages[0].close();
    await once(pages[0], 'close');
    await more();
  });

  test.each(['/live', '/work', '/wall.live'])(
    'of the code that flood %s with small frames are cut off',
    async (path) => {
      await open();
      for (const sign of ['ping', 'pong'] as const) {
        const ws = await socket(`${path}?${query()}`);
        expect(ws.extensions).toBe('');
        for (let i = 0; i <= 100; i++) ws[sign]();
        await once(ws, 'close');
      }
    },
  );

  test('of the same network see nobody else’s counts: a page hears of itself alone', async () => {
    await open();
    const key = 'key-of-another-0000';
    const ws = new WebSocket(`ws://127.0.0.1:${room.port}/live?${query({ key })}`);
    opened.push({ close: () => ws.terminate() });
    const [data] = (await once(ws, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toEqual({ op: 'none', at: expect.any(Number) as number });
  });
});
