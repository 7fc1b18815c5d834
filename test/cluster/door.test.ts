// Who is let in and who is not: row 17 and 18 of the faults, and what SECURITY.md promises of the scheduler's door.
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { dial } from '../../lib/cluster/channel.js';
import { askStatus, connect } from '../../lib/cluster/client.js';
import { MOST_BYTES, PROTOCOL, encode } from '../../lib/cluster/protocol.js';
import {
  findScheduler,
  newToken,
  readSchedulerFile,
  writeSchedulerFile,
} from '../../lib/cluster/scheduler-file.js';
import { startScheduler, type Scheduler, type SchedulerOptions } from '../../lib/cluster/scheduler.js';
import { ConnectionError, InvalidArgumentError, ProtocolError } from '../../lib/errors.js';
import { newFolder } from '../support/cluster.js';

const windows = process.platform === 'win32';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const scheduler = async (options: SchedulerOptions = {}): Promise<Scheduler> => {
  const started = await startScheduler({ port: 0, ...options });
  cleanups.push(() => started.close());
  return started;
};
const folder = () => {
  const made = newFolder();
  cleanups.push(made.remove);
  return made.path;
};
/** How an attempt ends that must fail. */
const failure = async (attempt: Promise<unknown>): Promise<Error> =>
  attempt.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );

/** Knocks as anybody can; gives the status of the answer and its text. */
function knock(
  address: string,
  headers: Record<string, string>,
  protocol: string = PROTOCOL,
): Promise<{ status?: number; text: string }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, protocol, { headers });
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.once('end', () => resolve({ status: response.statusCode, text }));
    });
    socket.once('open', () => {
      socket.terminate();
      resolve({ status: 101, text: '' });
    });
    socket.on('error', () => {});
  });
}

/** Lets itself in and sends raw bytes; gives the reason for which it was closed. */
function say(
  { address, token }: Scheduler,
  data: Uint8Array | string,
): Promise<{ code: number; bye: string }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, PROTOCOL, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    let bye = '';
    socket.once('open', () => socket.send(data));
    socket.on('message', (answer) => (bye += (answer as Buffer).toString('latin1')));
    socket.on('error', () => {});
    socket.once('close', (code) => resolve({ code, bye }));
  });
}

describe('the scheduler’s door', () => {
  test('a wrong token, none, one of another length: refused alike, by name, and logged without the token', async () => {
    const lines: string[] = [];
    const s = await scheduler({ log: (line) => lines.push(line) });
    for (const token of [newToken(), '', 'x', s.token.slice(1), `${s.token}0`]) {
      const { status, text } = await knock(s.address, { authorization: `Bearer ${token}` });
      expect({ status, text }).toEqual({
        status: 401,
        text: expect.stringMatching(/wrong token.*another person's scheduler/) as string,
      });
    }
    expect((await knock(s.address, {})).status).toBe(401);
    expect((await knock(s.address, { authorization: `Bearer ${s.token}` })).status).toBe(101);
    expect(lines.filter((line) => line.includes('wrong token')).length).toBe(6);
    expect(lines.join('\n')).not.toContain(s.token);
    expect(await failure(connect({ address: s.address, token: newToken() }))).toBeInstanceOf(ProtocolError);
  });

  test('a web page is refused, also with the right token', async () => {
    const s = await scheduler();
    const { status, text } = await knock(s.address, {
      authorization: `Bearer ${s.token}`,
      origin: 'https://example.org',
    });
    expect({ status, text }).toEqual({ status: 403, text: 'web pages may not connect.' });
  });

  test('another version is refused, and both are named', async () => {
    const s = await scheduler();
    const { status, text } = await knock(s.address, { authorization: `Bearer ${s.token}` }, 'lolas-pi.0');
    expect({ status, text }).toEqual({
      status: 400,
      text: `it speaks ${PROTOCOL}, we speak lolas-pi.0. Use the same version on both sides.`,
    });
  });

  test.each([
    ['what is no message', new Uint8Array([0xc1, 1, 2]), /are no message/],
    ['text', 'hello', /are no message/],
    ['an unknown op', encode({ op: 'reboot' } as never), /'reboot' is malformed or unknown/],
    ['a field missing', encode({ op: 'join', name: 'x' } as never), /'join' is malformed.*threads/],
    ['a field of another type', encode({ op: 'connect', name: 5 } as never), /'connect' is malformed.*name/],
    [
      'a number that is none',
      encode({ op: 'join', name: 'x', threads: NaN, instance: 'y' }),
      /'join' is malformed.*threads/,
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
    const socket = await dial({ addresses: [s.address], token: s.token });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(encode({ op: 'reboot' } as never));
    socket.send(encode({ op: 'join', name: 'ghost', threads: 1, instance: 'ghost' }));
    await closed;
    expect((await askStatus(s)).workers).toEqual([]);
  });

  test('more bytes than a message may have close the connection, and no other', async () => {
    const s = await scheduler();
    // A frame's head announces its length; it is refused before its bytes are there.
    const socket = await dial({ addresses: [s.address], token: s.token });
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    const raw = (socket as unknown as { _socket: { write(data: Buffer): void } })._socket;
    const head = Buffer.alloc(14);
    head[0] = 0x82;
    head[1] = 0xff;
    head.writeBigUInt64BE(BigInt(MOST_BYTES + 1), 2);
    raw.write(head);
    expect(await closed).toBe(1009);
    expect((await askStatus(s)).clients).toBe(0);
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

  test('a host that is not this machine’s is refused by name', async () => {
    expect((await failure(startScheduler({ host: '203.0.113.7', port: 0 }))).message).toMatch(
      /'203.0.113.7' is no address of this machine/,
    );
  });

  test('listening everywhere tells every address, the loopback last', async () => {
    const { addresses, port } = await scheduler({ host: '0.0.0.0' });
    expect(addresses[addresses.length - 1]).toBe(`ws://127.0.0.1:${port}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });
});

describe('who looks for a scheduler', () => {
  const free = () =>
    new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });

  test('is told when nobody listens', async () => {
    const error = await failure(connect({ address: `ws://127.0.0.1:${await free()}`, token: newToken() }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toMatch(/^nobody listens at ws:\/\/127.0.0.1:\d+.*lola scheduler/);
  });

  test('is told when what listens hangs', { timeout: 20_000 }, async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const error = await failure(
      connect({ address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, token: newToken() }),
    );
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toMatch(/did not answer in 5 s/);
  });

  test('is told when what listens is something else', async () => {
    const server = createHttpServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const error = await failure(
      connect({ address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, token: newToken() }),
    );
    expect(error.message).toMatch(/no lola scheduler \(it answered 404\)/);
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
    expect(warnings).toMatchObject([/whoever can read it can use this cluster/]);
  });

  test.each([
    ['is not there', undefined, ConnectionError, /there is no scheduler file.*lola scheduler/],
    ['is no JSON', 'ws://127.0.0.1:8786', InvalidArgumentError, /is no scheduler file/],
    ['holds something else', '{"port": 1}', InvalidArgumentError, /is no scheduler file/],
    [
      'is of another version',
      JSON.stringify({ ...info, protocol: 'lolas-pi.0', closedToOthers: true }),
      InvalidArgumentError,
      /speaks lolas-pi.0; this is/,
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
