// Types of doctor.mjs, for the TypeScript that imports it.
import type { Machine } from '../lib/cores.mjs';

/** Whether the packages or the build are here and fresh. */
export type Freshness = 'yes' | 'no' | 'stale';

/** How a command on the PATH answered. */
export type AnswerState = 'ok' | 'none' | 'failed' | 'slow';

/** All that the doctor finds, without host, user or path. */
export interface Facts {
  readonly node: { readonly version: string; readonly needed: string; readonly ok: boolean };
  /** A version, or null where the command does not answer; so is git. */
  readonly npm: string | null;
  readonly git: string | null;
  readonly machine: Machine;
  readonly memoryFreeBytes: number;
  /** Null where this Node cannot tell. */
  readonly diskFreeBytes: number | null;
  readonly installed: Freshness;
  readonly built: Freshness;
  readonly jupyter: {
    readonly state: AnswerState;
    readonly interfaces: readonly string[];
    readonly kernel: boolean;
  };
  readonly slurm: { readonly found: boolean; readonly version: string | null; readonly insideJob: boolean };
  readonly ready: boolean;
  /** What is required and not here. */
  readonly missing: readonly ('node' | 'npm' | 'disk' | 'packages' | 'build')[];
  /** The one line for the instructor. */
  readonly line: string;
}

/** The versions of Node this project runs on; the same as `engines` in package.json. */
export const NODE_RANGE: string;

/** Runs the command; returns its exit code: 0 ready, 1 something required is missing, 2 bad input. */
export function main(args: readonly string[]): number;
export function unknownFlag(given: string): string;
export function gather(root: string, env: Readonly<Record<string, string | undefined>>): Facts;
export function isNewEnough(version: string): boolean;

/** The day of its last security fix, for a version of Node that is past it. */
export function endedOn(version: string, today?: Date): string | undefined;
export function ask(
  command: string,
  args: readonly string[],
  timeoutMs?: number,
): { readonly state: AnswerState; readonly out: string };
export function jupyterInterfaces(out: string): string[];
export function hasTslab(out: string): boolean;
export function report(facts: Facts, colour: boolean, today?: Date): string;

/** Ways to a Node that is new enough, one line each. */
export function howToGetNode(platform: string): string[];

/** Ways to Jupyter, one line each. */
export function howToGetJupyter(platform: string): string[];
