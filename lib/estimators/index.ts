// The door of the stages by name: each is loaded when it is asked for.
export { countTasks, type Estimate, type EstimateOptions } from './run.js';
export { STAGES, type Stage, type StageOptions } from './stages.js';
