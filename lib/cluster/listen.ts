// Listens at a port, by default at the first one that is free. Needs Node.
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { InvalidArgumentError } from '../errors.js';

/** Ports that are tried after a default one that is taken: each learner on a machine has one. */
const PORTS_TRIED = 100;

/**
 * @param who what listens, as errors name it
 * @param asked 0 for any port, undefined for the first that is free from `first` on
 * @returns the port
 * @throws InvalidArgumentError for a port that is taken, or a host that is not this machine's
 */
export async function listen(
  server: Server,
  who: string,
  host: string,
  asked: number | undefined,
  first: number,
): Promise<number> {
  const last = asked ?? first + PORTS_TRIED;
  for (let port = asked ?? first; ; port++) {
    try {
      server.listen(port, host);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      if (failure.code === 'EADDRINUSE' && port < last) continue;
      throw new InvalidArgumentError(`${who}: ${whyNot(failure, host, port)}`);
    }
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const why: { readonly [code: string]: string } = {
    EADDRINUSE: `port ${port} is taken. Leave --port out for the next free one, or name another.`,
    EACCES: `port ${port} may not be used by you. Take one from 1024 to 65535.`,
    EADDRNOTAVAIL: `'${host}' is no address of this machine. Take 127.0.0.1, or 0.0.0.0 for all of them.`,
    ENOTFOUND: `there is no host by the name '${host}'. Take 127.0.0.1, or 0.0.0.0 for all addresses of this machine.`,
  };
  return why[code ?? ''] ?? `cannot listen at ${host}:${port}: ${message}.`;
}
