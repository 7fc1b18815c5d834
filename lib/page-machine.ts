// The machine a page runs on, as far as a page may know. Bundlers for browsers take this file instead of machine.ts.
import type { Machine } from './machine.js';

declare const navigator: { readonly hardwareConcurrency?: number; readonly platform?: string };

/** This machine. A page learns its logical cores, and little else. */
export function describeMachine(): Machine {
  const cores = allottedCores();
  return {
    node: 'none',
    platform: navigator.platform ?? 'unknown',
    arch: 'unknown',
    cpu: 'unknown',
    coresSeen: cores,
    coresAllotted: cores,
    coreLimits: [],
    memoryBytes: NaN,
    memoryAllottedBytes: NaN,
    memoryLimits: [],
  };
}

/** Cores that this page may use. Browsers that hide them say 2 or 8. */
export function allottedCores(): number {
  return navigator.hardwareConcurrency ?? 1;
}
