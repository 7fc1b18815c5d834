// Who is let in and who is not: row 17 and 18 of the faults, and what SECURITY.md promises of the scheduler's door.
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { connect as tcpConnect, createServer, type AddressInfo, type Server } from 'node:net';
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
import { CHALLENGE_PATH, MARK, proofOf } from '../../lib/cluster/websocket.js';
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

/** The headers of somebody who has the token, or does as if; each with a challenge of its own. */
async function papers(
  { address, token }: { address: string; token: string },
  side: 'peer' | 'scheduler' = 'peer',
): Promise<Record<string, string>> {
  const response = await fetch(`${address.replace('ws:', 'http:')}${CHALLENGE_PATH}`);
  const challenge = await response.text();
  return { authorization: `lola ${challenge} nonce ${proofOf(token, side, challenge, 'nonce')}` };
}

/** Knocks as anybody can; gives the status of the answer, its text and its headers. */
function knock(
  address: string,
  headers: Record<string, string>,
  protocol: string = PROTOCOL,
): Promise<{ status?: number; text: string; headers?: IncomingMessage['headers'] }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, protocol, { headers });
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.once('end', () => resolve({ status: response.statusCode, text }));
    });
    socket.once('upgrade', (response) => {
      socket.once('open', () => {
        socket.terminate();
        resolve({ status: 101, text: '', headers: response.headers });
      });
    });
    socket.on('error', () => {});
  });
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

async function enter(scheduler: Scheduler): Promise<WebSocket> {
  const socket = new WebSocket(scheduler.address, PROTOCOL, {
    headers: await papers(scheduler),
    perMessageDeflate: false,
  });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('open', resolve));
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
    for (const token of [newToken(), '', 'x', s.token.slice(1), `${s.token}0`]) {
      expect(await knock(s.address, await papers({ address: s.address, token }))).toEqual({
        status: 401,
        text: expect.stringMatching(/wrong token.*another person's scheduler/) as string,
      });
    }
    expect((await knock(s.address, {})).status).toBe(401);
    expect((await knock(s.address, await papers(s))).status).toBe(101);
    expect(lines.filter((line) => line.includes('wrong token')).length).toBe(6);
    expect(lines.join('\n')).not.toContain(s.token);
    expect(await failure(connect({ address: s.address, token: newToken() }))).toBeInstanceOf(ProtocolError);
  });

  test('the token itself lets nobody in: it is not for sending', async () => {
    const s = await scheduler();
    for (const words of [`Bearer ${s.token}`, `lola ${s.token}`, s.token])
      expect((await knock(s.address, { authorization: words })).status).toBe(401);
  });

  test('a proof that was used once is refused, as is one for a challenge that is none of ours', async () => {
    const s = await scheduler();
    const seen = await papers(s);
    expect((await knock(s.address, seen)).status).toBe(101);
    expect((await knock(s.address, seen)).status).toBe(401);
    const { authorization } = await papers(s);
    const [, challenge] = authorization.split(' ');
    const forged = [`${challenge}0`, challenge.replace(/^\d/, '9'), '', '1-2-3', (await scheduler()).token];
    for (const each of forged) {
      const proof = proofOf(s.token, 'peer', each, 'nonce');
      expect((await knock(s.address, { authorization: `lola ${each} nonce ${proof}` })).status).toBe(401);
    }
    expect((await knock(s.address, { authorization })).status).toBe(101);
  });

  test('the proof of the other side is refused, and a proof for another nonce', async () => {
    const s = await scheduler();
    expect((await knock(s.address, await papers(s, 'scheduler'))).status).toBe(401);
    const { authorization } = await papers(s);
    expect((await knock(s.address, { authorization: authorization.replace('nonce', 'other') })).status).toBe(
      401,
    );
  });

  test('the scheduler proves in its answer that it has the token, and sends the token to nobody', async () => {
    const s = await scheduler();
    const mine = await papers(s);
    const [, challenge] = mine.authorization.split(' ');
    const { headers } = await knock(s.address, mine);
    expect(headers![`${MARK}-proof`]).toBe(proofOf(s.token, 'scheduler', challenge, 'nonce'));
    expect(JSON.stringify([mine, headers])).not.toContain(s.token);
  });

  test('a web page is refused, also with the right token', async () => {
    const s = await scheduler();
    expect(await knock(s.address, { ...(await papers(s)), origin: 'https://example.org' })).toEqual({
      status: 403,
      text: 'web pages may not connect.',
    });
  });

  test('another version is refused, and both are named', async () => {
    const s = await scheduler();
    expect(await knock(s.address, await papers(s), 'lolas-pi.0')).toEqual({
      status: 400,
      text: `it speaks ${PROTOCOL}, we speak lolas-pi.0. Use the same version on both sides.`,
    });
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

  test('somebody who says nothing is cut off after five heartbeats', async () => {
    const s = await scheduler({ heartbeatMs: 20 });
    const socket = await enter(s);
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1006);
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

/** A refused peer that reads its refusal and keeps its side open. */
async function hold({ port }: Scheduler) {
  const socket = tcpConnect({ port, host: '127.0.0.1', allowHalfOpen: true });
  cleanups.push(() => socket.destroy());
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const refused = new Promise((resolve) => socket.once('data', resolve));
  const head = ['GET / HTTP/1.1', 'host: x', 'connection: Upgrade', 'upgrade: websocket'];
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
    let heard = '';
    let said = 0;
    const server = createHttpServer((_request, response) =>
      response.writeHead(200, { [MARK]: 'challenge', connection: 'close' }).end('1-2-3'),
    );
    const doors = new WebSocketServer({ noServer: true, handleProtocols: () => PROTOCOL });
    doors.on('headers', (headers) =>
      headers.push(`${MARK}-proof: ${proofOf(newToken(), 'scheduler', '1-2-3', 'x')}`),
    );
    server.on('upgrade', (request, socket, head) => {
      heard += JSON.stringify(request.rawHeaders);
      doors.handleUpgrade(request, socket, head, (accepted) => {
        accepted.on('error', () => {});
        accepted.on('message', () => said++);
      });
    });
    const address = await listening(server);
    const error = await failure(connect({ address, token }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toMatch(/^ws:\/\/127.0.0.1:\d+ does not know the token: it is not your scheduler/);
    expect(heard).toContain('lola 1-2-3');
    expect(heard).not.toContain(token);
    expect(said).toBe(0);
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

  test('is told when what listens is something else', async () => {
    const server = createHttpServer((_request, response) => response.writeHead(404).end());
    const error = await failure(connect({ address: await listening(server), token: newToken() }));
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
    expect(warnings).toMatchObject([/anyone who can read it can use this cluster/]);
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
