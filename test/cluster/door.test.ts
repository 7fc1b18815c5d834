// Who is let in and who is not: row 17 and 18 of the faults, and what SECURITY.md promises of the scheduler's door.
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { connect as tcpConnect, createServer, type AddressInfo, type Server } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { askStatus, connect } from '../../lib/cluster/connect.js';
import { MOST_BYTES, PROTOCOL, encode } from '../../lib/cluster/messages.js';
import {
  findScheduler,
  newToken,
  readSchedulerFile,
  writeSchedulerFile,
} from '../../lib/cluster/scheduler-file.js';
import { startScheduler, type Scheduler, type SchedulerOptions } from '../../lib/cluster/start-scheduler.js';
import { proofOf } from '../../lib/cluster/websocket.js';
import { ConnectionError, InvalidArgumentError, ProtocolError } from '../../lib/errors.js';
import { folderFor, newCleanups } from '../support/cleanups.js';

const windows = process.platform === 'win32';
const cleanups = newCleanups();
afterEach(() => void vi.useRealTimers()); // before the cleanups: what is registered last runs first
const scheduler = async (options: SchedulerOptions = {}): Promise<Scheduler> => {
  const started = await startScheduler({ port: 0, ...options });
  cleanups.push(() => started.close());
  return started;
};
const folder = () => folderFor(cleanups);
/** How an attempt ends that must fail. */
const failure = async (attempt: Promise<unknown>): Promise<Error> =>
  attempt.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );

/** What somebody answers to a challenge who has the token, or does as if. */
const answerOf =
  (token: string, side: 'peer' | 'scheduler' = 'peer') =>
  (challenge: string): string =>
    `${PROTOCOL} nonce ${proofOf(token, side, challenge, 'nonce')}`;

