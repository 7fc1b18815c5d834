// What a stranger can cost a server: time, connections, lines of a log, and never the server.
import { get, type IncomingMessage } from 'node:http';
import { Server, connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { Entrance, type EntranceOptions } from '../lib/entrance.js';
import { InvalidArgumentError, plain } from '../lib/errors.js';
import { newCleanups } from './support/cleanups.js';

const cleanups = newCleanups();

/** An entrance that is open, what it logged, and how to knock at it. */
async function open(options: Partial<EntranceOptions> = {}) {
  const lines: string[] = [];
  const entrance: Entrance = new Entrance({
    who: 'test',
    log: (line) => lines.push(line),
    onRequest: (_request, response) => response.end('hello'),
    onUpgrade: (_request, socket) => entrance.refuse(socket, 401, 'wrong token'),
    ...options,
  });
  cleanups.push(() => entrance.close());
  const { port } = await entrance.listen('127.0.0.1', 0, 1);
  const knock = (): Socket => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    cleanups.push(() => socket.destroy());
    return socket;
  };
  return { entrance, port, lines, knock };
}

/** The status and text of an answer. */
async function ask(port: number, headers: Record<string, string> = {}): Promise<[number, string]> {
  const call = get({ port, host: '127.0.0.1', headers, agent: false });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part as string;
  return [response.statusCode!, text];
}

/** Resolves when the other side has hung up. */
function ended(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('end', resolve).once('close', resolve).resume());
}

/** Resolves when the other side, which has hung up, resets what is still written to it: it keeps nothing. */
function gone(socket: Socket): Promise<unknown> {
  const writing = setInterval(() => socket.write('x'), 20);
  return new Promise((resolve) => socket.once('close', resolve).resume()).finally(() =>
    clearInterval(writing),
  );
}

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('an entrance', () => {
  test.each([
    ['nothing', ''],
    ['half a line', 'GET / HT'],
    ['a head without an end', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ])('lets go of a stranger who says %s and stays', async (_name, words) => {
    const { knock } = await open({ strangerMs: 50 });
    const socket = knock();
    socket.write(words);
    await ended(socket);
  });

  test('keeps who was admitted, however long', async () => {
    const { entrance, knock } = await open({
      strangerMs: 20,
      onUpgrade: (_request, socket) => {
        entrance.admit(socket);
        setTimeout(() => socket.write('still here'), 200);
      },
    });
    const socket = knock();
    socket.write(UPGRADE);
    expect(String((await once(socket, 'data'))[0])).toBe('still here');
  });

  test('serves the newest where one address holds too many: the oldest goes', async () => {
    const { port, knock, lines } = await open({ strangerMs: 600_000 });
    const held = Array.from({ length: 64 }, knock);
    for (const socket of held) await once(socket, 'connect');
    const first = ended(held[0]);
    expect(await ask(port)).toEqual([200, 'hello']);
    await first;
    expect(lines).toEqual(['Dropped a connection from 127.0.0.1: too many peers do not show who they are']);
  });

  test('says to a refused socket why, and lets it go though it stays', async () => {
    const { knock, lines } = await open({ strangerMs: 600_000 });
    const socket = knock();
    socket.write(UPGRADE);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 Refused\r\n(.+\r\n)*\r\nwrong token$/);
    await gone(socket);
    expect(lines).toEqual(['Refused a connection from 127.0.0.1: wrong token']);
  });

  test('closes though strangers and refused ones stay', async () => {
    const { entrance, knock } = await open({ strangerMs: 600_000 });
    const [silent, refused] = [knock(), knock()];
    refused.write(UPGRADE);
    await Promise.all([once(silent, 'connect'), once(refused, 'data')]);
    await entrance.close();
    await Promise.all([ended(silent), gone(refused)]);
  });

  test('closes though somebody who was admitted stays', async () => {
    const { entrance, knock } = await open({
      onUpgrade: (_request, socket) => {
        entrance.admit(socket);
        socket.write('in');
      },
    });
    const socket = knock();
    socket.write(UPGRADE);
    await once(socket, 'data');
    await entrance.close();
    await ended(socket);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('planted');
      },
    ],
    ['rejects', () => Promise.reject(new Error('planted'))],
  ])('a handler that %s costs its request, and is logged in one line', async (_name, fail) => {
    let failing = true;
    const { port, lines, knock } = await open({
      onRequest: (_request, response) => (failing ? fail() : response.end('hello')),
      onUpgrade: fail,
    });
    expect(await ask(port)).toEqual([500, 'The test failed to answer. Its log says why.\n']);
    const socket = knock();
    socket.write(UPGRADE);
    await ended(socket);
    failing = false;
    expect(await ask(port)).toEqual([200, 'hello']);
    expect(lines).toMatchObject([/^A request failed: Error: planted/, /^A request failed: Error: planted/]);
    expect(lines.join('')).not.toContain('\n');
  });

  test('a flood of refusals fills no log', async () => {
    const { knock, lines } = await open();
    for (let i = 0; i < 100; i++) {
      const socket = knock();
      socket.write(UPGRADE);
      await once(socket, 'data');
    }
    expect(lines.length).toBe(20);
  });

  test('a head that is too long, or is none, is refused before it is read', async () => {
    const { port, knock } = await open();
    expect((await ask(port, { 'x-long': 'x'.repeat(10_000) }))[0]).toBe(431);
    const socket = knock();
    socket.write('\0\0nonsense\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 400 /);
  });

  test('takes the next port where the first is taken, and names one that was asked for', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { entrance } = await open();
    await entrance.close();
    expect((await entrance.listen('127.0.0.1', undefined, port)).port).toBeGreaterThan(port);
    const other = new Entrance({ who: 'test', flag: '--door', log() {}, onRequest() {}, onUpgrade() {} });
    const failure = await other.listen('127.0.0.1', port, 1).catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(InvalidArgumentError);
    expect((failure as Error).message).toBe(
      `test: cannot listen at 127.0.0.1:${port}: port ${port} is taken. Leave --door out for the next free one, or name another.`,
    );
  });
});

