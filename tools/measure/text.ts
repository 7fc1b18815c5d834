// How numbers and machines are written for people, everywhere alike.
import type { Machine } from '../../lib/machine.js';

/** A share as people read it: 0.0751 is 7.5 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A number with three digits, as people write it: 0.0123, 12.3, 2e6. */
export function short(value: number): string {
  if (value !== 0 && (Math.abs(value) >= 1e4 || Math.abs(value) < 1e-3))
    return value.toExponential(2).replace(/\.?0*e\+?/, 'e');
  return String(Number(value.toPrecision(3)));
}

/** The machine in a line. */
export function machineLine(machine: Omit<Machine, 'coreLimits' | 'memoryLimits'>): string {
  const { cpu, coresAllotted, coresSeen, memoryAllottedBytes, node, platform } = machine;
  const memory = (memoryAllottedBytes / 2 ** 30).toFixed(1);
  return `${cpu}, ${coresAllotted} of ${coresSeen} cores allotted, ${memory} GiB, Node ${node} on ${platform}`;
}
