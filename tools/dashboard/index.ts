// The door of the dashboard. Needs Node.
export { startDashboard, type Dashboard, type DashboardOptions } from './dashboard.js';
export type { Vitals } from './recorder.js';