test('a default port that the system keeps for itself is passed over; one that was asked for is refused by name', async () => {
  const { entrance } = await open();
  await entrance.close();
  const keep = () =>
    vi.spyOn(Server.prototype, 'listen').mockImplementationOnce(function (this: Server) {
      queueMicrotask(() => this.emit('error', Object.assign(new Error('kept'), { code: 'EACCES' })));
      return this;
    });
  cleanups.push(() => keep().mockRestore());
  keep();
  expect((await entrance.listen('127.0.0.1', undefined, 20_000)).port).toBeGreaterThan(20_000);
  const other = new Entrance({ who: 'test', log() {}, onRequest() {}, onUpgrade() {} });
  keep();
  await expect(other.listen('127.0.0.1', 20_000, 1)).rejects.toThrow('you may not use port 20000');
});

test('where all default ports are taken it says so, and does not call it a mistake of the caller', async () => {
  const { entrance } = await open();
  await entrance.close();
  const taken = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
    queueMicrotask(() => this.emit('error', Object.assign(new Error('taken'), { code: 'EADDRINUSE' })));
    return this;
  });
  cleanups.push(() => taken.mockRestore());
  const failure = await entrance.listen('127.0.0.1', undefined, 20_000).catch((error: unknown) => error);
  expect(failure).not.toBeInstanceOf(InvalidArgumentError); // so a dashboard beside a run does not end the run
  expect(failure).toMatchObject({
    code: 'PORTS',
    message: 'test: ports 20000 to 20100 are all taken. Name a free one: --port.',
  });
});

test('plain text shows what would break a line, steer a terminal or turn the direction, and leaves the rest', () => {
  expect(plain('a\nb\u001b[2J\u0007\u202Ec\u2066\u2028')).toBe(
    'a\\u{a}b\\u{1b}[2J\\u{7}\\u{202e}c\\u{2066}\\u{2028}',
  );
  expect(plain('Żółw 🐢 老師 שלום')).toBe('Żółw 🐢 老師 שלום');
});
