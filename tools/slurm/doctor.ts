// Finds out, with a probe of one minute, whether a node can do what a worker does: start Node, see our files, and reach
// the scheduler. Each way to fail has its own remedy.
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  adviseOnReason,
  describeEnd,
  isLive,
  isRefusal,
  jobStates,
  nodeWords,
  render,
  sbatch,
  scancel,
  type JobSettings,
} from '../../lib/slurm/index.js';
import type { Found } from './probe.js';

const ASK_MS = 1000;
/** Results of a job that has ended may show up here later: file systems remember folders (ms). */
const GRACE_MS = 5000;

interface Options {
  readonly signal: AbortSignal;
  readonly onReport: (text: string) => void;
}

/** One thing that was tried. */
export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

/** The probe's job is known by a name that no other has. */
const nameOf = (folder: string) => `lola-${basename(folder)}`;

/** The script that doctor submits. `folder`: where the probe reads and writes. */
export function probeScript(settings: JobSettings, folder: string): string {
  const program = fileURLToPath(new URL('./probe.js', import.meta.url));
  const values = { node: nodeWords(settings), reduce: [program], run: [folder] };
  return render('reduce', { ...settings, name: nameOf(folder), logDir: folder }, values, ['--time=00:01:00']);
}

/**
 * Submits the probe, waits for it and says what it found: nothing if the signal comes first.
 * @param addresses the scheduler's, as ws://host:port. If empty, none is up, and this process listens in its place.
 * @throws SlurmError if Slurm refuses the job: the message has the remedy
 */
export async function diagnose(settings: JobSettings, addresses: readonly string[], options: Options) {
  const parent = resolve(settings.logDir ?? '.'); // seen by the nodes, like all that jobs read
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'doctor-'));
  const standIn = addresses.length === 0 ? await listen() : undefined;
  const tried = standIn?.addresses ?? addresses;
  let isRefused = false;
  try {
    writeFileSync(join(folder, 'ask.json'), JSON.stringify(tried));
    writeFileSync(join(folder, 'probe.sh'), probeScript(settings, folder));
    const job = await sbatch(join(folder, 'probe.sh'), nameOf(folder));
    options.onReport(`job ${job} submitted`);
    const found = await waitFor(job, folder, options);
    if (typeof found === 'string') return [{ ok: false, text: found }];
    return describeFound(found, tried, standIn !== undefined);
  } catch (error) {
    if (options.signal.aborted) return [];
    isRefused = isRefusal(error); // else Slurm may have taken it without our seeing its number
    throw error;
  } finally {
    standIn?.close();
    if (!isRefused)
      await scancel(['--name', nameOf(folder)]).catch(({ message }: Error) => options.onReport(message));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the probe found, or how it failed. */
async function waitFor(job: string, folder: string, { signal, onReport }: Options): Promise<Found | string> {
  let said = '';
  for (let endedAt = Infinity; ; await delay(ASK_MS, undefined, { signal })) {
    const file = join(folder, 'found.json');
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Found;
    const [state] = await jobStates([job], nameOf(folder));
    if (state?.state === 'PENDING' && !['None', said].includes(state.reason)) {
      said = state.reason;
      onReport(`it waits: ${said}. ${adviseOnReason(said)}`);
    }
    if (state && isLive(state)) continue;
    endedAt = Math.min(endedAt, performance.now());
    if (performance.now() - endedAt < GRACE_MS) continue;
    if (state?.state === 'COMPLETED')
      return `the probe ran on ${state.node}, but its result does not show up here: the nodes do not share ${folder}. Run lola from your home, or set 'logDir'.`;
    const log = join(folder, `${nameOf(folder)}-${job}.log`);
    const how = state ? describeEnd(state, log) : 'Slurm has forgotten it';
    return `the probe failed: ${how}. Node must start on the nodes: set 'prologue' (as 'module load nodejs') or 'node'; and they must see ${folder}.`;
  }
}

/** What a probe found, in words. `standIn`: no scheduler was up, this process listened in its place. */
export function describeFound(found: Found, addresses: readonly string[], standIn: boolean): Finding[] {
  const { host, node, ways } = found;
  const here = process.versions.node;
  const findings = [{ ok: true, text: `a job started on ${host}, saw our files, and ran Node ${node}` }];
  const say = (ok: boolean, text: string) => void findings.push({ ok, text });
  if (node !== here)
    say(false, `Node ${node} there and ${here} here: load the same one ('prologue' or 'node')`);
  const outside = addresses.filter((address) => !LOOPBACK.test(new URL(address).hostname));
  if (outside.length === 0) {
    const where = `the scheduler listens on ${addresses.join(', ')}, which only its own host can reach`;
    say(false, `wrong interface: ${where}. Start it with: lola scheduler --host 0.0.0.0`);
  }
  // A host has interfaces that nodes need not reach: workers try each address in turn.
  const isOpen = addresses.some((address) => ways[address] === 'ok');
  const others = isOpen ? ' That is fine: workers take the other address.' : '';
  for (const address of outside) {
    const way = ways[address] ?? 'not tried';
    if (way === 'ok') say(true, `${host} reaches ${standIn ? 'this host' : 'the scheduler'} at ${address}`);
    else say(isOpen, `${address}: ${explain(way)}${others}`);
  }
  return findings;
}

const LOOPBACK = /^(localhost|127\.|\[?::1\]?$)/;

function explain(code: string): string {
  return WAYS.find(([pattern]) => pattern.test(code))?.[1] ?? `cannot be reached (${code}).`;
}

const WAYS: readonly (readonly [code: RegExp, text: string])[] = [
  [/ECONNREFUSED/, 'refused: nobody listens there. Is the scheduler up? Its log and its file name its port.'],
  [
    /ETIMEDOUT/,
    'blocked: no answer in 5 s, as with a firewall. Ask which ports are open, or use all-in-one.sh.',
  ],
  [
    /UNREACH|ADDRNOTAVAIL/,
    'unreachable: the node has no way there. Start the scheduler with another --host.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'name not found: use the address instead, as in lola scheduler --host 10.0.0.5'],
];

/** Listens on all interfaces while the probe runs. Each connection is closed at once. */
async function listen(): Promise<{ addresses: string[]; close: () => void }> {
  const server = createServer((socket) => socket.destroy()).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outside = own.filter(({ internal, family }) => !internal && family === 'IPv4');
  const hosts = [...outside.map(({ address }) => address), hostname()];
  return { addresses: hosts.map((host) => `ws://${host}:${port}`), close: () => server.close() };
}
