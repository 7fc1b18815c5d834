// When and on what a recording was made.
import { machine } from '../../lib/cores.mjs';

/** The processor, the cores we may use, and Node's version. */
export function machineFacts() {
  const { cpu, coresAllotted, node } = machine();
  return { cpu, cores: coresAllotted, node };
}

/** The date as YYYY-MM-DD, in UTC. */
export function today() {
  return new Date().toISOString().slice(0, 10);
}
