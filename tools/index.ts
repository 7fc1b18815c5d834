// The front door of what instructors and the command line need: measuring, racing, the dashboard.
export * from './measure/laws.js';
export * from './measure/stopwatch.js';
export * from './measure/ledger.js';
export * from './measure/costs.js';
export * from './measure/what-if.js';
export { startDashboard, type Dashboard, type DashboardOptions } from './dashboard/dashboard.js';
export type { Vitals } from './dashboard/recorder.js';
