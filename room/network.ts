// The addresses of this machine, the likeliest one for a room first. Needs Node.
import { networkInterfaces } from 'node:os';

/** An address of this machine, and the name of its network card. */
export interface Address {
  readonly address: string;
  readonly card: string;
}

/** Networks that only this machine is in. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet|tun|tap|utun|wg|tailscale|zt)/i;

/** Addresses at which other machines may reach this one. */
export function addressesOfMachine(cards = networkInterfaces()): readonly Address[] {
  const found = Object.entries(cards).flatMap(([card, list = []]) =>
    list.flatMap(({ address, family, internal }) =>
      family === 'IPv4' && !internal ? [{ address, card }] : [],
    ),
  );
  const rank = ({ card, address }: Address) =>
    (VIRTUAL.test(card) ? 2 : 0) + (address.startsWith('169.254.') ? 1 : 0);
  return found.sort((a, b) => rank(a) - rank(b));
}