/** Knocks as anybody can. Gives what it was told: the challenge, then the scheduler's proof, or the close's code and reason. */
async function knock(
  address: string,
  answer: (challenge: string) => string,
): Promise<{ challenge: string; proof?: string; code?: number; reason?: string }> {
  const socket = new WebSocket(address);
  cleanups.push(() => socket.terminate());
  socket.on('error', () => {});
  const [heard] = (await once(socket, 'message')) as [Buffer];
  const [protocol, challenge] = heard.toString().split(' ');
  expect(protocol).toBe(PROTOCOL);
  const next = new Promise<{ proof: string } | { code: number; reason: string }>((resolve) => {
    socket.once('message', (data: Buffer) => resolve({ proof: data.toString() }));
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.send(answer(challenge));
  return { challenge, ...(await next) };
}

/** Lets itself in, sends messages, and gives the code and the last words with which it was sent away. */
async function say(
  scheduler: Scheduler,
  ...messages: readonly (Uint8Array | string)[]
): Promise<{ code: number; bye: string }> {
  const socket = await enter(scheduler);
  let bye = '';
  socket.on('message', (answer) => (bye += (answer as Buffer).toString('latin1')));
  for (const message of messages) socket.send(message);
  return new Promise((resolve) => socket.once('close', (code) => resolve({ code, bye })));
}

async function enter({ address, token }: Scheduler): Promise<WebSocket> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  socket.on('error', () => {});
  const [greeting] = (await once(socket, 'message')) as [Buffer];
  socket.send(answerOf(token)(greeting.toString().split(' ')[1]));
  await once(socket, 'message');
  return socket;
}

/** Starts a server at a port of its own, and gives its address. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('row 17: the scheduler’s door', () => {
  test('a wrong token, none, one of another length: refused alike, by name, and logged without the token', async () => {
    const lines: string[] = [];
    const s = await scheduler({ log: (line) => lines.push(line) });
    const refused = {
      code: 1008,
      reason: expect.stringMatching(/wrong token.*another person's scheduler/) as string,
    };
    for (const token of [newToken(), '', 'x', s.token.slice(1), `${s.token}0`])
      expect(await knock(s.address, answerOf(token))).toMatchObject(refused);
    for (const words of [PROTOCOL, `${PROTOCOL} nonce`, `${PROTOCOL} nonce ${s.token}`])
      expect(await knock(s.address, () => words)).toMatchObject(refused);
    expect(lines.filter((line) => line.includes('wrong token')).length).toBe(8);
    expect(lines.join('\n')).not.toContain(s.token);
    expect(await failure(connect({ address: s.address, token: newToken() }))).toBeInstanceOf(ProtocolError);
  });

  test('each connection has a challenge of its own: a proof that was seen lets nobody else in', async () => {
    const s = await scheduler();
    let seen = '';
    const first = await knock(s.address, (challenge) => (seen = answerOf(s.token)(challenge)));
    expect(first.proof).toBe(proofOf(s.token, 'scheduler', first.challenge, 'nonce'));
    const second = await knock(s.address, () => seen);
    expect(second.code).toBe(1008);
    expect(second.challenge).not.toBe(first.challenge);
  });

  test('the proof of the other side is refused, and a proof for another nonce', async () => {
    const s = await scheduler();
    expect((await knock(s.address, answerOf(s.token, 'scheduler'))).code).toBe(1008);
    const other = (challenge: string) => answerOf(s.token)(challenge).replace('nonce', 'other');
    expect((await knock(s.address, other)).code).toBe(1008);
  });

  test('a stranger has one answer, of any size and kind, and hears nothing but the challenge before it', async () => {
    const s = await scheduler();
    for (const words of [
      '',
      ' ',
      '\0',
      '\u00ff\u20ac'.repeat(500),
      'x'.repeat(60_000),
      'hello '.repeat(1000),
      'GET / HTTP/1.1',
    ])
      expect(await knock(s.address, () => words)).toMatchObject({ code: 1008 });
    expect((await knock(s.address, () => 'x'.repeat(70_000))).code).toBe(1009);
    expect(await askStatus(s)).toMatchObject({ workers: [], clients: 0 });
  });

  test('a web page is refused', async () => {
    const s = await scheduler();
    const socket = new WebSocket(s.address, { origin: 'https://example.org' });
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(403);
    expect(await text(response)).toBe('web pages may not connect.');
  });

  test('another version is refused on both sides, by name', async () => {
    const s = await scheduler();
    const old = await knock(s.address, (challenge) =>
      answerOf(s.token)(challenge).replace(PROTOCOL, 'lolas-pi.0'),
    );
    expect(old).toMatchObject({
      code: 1008,
      reason: `it speaks lolas-pi.0, we speak ${PROTOCOL}. Use the same version on both sides.`,
    });
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    cleanups.push(() => server.close());
    let answers = 0;
    server.on('connection', (socket) => {
      socket.on('message', () => answers++);
      socket.send('lolas-pi.0 1-2-3');
    });
    await once(server, 'listening');
    const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error = await failure(connect({ address, token: s.token }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toContain(
      `speaks 'lolas-pi.0', we speak ${PROTOCOL}. Use the same version on both sides.`,
    );
    expect(answers).toBe(0);
  });

  test('somebody who is refused and does not hang up is cut off', async () => {
    const s = await scheduler();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const held = await hold(s);
    vi.advanceTimersByTime(1000);
    await held.closed;
  });

  test('and closing the scheduler does not wait for that', async () => {
    const s = await scheduler();
    vi.useFakeTimers({ toFake: ['setTimeout'] }); // the second never passes
    const held = await hold(s);
    await s.close();
    await held.closed;
  });

  test.each([
    ['what is no message', new Uint8Array([0xd9, 99, 2]), /3 bytes cannot be read/],
    ['text', 'hello', /0 bytes cannot be read/],
    ['an unknown op', encode({ op: 'reboot' } as never), /'reboot' is malformed or unknown/],
    ['a field missing', encode({ op: 'hello', role: 'worker' } as never), /'hello' is malformed.*name/],
    ['a field of another type', encode({ op: 'cancel', ids: 5 } as never), /'cancel' is malformed.*ids/],
    [
      'a number that is none',
      encode({ op: 'hello', role: 'worker', name: 'x', threads: NaN, instance: 'y' }),
      /'hello' is malformed.*threads/,
    ],
  ])('%s closes its connection by name, and no other', async (_name, data, words) => {
    const s = await scheduler();
    const { code, bye } = await say(s, data);
    expect(code).toBe(1000);
    expect(bye).toMatch(words);
    expect(await askStatus(s)).toEqual({ workers: [], clients: 0, waiting: 0 });
  });

  test('what a peer says after it was sent away is not heard', async () => {
    const s = await scheduler();
    const hello = { op: 'hello', role: 'worker', name: 'ghost', threads: 1, instance: 'ghost' } as const;
    await say(s, encode({ op: 'reboot' } as never).slice(), encode(hello).slice());
    expect((await askStatus(s)).workers).toEqual([]);
  });

  test('more bytes than a message may have close the connection, and no other', async () => {
    const s = await scheduler();
    // A frame's head announces its length; it is refused before its bytes are there.
    const socket = await enter(s);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    const raw = (socket as unknown as { _socket: { write(data: Buffer): void } })._socket;
    const head = Buffer.alloc(14);
    head[0] = 0x82;
    head[1] = 0xff;
    head.writeBigUInt64BE(BigInt(MOST_BYTES + 1), 2);
    raw.write(head);
    expect(await closed).toBe(1009);
    expect((await askStatus(s)).clients).toBe(0);
  });

  test('somebody who proves to have the token and then says nothing is cut off as strangers are', async () => {
    const s = await scheduler();
    const socket = await enter(s);
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1006);
  });

  test.each(['ping', 'pong'] as const)(
    'a stranger that sends a %s is cut off at once: a flood of them would hold up everybody',
    async (sign) => {
      const s = await scheduler();
      const socket = new WebSocket(s.address);
      await once(socket, 'open');
      socket[sign]();
      expect((await once(socket, 'close'))[0]).toBe(1006);
      expect(socket.extensions).toBe(''); // and nothing is compressed: no bomb is unpacked
    },
  );

  test('a stranger that sends its answer in crumbs is cut off: they would fill the memory', async () => {
    const s = await scheduler();
    const socket = new WebSocket(s.address, { perMessageDeflate: false });
    await once(socket, 'open');
    for (let i = 0; i < 100; i++) socket.send(Buffer.alloc(1), { fin: false });
    expect((await once(socket, 'close'))[0]).toBe(1008);
  });

  test('an ordinary web request is told what this is', async () => {
    const { address } = await scheduler();
    const response = await fetch(address.replace('ws:', 'http:'));
    expect(response.status).toBe(426);
    expect(await response.text()).toContain('lola scheduler');
  });

  test('a default port that is taken moves to the next one, and says so; an explicit one is an error', async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const first = await startScheduler({ log });
    cleanups.push(() => first.close());
    const second = await startScheduler({ log });
    cleanups.push(() => second.close());
    expect(second.port).toBeGreaterThan(first.port);
    expect(lines).toContain(`lola.scheduler - INFO -   Scheduler at:  ws://127.0.0.1:${second.port}`);
    expect(lines.some((line) => line.includes('is taken, this is the next free one'))).toBe(true);
    const taken = await failure(startScheduler({ port: first.port }));
    expect(taken).toBeInstanceOf(InvalidArgumentError);
    expect(taken.message).toMatch(new RegExp(`port ${first.port} is taken`));
  });

  test.each([[-1], [1.5], [65536], ['8786' as unknown as number]])('port %s is refused', async (port) => {
    await expect(startScheduler({ port })).rejects.toThrow(/scheduler: port must be/);
  });

  test.each([[0], [-1], [NaN], [2 ** 31], [Infinity], ['1000' as unknown as number]])(
    'a heartbeat of %s ms is refused, which would be one of 1 ms',
    async (heartbeatMs) => {
      const error = await failure(startScheduler({ port: 0, heartbeatMs }));
      expect(error.message).toMatch(/^scheduler: heartbeatMs must be an integer from 1 to 2147483647, got /);
    },
  );

  test('a host that is not this machine’s is refused by name', async () => {
    expect((await failure(startScheduler({ host: '203.0.113.7', port: 0 }))).message).toMatch(
      /'203.0.113.7' is not an address of this machine/,
    );
  });

  test.skipIf(windows).each(['0', '0.0', '0x0'])(
    '%s means everywhere, and tells every address',
    async (host) => {
      const [{ addresses, port }, usual] = [await scheduler({ host }), await scheduler({ host: '0.0.0.0' })];
      expect(addresses).toEqual(usual.addresses.map((each) => each.replace(`${usual.port}`, `${port}`)));
    },
  );

  test.skipIf(windows).each(['127.1', '0x7f000001'])(
    '%s tells where it listens: others see',
    async (host) => {
      const { address, port } = await scheduler({ host });
      expect(address).toBe(`ws://127.0.0.1:${port}`);
    },
  );

  test('a name tells where it listens: a host’s own name often means itself alone', async () => {
    expect((await scheduler({ host: 'localhost' })).address).toMatch(/^ws:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
  });

  test('an empty host, as of a variable that is not set, does not open it to all networks', async () => {
    expect((await failure(startScheduler({ host: '', port: 0 }))).message).toMatch(
      /host must be a name or an address, got ''\. Take 127\.0\.0\.1/,
    );
  });

  test('listening everywhere tells every address, the loopback last', async () => {
    const { addresses, port } = await scheduler({ host: '0.0.0.0' });
    expect(addresses[addresses.length - 1]).toBe(`ws://127.0.0.1:${port}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });
});

/** A refused peer that reads its refusal and keeps its side open. */
async function hold({ port }: Scheduler) {
  const socket = tcpConnect({ port, host: '127.0.0.1', allowHalfOpen: true });
  cleanups.push(() => socket.destroy());
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const refused = new Promise((resolve) => socket.once('data', resolve));
  const head = ['GET / HTTP/1.1', 'host: x', 'connection: Upgrade', 'upgrade: websocket', 'origin: x'];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await refused;
  // What is written to a socket that the other side has destroyed comes back as an error, and closes it.
  const writing = setInterval(() => socket.write('x'), 50);
  cleanups.push(() => clearInterval(writing));
  return { closed };
}

describe('who looks for a scheduler', () => {
  test('refuses by name an impostor that does not know the token, says nothing to it, and shows no token', async () => {
    const token = newToken();
    const heard: string[] = [];
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    cleanups.push(() => server.close());
    server.on('connection', (socket, request) => {
      heard.push(JSON.stringify(request.rawHeaders));
      socket.on('error', () => {});
      socket.on('message', (data: Buffer) => {
        heard.push(data.toString());
        socket.send(proofOf(newToken(), 'scheduler', '1-2-3', 'x'));
      });
      socket.send(`${PROTOCOL} 1-2-3`);
    });
    await once(server, 'listening');
    const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error = await failure(connect({ address, token }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toMatch(/^ws:\/\/127.0.0.1:\d+ does not know the token: it is not your scheduler/);
    const [, nonce, proof] = heard[1].split(' ');
    expect(proof).toBe(proofOf(token, 'peer', '1-2-3', nonce));
    expect(heard.join()).not.toContain(token);
    expect(heard.length).toBe(2);
  });

  /** An address that was free a moment ago. */
  const free = async () => {
    const server = createServer();
    const address = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    return address;
  };

  test('is told when nobody listens', async () => {
    const error = await failure(connect({ address: await free(), token: newToken() }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toMatch(/^nobody listens at ws:\/\/127.0.0.1:\d+.*lola scheduler/);
  });

  test('is told when what listens hangs', async () => {
    const server = createServer(() => {});
    const error = await failure(connect({ address: await listening(server), token: newToken() }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toMatch(/did not answer in 5 s/);
  });

  test.each([
    ['at once', () => createServer((socket) => void socket.on('error', () => {}).destroy())],
    ['by a reset', () => createServer((socket) => void socket.on('error', () => {}).resetAndDestroy())],
    ['at the request', () => createHttpServer().on('upgrade', (_request, socket) => socket.destroy())],
  ])('is told what it may be if it is dropped %s, as one of a crowd is', async (_, serverOf) => {
    const error = await failure(connect({ address: await listening(serverOf()), token: newToken() }));
    expect(error.message).toMatch(/Perhaps another program listens there, or too many come at once: look/);
  });

  test('is told when what listens is something else', async () => {
    const server = createHttpServer((_request, response) => response.writeHead(404).end());
    const error = await failure(connect({ address: await listening(server), token: newToken() }));
    expect(error.message).toMatch(/server response: 404. Perhaps another program listens there/);
  });

  test.each([
    'tcp://127.0.0.1:8786',
    '127.0.0.1:8786',
    'ws://127.0.0.1',
    'wss://127.0.0.1:1',
    'ws://127.0.0.1:1/path',
    '',
  ])('with the address %j is told how one reads', async (address) => {
    const error = await failure(connect({ address, token: newToken() }));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error.message).toMatch(/must read ws:\/\/host:port/);
  });
});

describe('the scheduler file', () => {
  const info = {
    protocol: PROTOCOL,
    addresses: ['ws://127.0.0.1:1'],
    port: 1,
    token: newToken(),
    pid: process.pid,
  };

  test.skipIf(windows)(
    'is closed to others, complete, and alone in its folder; gone with its scheduler',
    async () => {
      const path = folder();
      const file = path('deep/scheduler.json');
      const s = await scheduler({ file });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(path('deep')).mode & 0o777).toBe(0o700);
      expect(readdirSync(path('deep'))).toEqual(['scheduler.json']);
      expect(readSchedulerFile(file)).toMatchObject({
        port: s.port,
        token: s.token,
        pid: process.pid,
        addresses: [s.address],
        closedToOthers: true,
      });
      await s.close();
      expect(readdirSync(path('deep'))).toEqual([]);
    },
  );

  test('of a scheduler that ends is left alone when another one has taken its place', async () => {
    const file = folder()('s.json');
    const first = await scheduler({ file });
    writeSchedulerFile(file, { ...info, pid: process.pid + 1 });
    await first.close();
    expect(readSchedulerFile(file).pid).toBe(process.pid + 1);
  });

  test('of a scheduler that died gives its token to the next one, so that workers and clients find it', async () => {
    const file = folder()('s.json');
    writeSchedulerFile(file, info);
    const s = await scheduler({ file });
    expect(s.token).toBe(info.token);
    expect(readSchedulerFile(file).port).toBe(s.port);
  });

  test.skipIf(windows)('is refused where others can read it, and where it is another user’s', () => {
    const file = folder()('s.json');
    writeSchedulerFile(file, info);
    chmodSync(file, 0o644);
    expect(() => readSchedulerFile(file)).toThrow(/can be read by others.*chmod 600/);
    chmodSync(file, 0o600);
    expect(readSchedulerFile(file).token).toBe(info.token);
    if (process.getuid!() !== 0) return; // only root can give a file away
    chownSync(file, 12345, 12345);
    expect(() => readSchedulerFile(file)).toThrow(/belongs to another user \(uid 12345\)/);
  });

  test.skipIf(windows)('on a drive without modes is used with a warning', () => {
    const file = folder()('s.json');
    writeFileSync(file, JSON.stringify({ ...info, closedToOthers: false }), { mode: 0o666 });
    chmodSync(file, 0o666);
    const warnings: string[] = [];
    expect(readSchedulerFile(file, (text) => warnings.push(text)).token).toBe(info.token);
    expect(warnings).toMatchObject([/anyone who can read it can use this cluster/]);
  });

  test.each([
    ['is not there', undefined, ConnectionError, /there is no scheduler file.*lola scheduler/],
    ['is no JSON', 'ws://127.0.0.1:8786', InvalidArgumentError, /is not a scheduler file/],
    ['holds something else', '{"port": 1}', InvalidArgumentError, /is not a scheduler file/],
    [
      'is of another version',
      JSON.stringify({ ...info, protocol: 'lolas-pi.0', closedToOthers: true }),
      InvalidArgumentError,
      /speaks lolas-pi.0; this program speaks/,
    ],
  ])('that %s is told by name', (_name, text, kind, words) => {
    const file = folder()('s.json');
    if (text !== undefined) writeFileSync(file, text, { mode: 0o600 });
    expect(() => findScheduler({ file })).toThrow(kind);
    expect(() => findScheduler({ file })).toThrow(words);
  });

  test('whose scheduler is gone is told as such', async () => {
    const file = folder()('s.json');
    writeSchedulerFile(file, info);
    const error = await failure(connect({ file }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toMatch(/^the scheduler of '.*s.json' is gone.*nobody listens/);
  });

  test('gives its token to an address that it lists, and to no other', () => {
    const file = folder()('s.json');
    writeSchedulerFile(file, info);
    expect(findScheduler({ address: 'ws://127.0.0.1:1', file })).toEqual({
      addresses: ['ws://127.0.0.1:1'],
      token: info.token,
    });
    expect(() => findScheduler({ address: 'ws://127.0.0.1:2', file })).toThrow(
      /no scheduler file here knows ws:\/\/127.0.0.1:2/,
    );
  });

  test('gives its token to every name of its own machine, and to no other machine at the same port', () => {
    const file = folder()('s.json');
    const at = (host: string) => `ws://${host}:4711`;
    const cards = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const own = cards.map(({ address }) => (address.includes(':') ? `[${address}]` : address));
    const names = ['localhost', '127.0.0.1', '[::1]', hostname().toLowerCase(), ...own];
    for (const name of names) {
      writeSchedulerFile(file, { ...info, addresses: [at(name)] });
      for (const other of names) expect(findScheduler({ address: at(other), file }).token).toBe(info.token);
      for (const address of [at('10.9.8.7'), at('elsewhere'), 'ws://localhost:4712'])
        expect(() => findScheduler({ address, file })).toThrow('no scheduler file here knows');
    }
  });

  test('row 18: that cannot be written stops the start, by name, and leaves no port open and no draft', async () => {
    const path = folder();
    writeFileSync(path('file'), '');
    mkdirSync(path('s.json')); // a folder in the file's place: the draft can be written and not be renamed
    for (const file of [path('file/s.json'), path('s.json'), path('no/such/s.json'), '/proc/no/s.json']) {
      const error = await failure(startScheduler({ port: 0, file }));
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect(error.message).toMatch(/cannot write '.*s.json'/);
    }
    expect(readdirSync(path('')).sort()).toEqual(['file', 's.json']);
    expect(readFileSync(path('file'), 'utf8')).toBe('');
  });
});
