// The door of measuring: laws, timings, the ledger, costs and predictions from them, and how numbers are written.
export * from './laws.js';
export * from './stopwatch.js';
export * from './ledger.js';
export * from './costs.js';
export * from './what-if.js';
export * from './text.js';
export type { AtWorkers } from './race.js';
