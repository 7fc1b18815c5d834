// The machine this runs on, as far as results and timings depend on it; no host, user or path. Needs Node.
import { homedir, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { machine, type Machine } from './cores.mjs';
import { InvalidArgumentError } from './errors.js';

export { readText, type Machine } from './cores.mjs';
export { hasEnded, thisProcess, type Owner } from './owner.mjs';

/** This machine: processor, cores seen and allotted, memory. */
export function describeMachine(): Machine {
  return machine();
}

/** Cores this process may use: the fewest that the machine, cgroups, the affinity mask and Slurm allow. */
export function allottedCores(): number {
  return machine().coresAllotted;
}

/** This machine's addresses; the loopback alone where they may not be listed, as on some phones and in sandboxes. */
export function ownAddresses(): { address: string; family: string; internal: boolean }[] {
  try {
    return Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  } catch {
    return [{ address: '127.0.0.1', family: 'IPv4', internal: true }];
  }
}

/** The folder in your home where settings, addresses and tokens are. @throws InvalidArgumentError if you have no home */
export function lolaFolder(): string {
  try {
    return join(homedir(), '.lola');
  } catch {
    throw new InvalidArgumentError('you have no home folder here. Set HOME to a folder of your own.');
  }
}
