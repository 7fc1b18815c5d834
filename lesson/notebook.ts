// What the set-up cell of every notebook needs: where it runs, and how much to compute.
import { DEFAULT_SEED, describeMachine } from '../lib/index.js';

/** Where a notebook runs, in a line or two: what its timings depend on, and what one core cannot show. */
export function describeHere(): string {
  const { node, cpu, coresSeen, coresAllotted } = describeMachine();
  const where = node === 'none' ? 'This page' : `Node ${node} on ${cpu}`;
  const here = `${where}; ${coresAllotted} of ${coresSeen} cores; seed ${DEFAULT_SEED}`;
  return coresAllotted > 1
    ? here
    : `${here}\nOne core: every count holds here, but no speed-up can be measured.`;
}

/** A text in lines of at most 100 characters, which fit any page. */
export const wrapped = (text: string): string => text.replace(/(?=.{101})(.{1,100}) /g, '$1\n');

const { process } = globalThis as { readonly process?: { readonly env?: { readonly LOLA_QUICK?: string } } };

/** So many samples; a hundredth of them where LOLA_QUICK is set, as it is where only the cells are tested. */
export function few(samples: number): number {
  return process?.env?.LOLA_QUICK ? samples / 100 : samples;
}
