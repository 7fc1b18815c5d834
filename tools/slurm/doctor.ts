// Finds out, with a probe of one minute, whether a node can do what a worker does: start Node, see our files, and reach the
// scheduler. Each way it can fail has its own remedy.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { jobDetails, jobStates, sbatch, scancel } from '../../lib/slurm/commands.js';
import { isLive } from '../../lib/slurm/job-state.js';
import { adviseOnReason, describeEnd } from '../../lib/slurm/ending.js';
import type { Found } from './probe.js';
import { nodeWords, render, type JobSettings } from '../../lib/slurm/render.js';

const ASK_MS = 1000;
/** Results of a job that has ended may show up here later: file systems remember folders (ms). */
const GRACE_MS = 5000;

/** One thing that was tried. */
export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

/** The script that doctor submits. `folder`: where the probe reads and writes. */
export function probeScript(settings: JobSettings, folder: string): string {
  const values = {
    node: nodeWords(settings),
    reduce: [fileURLToPath(new URL('./probe.js', import.meta.url))],
    run: [folder],
  };
  const own = { ...settings, name: 'lola-doctor', logDir: folder };
  return render('reduce', own, values, ['--time=00:01:00']);
}

/**
 * Submits the probe, waits for it and says what it found.
 * @param addresses the scheduler's, as ws://host:port; empty means that none is up, and this process listens in its place
 * @throws SlurmError where Slurm refuses the job: the message has the remedy
 */
export async function diagnose(
  settings: JobSettings,
  addresses: readonly string[],
  { signal, onReport }: { readonly signal?: AbortSignal; readonly onReport: (text: string) => void },
): Promise<Finding[]> {
  const parent = resolve(settings.logDir ?? 'lola-logs');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'doctor-'));
  const stand = addresses.length === 0 ? await listen() : undefined;
  const asked = stand?.addresses ?? addresses;
  let job: string | undefined;
  try {
    writeFileSync(join(folder, 'ask.json'), JSON.stringify(asked));
    writeFileSync(join(folder, 'probe.sh'), probeScript(settings, folder));
    job = await sbatch(join(folder, 'probe.sh'));
    onReport(`job ${job} submitted`);
    const found = await waitFor(job, folder, signal, onReport);
    return typeof found === 'string'
      ? [{ ok: false, text: found }]
      : describeFound(found, asked, stand !== undefined);
  } finally {
    stand?.close();
    if (job !== undefined) await scancel([job]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function waitFor(
  job: string,
  folder: string,
  signal: AbortSignal | undefined,
  onReport: (text: string) => void,
): Promise<Found | string> {
  let told = '';
  for (let endedAt = Infinity; ; await delay(ASK_MS, undefined, { signal })) {
    try {
      return JSON.parse(readFileSync(join(folder, 'found.json'), 'utf8')) as Found;
    } catch {
      // not yet
    }
    if (performance.now() - endedAt > GRACE_MS) {
      const ended = await jobDetails(job);
      if (ended?.state === 'COMPLETED')
        return `the probe ran on ${ended.node}, but its result does not show up here: ${folder} is not on a file system that all nodes share. Run lola from your home, or set 'logDir'.`;
      return `the probe failed: ${ended ? describeEnd(ended, join(folder, `lola-doctor-${job}.log`)) : 'Slurm has forgotten it'}. Node must start on the nodes: set 'prologue' (as 'module load nodejs') or 'node'; and they must see ${folder}.`;
    }
    const [state] = await jobStates([job]);
    if (!state || !isLive(state)) endedAt = Math.min(endedAt, performance.now());
    else if (state.state === 'PENDING' && state.reason !== 'None' && state.reason !== told) {
      told = state.reason;
      onReport(`it waits: ${told}. ${adviseOnReason(told)}`);
    }
  }
}

/** What a probe found, in words. `standIn`: no scheduler was up, we listened ourselves. */
export function describeFound(
  { host, node, ways }: Found,
  addresses: readonly string[],
  standIn: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const say = (ok: boolean, text: string) => void findings.push({ ok, text });
  const here = process.versions.node;
  say(true, `a job started on ${host}, saw our files, and ran Node ${node}`);
  if (node !== here)
    say(false, `Node ${node} there and ${here} here: load the same one ('prologue' or 'node')`);
  const outside = addresses.filter((address) => !LOOPBACK.test(new URL(address).hostname));
  if (outside.length === 0)
    say(
      false,
      `wrong interface: the scheduler listens on ${addresses.join(', ')}, which only its own host can reach. Start it with: lola scheduler --host 0.0.0.0`,
    );
  // A host has interfaces that nodes need not reach: workers try each address in turn.
  const open = addresses.some((address) => ways[address] === 'ok');
  for (const address of outside) {
    const way = ways[address] ?? 'not tried';
    if (way === 'ok') say(true, `${host} reaches ${standIn ? 'this host' : 'the scheduler'} at ${address}`);
    else
      say(
        open,
        `${address}: ${explain(way, standIn)}${open ? ' No harm: workers take the other address.' : ''}`,
      );
  }
  return findings;
}

const LOOPBACK = /^(localhost|127\.|\[?::1\]?$)/;

function explain(code: string, standIn: boolean): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused: the host answers, but nobody listens there. Is the scheduler up? It may have taken another port: its log and its file say which.';
    case 'ETIMEDOUT':
      return 'blocked: no answer in 5 s, as with a firewall that drops packets. Ask your staff which ports are open, or run all in one job (all-in-one.sh).';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
      return `unreachable: there is no way from the node to this interface. ${standIn ? 'Another one of this host may do' : 'Start the scheduler with --host and the address that nodes can reach'}; ip -br address lists them.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return "name not found: the node's name service does not know this host. Use the address in place of the name: lola scheduler --host 10.0.0.5";
    default:
      return `cannot be reached (${code}).`;
  }
}

/** Listens on all interfaces for as long as the probe runs; whoever connects is let go at once. */
async function listen(): Promise<{ addresses: string[]; close: () => void }> {
  const server = createServer((socket) => socket.destroy()).listen(0);
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as { port: number };
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outside = own
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
  return {
    addresses: [...outside, hostname()].map((host) => `ws://${host}:${port}`),
    close: () => server.close(),
  };
}
