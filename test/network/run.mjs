// `npm run test:network`: scheduler, worker and client in network namespaces of their own, on slow lines. Needs root and Linux.
// It prints a line for each case, and fails where an honest peer is taken for dead, a task runs twice, or memory is not bounded.
//   --long   all rates and sizes (an hour) instead of a short form (two minutes)
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MOST_MB = 600;
const LONG = process.argv.includes('--long');
const CASES = LONG
  ? [20, 40, 100].flatMap((rate) => [1e3, 1e5, 1e6, 1e7, 75e6, 200e6].map((bytes) => ({ rate, bytes })))
  : [
      { rate: 20, bytes: 1e3 },
      { rate: 20, bytes: 1e6 },
      { rate: 40, bytes: 2e7 },
      { rate: 100, bytes: 75e6 },
    ];
const [id, folder] = [process.pid, mkdtempSync(join(tmpdir(), 'lola-network-'))];
const [s, w, c] = ['s', 'w', 'c'].map((name) => `lola-${name}-${id}`);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const file = join(folder, 'scheduler.json');
const children = [];

/** Runs a command to its end. */
function sh(words, mayFail = false) {
  const [command, ...args] = words.split(' ');
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0 && !mayFail) throw new Error(`${words}: ${stderr}`);
  return status === 0;
}

/** Starts a Node program in a namespace. */
function start(namespace, ...args) {
  const words = ['netns', 'exec', namespace, process.execPath, ...args];
  const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** A line between the scheduler and a peer, both ways as slow. */
function connect(peer, number, rate) {
  const [a, b] = [`v${number}a${id}`, `v${number}b${id}`];
  sh(`ip link add ${a} netns ${s} type veth peer name ${b} netns ${peer}`);
  for (const [namespace, device, last] of [
    [s, a, 1],
    [peer, b, 2],
  ]) {
    sh(`ip -n ${namespace} addr add 10.77.${number}.${last}/24 dev ${device}`);
    sh(`ip -n ${namespace} link set ${device} up`);
    sh(`ip -n ${namespace} link set lo up`);
    sh(`tc -n ${namespace} qdisc add dev ${device} root tbf rate ${rate}mbit burst 64kb latency 200ms`);
  }
}

/** Waits for a line of a program's log. */
function line(child, words) {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => (text += data).includes(words) && resolve());
    child.once('close', () => reject(new Error(`ended without '${words}': ${text}`)));
  });
}

/** Peak memory of a process so far (MB). */
function peakMb(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000;
}

function clear() {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const namespace of [s, w, c]) sh(`ip netns del ${namespace}`, true);
}

/** One case: tasks with large values, or with large inputs. */
async function measure({ rate, bytes }, operation) {
  for (const namespace of [s, w, c]) sh(`ip netns add ${namespace}`);
  connect(w, 1, rate);
  connect(c, 2, rate);
  const lola = here('../support/lola.mjs');
  const scheduler = start(
    s,
    lola,
    'scheduler',
    '--host',
    '0.0.0.0',
    '--no-dashboard',
    '--scheduler-file',
    file,
  );
  await line(scheduler, 'address and token in');
  const worker = start(
    w,
    lola,
    'worker',
    '--scheduler-file',
    file,
    '--threads',
    '1',
    '--tasks',
    here('tasks.mjs'),
  );
  await line(worker, 'Joined as');
  const count = bytes >= 5e7 ? 2 : bytes >= 1e6 ? 8 : 200;
  const began = performance.now();
  const client = start(c, here('client.mjs'), file, operation, String(count), String(bytes));
  let text = '';
  client.stdout.on('data', (data) => (text += data));
  await once(client, 'close');
  const seen = JSON.parse(text || '{}');
  const memory = peakMb(scheduler.pid); // `ip` becomes the program
  const right =
    seen.right === count && seen.started === count && seen.failed === 0 && seen.left?.length === 0;
  const ok = right && memory <= MOST_MB;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const what = `${rate} Mbit/s, ${count} x ${bytes / 1e6} MB as ${operation === 'make' ? 'values' : 'inputs'}`;
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${what}: ${seconds} s, scheduler ${memory.toFixed(0)} MB ${ok ? '' : text}`,
  );
  return ok;
}

if (process.platform !== 'linux' || process.getuid() !== 0 || !sh('ip netns', true)) {
  console.log('skipped: network namespaces need Linux, root, and the commands ip and tc (iproute2).');
  process.exit(0);
}
let failures = 0;
try {
  for (const each of CASES)
    for (const operation of ['make', 'weigh']) {
      if (!(await measure(each, operation))) failures += 1;
      clear();
    }
} finally {
  clear();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
