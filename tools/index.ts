// The front door of what instructors and the command line need: measuring, racing, the dashboard.
export * from './measure/index.js';
export * from './dashboard/index.js';
