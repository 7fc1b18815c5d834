// What hostile or unlucky neighbours may not do: hold up who dials, trap who reads a file, steer a terminal, stop a run.
import { spawnSync } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { describe, expect, test } from 'vitest';
import { askStatus, connect } from '../../lib/cluster/connect.js';
import { PROTOCOL, encode, type ToScheduler } from '../../lib/cluster/messages.js';
import { newToken, readSchedulerFile, writeSchedulerFile } from '../../lib/cluster/scheduler-file.js';
import { startScheduler } from '../../lib/cluster/start-scheduler.js';
import { proofOf } from '../../lib/cluster/websocket.js';
import { CancelledError } from '../../lib/errors.js';
import { folderFor, newCleanups } from '../support/cleanups.js';
import { lola } from '../support/cluster.js';

const windows = process.platform === 'win32';
const cleanups = newCleanups();
const folder = () => folderFor(cleanups);

/** A listener that takes connections and never answers; resolves `dialled` at the first one. */
async function silent() {
  const server = createServer((socket) => void socket.on('error', () => {}));
  const dialled = once(server, 'connection');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const file = folder()('s.json');
  const address = `ws://127.0.0.1:${port}`;
  writeSchedulerFile(file, { protocol: PROTOCOL, addresses: [address], port, token: newToken(), pid: 1 });
  return { file, dialled };
}

/** Lets itself in as a peer of one's own making. */
async function enter({ address, token }: { address: string; token: string }): Promise<WebSocket> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  socket.on('error', () => {});
  cleanups.push(() => socket.terminate());
  const [greeting] = (await once(socket, 'message')) as [Buffer];
  const [, challenge] = greeting.toString().split(' ');
  socket.send(`${PROTOCOL} nonce ${proofOf(token, 'peer', challenge, 'nonce')}`);
  await once(socket, 'message');
  return socket;
}
const say = (socket: WebSocket, message: ToScheduler) => socket.send(encode(message));

describe('while it dials', () => {
  test.skipIf(windows).each([
    ['lola worker', ['worker', '--threads', '1']],
    ['lola pi', ['pi', '--stage', 'distributed', '--samples', '1000']],
    ['lola status', ['status']],
  ])('%s ends at Ctrl-C, with exit code 130', { timeout: 120_000 }, async (_name, words) => {
    const { file, dialled } = await silent();
    const program = lola([...words, '--scheduler-file', file]);
    cleanups.push(() => program.child.kill('SIGKILL'));
    await dialled;
    program.child.kill('SIGINT');
    // A program without a handler of its own is ended by the signal, for which a shell reports 130.
    expect([130, 'SIGINT']).toContain(await program.ended);
    expect(program.output()).not.toContain('did not answer');
  });

  test('a program that connects may stop it', async () => {
    const { file, dialled } = await silent();
    const stop = new AbortController();
    const connecting = connect({ file, signal: stop.signal }).catch((error: unknown) => error);
    await dialled;
    stop.abort();
    expect(await connecting).toBeInstanceOf(CancelledError);
  });
});

describe.skipIf(windows)('a scheduler file', () => {
  test('that is a pipe, a device or a folder is refused by name, and holds nobody up', () => {
    const path = folder();
    spawnSync('mkfifo', [path('pipe')]);
    for (const file of [path('pipe'), '/dev/zero', path('')])
      expect(() => readSchedulerFile(file)).toThrow(/is not a scheduler file|belongs to another user/);
  });

  test('of another user is refused as such, whatever is in it', () => {
    if (process.getuid!() !== 0) return; // only root can give a file away
    const file = folder()('s.json');
    writeFileSync(file, 'nonsense', { mode: 0o600 });
    chownSync(file, 12345, 12345);
    expect(() => readSchedulerFile(file)).toThrow(/belongs to another user \(uid 12345\)/);
  });
});

describe('what a peer says', () => {
  test('reaches log and status as plain text', async () => {
    const lines: string[] = [];
    const s = await startScheduler({ port: 0, log: (line) => lines.push(line) });
    cleanups.push(() => s.close());
    const liar = await enter(s);
    const name = 'w\nlola.scheduler - INFO - all is well\u001b[2J\u202e';
    say(liar, { op: 'hello', role: 'worker', name, threads: 1, instance: 'x' });
    await once(liar, 'message');
    const shown = 'w\\u{a}lola.scheduler - INFO - all is well\\u{1b}[2J\\u{202e}';
    expect((await askStatus(s)).workers[0].name).toBe(shown);
    expect(lines.at(-1)).toBe(`lola.scheduler - INFO - Worker joined: ${shown}, 1 thread (1 here)`);
  });

  test('wrong is blamed on it by name', async () => {
    const lines: string[] = [];
    const s = await startScheduler({ port: 0, log: (line) => lines.push(line) });
    cleanups.push(() => s.close());
    const liar = await enter(s);
    say(liar, { op: 'hello', role: 'worker', name: 'mallory', threads: 1, instance: 'x' });
    liar.send(new Uint8Array([0xc1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]));
    await once(liar, 'close');
    expect(lines.join('\n')).toMatch(/Worker left: mallory \(a message of 4294967295 bytes/);
  });
});
