// Types of report.mjs, for the TypeScript that imports it.
import type { Machine } from '../../lib/cores.mjs';
import type { Absent } from './programs.mjs';

/** What one subject at one number of samples gave: a value for each round. */
export interface Result {
  readonly subject: string;
  readonly label: string;
  readonly samples: number;
  readonly peer: boolean;
  /** Whether it was timed from outside, as a whole program; else its fastest repeat, warm. */
  readonly whole: boolean;
  /** Whether its count must be that of all others of these. */
  readonly exact: boolean;
  /** Whether the chart leaves it out. */
  readonly aside: boolean;
  /** What `samples` counts. */
  readonly unit: 'samples' | 'tasks';
  readonly inside?: number;
  readonly pi?: number;
  readonly seconds: readonly number[];
  readonly cpuSeconds: readonly number[];
  readonly peakMemoryBytes: readonly number[];
  /** Of the median task that was awaited. */
  readonly medianLatencySeconds: readonly number[];
}

export interface Claim {
  readonly text: string;
  readonly a: readonly [subject: string, samples: number];
  /** Absent where one subject is held to a number. */
  readonly b?: readonly [subject: string, samples: number];
  readonly bound: number;
  readonly measure: 'seconds' | 'cpuSeconds' | 'peakMemoryBytes' | 'medianLatencySeconds';
  readonly kind: 'ratio' | 'difference' | 'efficiency' | 'seconds' | 'milliseconds' | 'rate';
}

export interface Verdict {
  readonly text: string;
  readonly kind: Claim['kind'];
  readonly value?: number;
  readonly range?: readonly [number, number];
  readonly bound: string;
  readonly state: string;
}

/** What `--json` writes. */
export interface BenchRecord {
  readonly schema: 'lolas-pi-bench';
  readonly version: 1;
  readonly date: string;
  readonly machine: Machine;
  readonly tools: { readonly [name: string]: string };
  /** Of the last minute, before the first round. */
  readonly load: number;
  readonly rounds: number;
  readonly quick: boolean;
  readonly stopped: boolean;
  readonly results: readonly Result[];
  readonly claims: readonly Verdict[];
  readonly absent: readonly Absent[];
  readonly disagreements: readonly { readonly samples: number; readonly inside: readonly number[] }[];
}

export function judge(claims: readonly Claim[], results: readonly Result[]): Verdict[];
export function disagreements(results: readonly Result[]): BenchRecord['disagreements'];
export function describe(machine: Machine, tools?: BenchRecord['tools']): string;
export function asText(record: BenchRecord): string;
export function asMarkdown(
  record: BenchRecord,
  files: { readonly json: string; readonly svg: string },
): string;
export function fillRegion(document: string, name: string, text: string): string;
