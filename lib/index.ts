// The front door: one block of exports a stage, in the lesson's order. Notebooks say import { ... } from '../lib'.

// Every stage: seeds, samples, estimates, errors
export * from './errors.js';
export { DEFAULT_SEED, keyOfSeed, type Key } from './sampling/seed.js';
export { countInside } from './sampling/kernel.js';
export { piOf, standardErrorOf } from './sampling/estimate.js';
export { allottedCores, describeMachine, type Machine } from './machine.js';
export type { Estimate, EstimateOptions } from './estimators/run.js';
export type { Executor, ExecutorEvent, RunOptions } from './task/executor.js';
export type { DType, Expression, Kernel, Step, Task, TypedArray, Value } from './task/task.js';

// Stage 1: serial
export { startSerial, type LocalOptions } from './execute/serial.js';
export { estimateSerial } from './estimators/serial.js';

// Stage 2: pool
export { partition, type Part } from './sampling/partition.js';
export { startPool, type PoolOptions } from './execute/pool.js';
export { estimatePool } from './estimators/pool.js';
