// What doctor's job runs on a node: node probe.js FOLDER. It tries each address of FOLDER/ask.json and writes what it found.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeAtomically } from '../../lib/atomic.js';

/** What the probe leaves. `ways`: for each address 'ok' or the system's code. */
export interface Found {
  readonly host: string;
  readonly node: string;
  readonly ways: { readonly [address: string]: string };
}

const folder = process.argv[2];
const addresses = JSON.parse(readFileSync(join(folder, 'ask.json'), 'utf8')) as string[];
const tried = await Promise.all(addresses.map(async (address) => [address, await dial(address)] as const));
const found: Found = { host: hostname(), node: process.versions.node, ways: Object.fromEntries(tried) };
writeAtomically(join(folder, 'found.json'), JSON.stringify(found));
process.exit(); // sockets may still be open

function dial(address: string): Promise<string> {
  const { hostname: host, port } = new URL(address);
  return new Promise((resolve) => {
    connect({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) })
      .setTimeout(5000, () => resolve('ETIMEDOUT')) // a firewall that drops packets never answers
      .once('connect', () => resolve('ok'))
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
