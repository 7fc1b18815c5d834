// `npm run test:fuzz -- MINUTES [SEED]`: a hostile neighbour at a scheduler and its dashboard, while runs go on (default: half a minute).
// Without the token: request lines, upgrades, half-open and slow sockets. With it: messages changed by what their schema allows.
// It fails where a count is not exact, the scheduler ends, or its descriptors or memory grow.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import seedrandom from 'seedrandom';
import { WebSocket } from 'ws';
import { connect } from '../../dist/lib/cluster/connect.js';
import { PROTOCOL, encode } from '../../dist/lib/cluster/messages.js';
import { readSchedulerFile } from '../../dist/lib/cluster/scheduler-file.js';
import { proofOf } from '../../dist/lib/cluster/websocket.js';

const [minutes = '0.5', seed = String(Date.now())] = process.argv.slice(2);
const random = seedrandom(seed);
const pick = (items) => items[Math.floor(random() * items.length)];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const folder = mkdtempSync(join(tmpdir(), 'lola-fuzz-'));
const file = join(folder, 's.json');
const lola = (...words) =>
  fork(fileURLToPath(new URL('../support/lola.mjs', import.meta.url)), [...words, '--scheduler-file', file], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
const children = [];
const up = (child, words) =>
  new Promise((resolve) => {
    children.push(child);
    let text = '';
    const hear = (data) => (text += data).includes(words) && resolve(text);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', hear);
  });

const TARGETS = [
  '/',
  '//',
  '///',
  '/\\',
  '/%',
  '/?%',
  'http://[',
  '*',
  '/challenge',
  '/live',
  '/health',
  '\0',
];
const HEADS = [
  'Host: x',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Origin: x',
];
const MORE = [
  'Authorization: lola 1-2-3 x y',
  'Expect: 100-continue',
  'Transfer-Encoding: chunked',
  'Content-Length: 9e9',
];

/** A stranger says something, perhaps half of it, slowly, or nothing; and leaves, breaks off, or stays. */
function knock(port) {
  const socket = tcp({ port, host: pick(['127.0.0.1', '127.0.0.2', '127.0.0.3']), allowHalfOpen: true });
  socket.on('error', () => {}).resume();
  const heads = [...HEADS, ...MORE, `X: ${'x'.repeat(Math.floor(random() * 20_000))}`].filter(
    () => random() < 0.4,
  );
  let text = `${pick(['GET', 'POST', 'CONNECT', 'OPTIONS', 'x'])} ${pick(TARGETS)} HTTP/1.${pick([0, 1, 9])}\r\n`;
  text += `${heads.join('\r\n')}\r\n\r\n`;
  if (random() < 0.3) text = text.slice(0, random() * text.length);
  if (random() < 0.2) text = text.repeat(50);
  socket.write(text);
  const end = pick([() => socket.end(), () => socket.destroy(), () => {}, () => socket.resetAndDestroy()]);
  setTimeout(end, random() * 500);
  setTimeout(() => socket.destroy(), 20_000).unref();
}

const NUMBERS = [NaN, Infinity, -1, -0, 0.5, 2 ** 31, 2 ** 53, 1e300];
const STRANGE = [
  null,
  '',
  'x'.repeat(300),
  '\u001b[2J\n\u202e',
  [],
  {},
  [[[]]],
  new Uint8Array([0xc1]),
  new Uint8Array(9),
];
const MESSAGES = [
  { op: 'hello', role: 'worker', name: 'liar', threads: 4, instance: 'x' },
  { op: 'hello', role: 'client', name: 'liar', threads: 1, instance: '-' },
  {
    op: 'submit',
    kind: 'k',
    tasks: [{ id: 1, key: 'k', payload: new Uint8Array(3) }],
  },
  { op: 'cancel', ids: [1, 2] },
  { op: 'started', batch: 1, thread: 0, age: 1 },
  { op: 'done', batch: 1, thread: 0, count: 1, ages: new Float64Array(2), values: new Uint8Array([0x90]) },
  { op: 'leave' },
];

/** A message in which one field is not as it should be. */
function mutated() {
  const message = globalThis.structuredClone(pick(MESSAGES));
  const field = pick(Object.keys(message));
  if (random() < 0.1) delete message[field];
  else if (random() < 0.7) message[field] = pick([...NUMBERS, ...STRANGE]);
  return message;
}

/** A message as a frame whose head or length may be wrong, in two pieces. */
function framed(bytes) {
  const frame = Buffer.alloc(pick([9, 9, 9, 8]), 0xc1);
  const [head, total] = [bytes.length, bytes.length].map((n) =>
    pick([n, n, n, n + 1, 0, 1, 2 ** 28, 2 ** 32 - 1]),
  );
  frame.writeUInt32BE(head, 1);
  if (frame.length === 9) frame.writeUInt32BE(total, 5);
  const middle = Math.floor(random() * bytes.length);
  return [frame, bytes.subarray(0, middle), bytes.subarray(middle)];
}

/** A peer with the token says who it is, and lies. */
async function lie({ address, token }) {
  const socket = new WebSocket(address);
  socket.on('error', () => {});
  const next = () => new Promise((resolve) => socket.once('message', resolve).once('close', resolve));
  const [, challenge] = String(await next()).split(' ');
  if (socket.readyState === WebSocket.OPEN)
    socket.send(`${PROTOCOL} n ${proofOf(token, 'peer', challenge, 'n')}`);
  await next();
  const hello = { ...pick(MESSAGES.slice(0, 2)), name: `liar-${random()}` };
  if (socket.readyState === WebSocket.OPEN && random() < 0.8) socket.send(encode(hello));
  for (let i = 0; i < 20 && socket.readyState === WebSocket.OPEN; i++) {
    const bytes = Buffer.from(encode(mutated()));
    if (random() < 0.3) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    for (const piece of random() < 0.2 ? framed(bytes) : [bytes]) socket.send(piece);
    await pause(random() * 5);
  }
  socket.terminate();
}

const look = ({ pid }) => ({
  descriptors: readdirSync(`/proc/${pid}/fd`).length,
  mb: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000,
});

console.log(`seed ${seed}, ${minutes} minutes`);
const scheduler = lola('scheduler', '--port', '0', '--dashboard-port', '0');
let failure;
scheduler.once('exit', (code, signal) => (failure ??= `the scheduler ended with ${signal ?? code}`));
await up(scheduler, 'address and token in');
await up(lola('worker', '--threads', '1', '--name', 'honest'), 'Joined as');
const { addresses, token, port, dashboard } = readSchedulerFile(file);
const ports = [port, Number(new URL(dashboard).port)];
const executor = await connect({ file });
const task = { key: 'k', operation: 'countInside', input: { key: [1, 2], start: 0, samples: 100_000 } };
const [right] = await executor.run([task]);
const until = performance.now() + 60_000 * Number(minutes);
const worst = { descriptors: 0, mb: 0 };
/** The most memory in the second fifth of the time, and in the last. */
const [early, late] = [{ mb: 0 }, { mb: 0 }];
const begun = performance.now();
let [runs, knocks, lies] = [0, 0, 0];

async function forTheTime(act) {
  while (performance.now() < until && !failure) await act();
}
await Promise.all([
  forTheTime(async () => {
    const values = await executor.run(Array.from({ length: 20 }, (_, i) => ({ ...task, key: `k${i}` })));
    runs++;
    if (values.some((value) => value !== right)) failure ??= `a count is wrong: ${values}`;
    await pause(10);
  }),
  forTheTime(async () => {
    knock(pick(ports));
    knocks++;
    await pause(random() * 20);
  }),
  forTheTime(async () => {
    await lie({ address: addresses[0], token }).catch(() => {}); // not let in this time
    lies++;
    await pause(random() * 50);
  }),
  forTheTime(async () => {
    const now = look(scheduler);
    for (const what of ['descriptors', 'mb']) worst[what] = Math.max(worst[what], now[what]);
    const fifth = Math.floor((5 * (performance.now() - begun)) / (until - begun));
    const then = { 1: early, 4: late }[fifth];
    if (then) then.mb = Math.max(then.mb, now.mb);
    await pause(500);
  }),
]).catch((error) => (failure ??= String(error)));
if (worst.descriptors > 400) failure ??= `${worst.descriptors} descriptors`;
if (late.mb > 1.25 * early.mb + 20) failure ??= `memory grew from ${early.mb} to ${late.mb} MB`;
if (worst.mb > 600) failure ??= `${worst.mb} MB`;
console.log(
  `${runs} runs, ${knocks} strangers, ${lies} liars; at most ${worst.descriptors} descriptors, ${worst.mb.toFixed(0)} MB (${early.mb.toFixed(0)} early, ${late.mb.toFixed(0)} late)`,
);
console.log(failure ? `FAIL: ${failure} (seed ${seed})` : 'ok');
for (const child of children) child.kill('SIGKILL');
rmSync(folder, { recursive: true, force: true });
process.exit(failure ? 1 : 0);
