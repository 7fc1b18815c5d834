// The door of the simulation.
export { FAULTS, type Fault, type SimulationOptions, type SimulationResult } from './options.js';
export { simulate, storyOf } from './simulation.js';
